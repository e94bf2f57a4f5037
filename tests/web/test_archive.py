"""View in browser and the archive: what was sent, only one's own links, and no requests to other sites."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

from sqlalchemy import update

from digest import pipeline
from digest.store.schema import delivery
from digest.web.view_in_browser import without_remote_images
from tests.web.site import Site, site, translated

DAY = "2026-11-23"


def view(sent: Site, email: str) -> str:
    return f"/view/{DAY}/{sent.token('view', email)}"


def test_a_subscriber_sees_their_own_email_with_their_own_links(sent: Site) -> None:
    answer = sent.get(view(sent, "asha@example.com"))
    assert answer.status == 200
    assert "asha@example.com" in answer.text
    assert f"/leave/{sent.token('leave', 'asha@example.com')}" in answer.text
    assert "DGX_" not in answer.text
    assert answer.text.count('role="main"') == 1
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' ;" in policy
    assert answer.headers["cache-control"] == "no-store"


def test_the_email_matches_the_subscribers_topics(sent: Site) -> None:
    meena, asha = (sent.get(view(sent, f"{name}@example.com")).text for name in ("meena", "asha"))
    assert "विज्ञान" in meena
    assert len(meena) < len(asha) or meena.count("<h2") != asha.count("<h2")


def test_inline_images_are_served(sent: Site) -> None:
    page = sent.get(view(sent, "asha@example.com")).text
    assert "cid:" not in page
    images = re.findall(r'src="(/picture/[^"]+)"', page)
    assert images
    for image in images:
        answer = sent.get(image)
        assert answer.headers["content-type"].startswith("image/")
        assert "immutable" in answer.headers["cache-control"]
    assert sent.get(f"/picture/{'0' * 40}@digest").status == 404
    assert sent.get("/picture/../../etc/passwd").status == 404


def test_a_text_email_is_shown_as_text(sent: Site) -> None:
    name = next(
        row for row in ("kabir", "joseph", "farah", "ravi", "latika", "meena")
        if sent.get(view(sent, f"{row}@example.com")).text.count("<pre") == 1
    )  # fmt: skip
    assert f"{name}@example.com" in sent.get(view(sent, f"{name}@example.com")).text


def test_an_unknown_edition_is_not_found(sent: Site) -> None:
    token = sent.token("view", "asha@example.com")
    for path in (f"/view/2020-01-01/{token}", "/archive/2020-01-01"):
        answer = sent.get(path)
        assert (answer.status, answer.title) == (404, translated("There is no such edition"))


def test_the_link_of_a_test_email_shows_a_draft(sent: Site) -> None:
    from digest import pipeline

    pipeline.compose(sent.app, "special")
    token = sent.app.signer.sign("view", 0)
    assert sent.get(f"/view/special/{token}").status == 200
    assert sent.get(f"/view/special/{sent.token('view', 'asha@example.com')}").status == 404


def test_remote_images_are_left_out_by_default() -> None:
    page = (
        '<p><img src="https://paper.example/a.jpg" alt="a &gt; b > c" width="5"><img alt="x" src="/picture/1">'
        '<img src="https://we.example/logo.png" alt="हम"></p>'
    )
    left = without_remote_images(page, "https://we.example/logo.png")
    assert left == '<p><img alt="x" src="/picture/1"><img src="https://we.example/logo.png" alt="हम"></p>'


def test_the_archive_is_public_and_contains_no_personal_data(sent: Site) -> None:
    listed = sent.get("/archive")
    assert f'href="/archive/{DAY}"' in listed.text
    page = sent.get(f"/archive/{DAY}")
    assert page.status == 200
    assert not re.search(r"@example\.com|/leave/|/preferences/", page.text.replace("desk@example.com", ""))
    assert page.text.count("<h1") == 1
    assert page.headers["x-robots-tag"] == "all"
    # Drafts are not public.
    assert "special" not in listed.text
    assert sent.get("/archive/special").status == 404


def test_the_feed_is_rss_and_its_items_link_to_their_pages(sent: Site) -> None:
    answer = sent.get("/archive.xml")
    assert answer.headers["content-type"].startswith("application/rss+xml")
    feed = ElementTree.fromstring(answer.text)
    assert feed.findtext("channel/title") == "सुबह की ख़बरें"
    (item,) = feed.findall("channel/item")
    link = item.findtext("link") or ""
    assert link == f"https://news.example.com/archive/{DAY}"
    assert sent.get(link.removeprefix("https://news.example.com")).status == 200
    assert (item.findtext("pubDate") or "").startswith("Mon, 23 Nov 2026")


def test_a_scheduled_edition_appears_at_its_hour(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", []) as pages:
        later = pages.app.now() + timedelta(minutes=30)
        pipeline.send(pages.app, DAY, at=later)
        assert pages.get(f"/archive/{DAY}").status == 404
        assert DAY not in pages.get("/archive").text + pages.get("/archive.xml").text
        assert pages.app.editions.get(DAY) is not None
    with site(pages.app.home, [], DIGEST_NOW=later.isoformat()) as after:
        assert after.get(f"/archive/{DAY}").status == 200


def test_the_archive_can_be_disabled(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_WEB__ARCHIVE="off") as pages:
        for path in ("/archive", "/archive.xml", f"/archive/{DAY}"):
            assert pages.get(path).status == 404
        assert "/archive" not in pages.get("/").text


def test_a_stopped_edition_is_visible_only_to_its_recipients(tmp_path: Path) -> None:
    """Its emails are still stored and its key is easy to guess, so the page must check who received it."""
    with site(tmp_path / "newsletter", ["asha@example.com", "ravi@example.com"]) as pages:
        pipeline.send(pages.app, DAY)
        asha, ravi = (pages.subscriber_id(f"{name}@example.com") for name in ("asha", "ravi"))
        with pages.app.database.write() as connection:
            own = (delivery.c.edition == DAY) & (delivery.c.subscriber == ravi)
            connection.execute(update(delivery).where(own).values(outcome="excluded", reason="x"))
        places = [f"/view/{DAY}/{pages.app.signer.sign('view', id)}" for id in (asha, ravi)]
        assert [pages.get(place).status for place in places] == [200, 200]
        assert pages.app.editions.move(DAY, "cancelled", out_of=("done",))
        assert [pages.get(place).status for place in places] == [200, 404]
