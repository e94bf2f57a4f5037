"""`web.archive: subscribers`: only people with a link of our email may read, and nothing is shared or indexed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import func, update

from digest import pipeline
from digest.store.schema import rendered_email
from tests.web.site import Site, site, translated
from tests.web.test_signup import body_of

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

DAY, NEXT = "2026-11-23", "2026-11-24"
BASE = "https://news.example.com"
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("members") / "newsletter"
    settings = {"DIGEST_WEB__ARCHIVE": "subscribers", "DIGEST_NEWSLETTER__BASE_URL": BASE}
    with site(home, ["asha@example.com", "ravi@example.com"], **settings) as pages:
        pipeline.send(pages.app, DAY)
    with site(home, [], DIGEST_NOW=f"{NEXT}T07:00+05:30", **settings) as pages:
        pipeline.send(pages.app, NEXT)
        yield pages


def cookie_of(members: Site, email: str) -> str:
    answer = members.get(f"/read/{members.token('read', email)}")
    assert (answer.status, answer.headers["location"]) == (303, "/archive")
    given = answer.headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=lax" in given
    assert "Secure" in given
    return given.partition(";")[0]


def test_a_stranger_reads_how_to_subscribe(members: Site) -> None:
    story = next(iter(members.app.archive.threads(members.app.now(), *YEAR)))[0]
    for path in ("/archive", f"/archive/{DAY}", f"/story/{story}", "/search?q=x", "/corrections", "/topic/x"):
        for cookie in ("", "digest_reader=x", f"digest_reader={members.token('leave', 'asha@example.com')}"):
            answer = members.request("GET", path, headers={"Cookie": cookie})
            assert (answer.status, answer.title) == (403, translated("Past editions are for subscribers"))
            assert answer.headers["cache-control"] == "no-store"
            assert 'action="/join"' in answer.text
            # The newest edition as a sample: its headlines and its top picture, without summaries and links.
            newest = members.app.archive.stories(NEXT, limit=1)
            assert newest[0].title in answer.text
            assert newest[0].summary not in answer.text
            assert f'/archive/{NEXT}"' not in answer.text
    for path in ("/archive.xml", "/archive.atom", "/sitemap.xml", f"/card/edition/{DAY}.jpg"):
        assert members.get(path).status == 404
    robots = members.get("/robots.txt").text
    assert "Disallow: /archive\n" in robots
    assert "Sitemap:" not in robots


def view_of(members: Site, key: str, email: str) -> str:
    """The path of "read in browser" in the email that somebody got."""
    letter = body_of(members.mails(email, key)[0])
    (found,) = set(re.findall(rf"{BASE}(/view/[^\"\s]+)", letter))
    return str(found)


def test_with_a_forwarded_email_a_stranger_reads_that_edition_only(members: Site) -> None:
    first, second = (view_of(members, key, "asha@example.com") for key in (DAY, NEXT))
    assert [members.get(path).status for path in (first, second)] == [200, 200]
    _, _, _, code, token = first.split("/")
    others = (
        f"/view/{NEXT}/{code}/{token}",
        f"/view/{NEXT}/{token}",
        f"/view/{DAY}/{token}",
        f"/view/{DAY}/{code[:-1]}/{token}",
        f"/view/{DAY}/{code}/{members.app.signer.sign('view', 999)[:-1]}",
    )
    for path in others:
        assert members.get(path).status == 404, path
    assert "/read/" not in members.get(first).text
    for place in (f"/read/{token}", f"/read/{members.token('preferences', 'asha@example.com')}"):
        assert members.get(place).status == 404
    # The same link in the subscriber's own browser leads to the archive.
    own = members.token("read", "asha@example.com")
    preferences = members.preferences("asha@example.com")
    try:
        assert f'href="/read/{own}"' in members.get(first).text
        assert f'href="/read/{own}"' in members.get(preferences).text
    finally:
        members.cookie = ""


def test_a_link_of_an_earlier_version_opens_the_email_that_has_it(members: Site) -> None:
    token, code = members.token("view", "asha@example.com"), members.app.signer.sign_link("view", DAY)
    columns = {each: func.replace(rendered_email.c[each], f"/{DAY}/{code}/", f"/{DAY}/") for each in ("html", "text")}
    with members.app.database.write() as connection:
        connection.execute(update(rendered_email).where(rendered_email.c.edition == DAY).values(columns))
    assert members.get(f"/view/{DAY}/{token}").status == 200
    assert members.get(f"/view/{NEXT}/{token}").status == 404


def test_a_known_browser_is_let_in(members: Site) -> None:
    token = members.token("read", "asha@example.com")
    cookie = cookie_of(members, "asha@example.com")
    for path in ("/archive", f"/archive/{DAY}"):
        shown = members.request("GET", path, headers={"Cookie": cookie})
        assert shown.status == 200
        assert shown.headers["cache-control"] == "private, no-cache"
        assert shown.headers["x-robots-tag"] == "noindex, nofollow"
        assert "wa.me" not in shown.text
        assert token not in shown.text
    assert members.get(f"/archive/{DAY}").status == 403, "what one browser may read is not kept for others"


def test_who_left_the_list_cannot_read_any_more(members: Site) -> None:
    cookie = cookie_of(members, "ravi@example.com")
    leave = members.token("leave", "ravi@example.com")
    assert members.post(f"/leave/{leave}").status == 200
    assert members.request("GET", "/archive", headers={"Cookie": cookie}).status == 403
    assert members.get(f"/read/{members.token('read', 'ravi@example.com')}").status == 403
    for token in ("x", members.token("view", "asha@example.com"), members.token("read", "asha@example.com")[:-1]):
        assert members.get(f"/read/{token}").status == 404
