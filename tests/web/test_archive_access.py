"""`web.archive: subscribers`: only people with a link of our email may read, and nothing is shared or indexed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from digest import pipeline
from tests.web.site import Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

DAY = "2026-11-23"
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("members") / "newsletter"
    with site(home, ["asha@example.com", "ravi@example.com"], DIGEST_WEB__ARCHIVE="subscribers") as pages:
        pipeline.send(pages.app, DAY)
        yield pages


def cookie_of(members: Site, email: str) -> str:
    answer = members.get(f"/read/{members.token('view', email)}")
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
    for path in ("/archive.xml", "/archive.atom", "/sitemap.xml", f"/card/edition/{DAY}.jpg"):
        assert members.get(path).status == 404
    robots = members.get("/robots.txt").text
    assert "Disallow: /archive\n" in robots
    assert "Sitemap:" not in robots


def test_a_link_of_the_email_lets_a_browser_in(members: Site) -> None:
    token = members.token("view", "asha@example.com")
    assert f'href="/read/{token}"' in members.get(f"/view/{DAY}/{token}").text
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
    assert members.get(f"/read/{members.token('view', 'ravi@example.com')}").status == 403
    for token in ("x", members.token("leave", "asha@example.com"), members.token("view", "asha@example.com")[:-1]):
        assert members.get(f"/read/{token}").status == 404
