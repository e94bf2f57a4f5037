"""The cookie that shows a subscriber's whole preferences: who gets it and how it ends. Without it the page is short."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.store.people.preferences import PreferenceStore
from digest.subscribers.tokens import TokenSigner
from digest.web.known_browser import cookie_name, cookie_value
from tests.web.site import FORM as FORM_TYPE
from tests.web.site import Response, Site, link_of, site, translated

# Each test serves an edition.
pytestmark = pytest.mark.slow

ASHA, RAVI, NEW = "asha@example.com", "ravi@example.com", "asha@example.org"
COOKIE = cookie_name("https://news.example.com")
FORM = {"topics": "खेल", "days": "sun", "format": "text", "hour": ""}


def letter(pages: Site, email: str = ASHA) -> str:
    """The link of an email to the preferences."""
    return f"/preferences/{pages.token('preferences', email)}"


def is_whole(answer: Response) -> bool:
    return 'name="format" value="text"' in answer.text


def cookie_of(answer: Response) -> str:
    """The Cookie header that a browser sends after this response."""
    return answer.headers["set-cookie"].partition(";")[0]


def mailed_link(pages: Site, email: str = ASHA) -> str:
    """Ask for the link to the preferences in a browser that is not known, and return it."""
    before = {link_of(mail) for mail in pages.mails(email, "own", wait=0)}
    answer = pages.post(f"{letter(pages, email)}/choose")
    assert translated("We have sent you an email") in answer.text
    # The email is sent after the response.
    (link,) = {link_of(mail) for mail in pages.mails(email, "own", count=len(before) + 1)} - before
    return link


def test_a_link_that_was_mailed_opens_the_whole_page_for_a_year(pages: Site) -> None:
    short = pages.get(letter(pages))
    assert (short.status, short.title, is_whole(short)) == (200, translated("Your preferences"), False)
    assert "a•••@example.com" in short.text
    link = mailed_link(pages)
    # Nothing was changed, so nothing is to be undone. A scanner that opens the link does not use it up.
    for _ in range(2):
        answer = pages.request("GET", link)
        assert (answer.status, answer.headers["location"]) == (303, f"{letter(pages)}?done=opened")
    attributes = answer.headers["set-cookie"].lower().split("; ")[1:]
    assert sorted(attributes) == ["httponly", "max-age=31536000", "path=/", "samesite=lax", "secure"]
    assert cookie_of(answer).startswith(f"{COOKIE}=")
    assert ASHA not in answer.headers["set-cookie"]
    # Without the cookie the page says why it is short.
    assert translated("This browser does not keep our cookie") in pages.get(answer.headers["location"]).text
    pages.cookie = cookie_of(answer)
    assert is_whole(pages.get(answer.headers["location"]))
    assert translated("Your preferences are saved") in pages.post(letter(pages), **FORM).text
    # Another process of the same newsletter knows the browser too, until the year is over.
    for day, known in (("2027-11-22", True), ("2027-11-24", False)):
        with site(pages.app.home, [ASHA], DIGEST_NOW=f"{day}T07:00+05:30") as later:
            later.cookie = pages.cookie
            assert is_whole(later.get(letter(later))) is known


def test_the_cookie_is_not_for_https_only_on_a_local_newsletter(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", [ASHA], DIGEST_NEWSLETTER__BASE_URL="http://127.0.0.1:8000/subah") as pages:
        answer = pages.request("GET", mailed_link(pages).removeprefix("/subah"))
        assert cookie_of(answer).startswith("subscriber-subah=")
        assert "secure" not in answer.headers["set-cookie"].lower()
        pages.cookie = cookie_of(answer)
        assert is_whole(pages.get(letter(pages)))


def test_mailed_links_work_side_by_side_for_a_day(pages: Site) -> None:
    first = mailed_link(pages)
    second = mailed_link(pages)
    for hour, status in (("06:59", 303), ("07:01", 410)):
        with site(pages.app.home, [ASHA], DIGEST_NOW=f"2026-11-24T{hour}+05:30") as later:
            for link in (first, second):
                answer = later.request("GET", link)
                assert (answer.status, "set-cookie" in answer.headers) == (status, status == 303)


def test_two_subscribers_share_a_browser(pages: Site) -> None:
    links = [mailed_link(pages, email) for email in (ASHA, RAVI)]
    for link in (*links, links[1]):
        pages.cookie = cookie_of(pages.request("GET", link))
    assert all(is_whole(pages.get(letter(pages, email))) for email in (ASHA, RAVI))
    assert pages.cookie.count("~") == 1
    # One of them is forgotten, and the other is not.
    answer = pages.request("POST", f"{letter(pages, RAVI)}/forget", b"browsers=this", {"Content-Type": FORM_TYPE})
    pages.cookie = cookie_of(answer)
    assert [is_whole(pages.get(letter(pages, email))) for email in (ASHA, RAVI)] == [True, False]


def test_a_shared_browser_keeps_a_family_although_one_of_them_ends_their_cookies_again_and_again(
    tmp_path: Path,
) -> None:
    family = [ASHA, RAVI, "neha@example.com", "meena@example.com"]
    with site(tmp_path / "newsletter", family) as pages:
        values = []
        for email in family:
            pages.preferences(email)
            values.append(pages.cookie.partition("=")[2])
        shared = pages.cookie = f"{pages.cookie.partition('=')[0]}={'~'.join(values)}"
        for _ in range(4):
            # Somewhere else, so that this browser still has the code that ended.
            pages.post(f"{pages.preferences(ASHA)}/forget", browsers="all")
            pages.cookie = shared
            shared = pages.cookie = cookie_of(pages.request("GET", mailed_link(pages)))
        assert all(is_whole(pages.get(letter(pages, email))) for email in family)


def test_a_browser_forgets_a_subscriber(pages: Site) -> None:
    link = mailed_link(pages)
    place = pages.preferences(ASHA)
    other = pages.cookie
    answer = pages.request("POST", f"{place}/forget", b"browsers=this", {"Content-Type": FORM_TYPE})
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert cookie_of(answer) in (f"{COOKIE}=", f'{COOKIE}=""')
    pages.cookie = cookie_of(answer)
    assert translated("This browser has forgotten you") in pages.get(answer.headers["location"]).text
    # The browser's history has the link that made it known.
    assert pages.request("GET", link).status == 410
    # Another browser of theirs is still known, and can end all of them.
    pages.cookie = other
    assert is_whole(pages.get(place))
    done = pages.post(f"{place}/forget", browsers="all")
    assert translated("This browser has forgotten you") in done.text
    assert [entry.what for entry in pages.consent(ASHA)][-1] == "forgot all browsers"
    assert not is_whole(pages.get(place))
    # Nobody who only has a forwarded email ends them.
    pages.preferences(ASHA)
    known, pages.cookie = pages.cookie, ""
    assert pages.post(f"{place}/forget", browsers="all").status == 403
    pages.cookie = known
    assert is_whole(pages.get(place))


def test_the_mailed_link_has_limits(pages: Site) -> None:
    for _ in range(7):
        last = pages.post(f"{letter(pages)}/choose")
    assert translated("This has been asked for often today") in last.text
    assert len(pages.mails(ASHA, "own")) <= 6


def test_somebody_who_confirms_a_sign_up_is_known(pages: Site) -> None:
    pages.post("/join", email="neha@example.org")
    link = link_of(pages.mails("neha@example.org")[0])
    assert "set-cookie" not in pages.get(link).headers
    done = pages.request("POST", link)
    pages.cookie = cookie_of(done)
    assert is_whole(pages.get(letter(pages, "neha@example.org")))
    # The used link is in an old email, which others may have.
    assert "set-cookie" not in pages.request("POST", link).headers


def test_a_changed_address_ends_the_cookie_and_brings_another(pages: Site) -> None:
    waiting = mailed_link(pages)
    own = pages.preferences(ASHA)
    pages.post(f"{own}/address", email=NEW)
    (new,) = (link_of(mail) for mail in pages.mails(NEW, "own"))
    links = [link_of(mail) for mail in pages.mails(ASHA, "own")]
    present = next(link for link in links if link.startswith("/address/"))
    assert "set-cookie" not in pages.request("POST", present).headers
    answer = pages.request("POST", new)
    assert not is_whole(pages.get(own))
    pages.cookie = cookie_of(answer)
    assert is_whole(pages.get(own))
    # The former mailbox may belong to somebody else by now.
    assert pages.request("GET", waiting).status == 410


def leave(pages: Site) -> None:
    pages.post(f"/leave/{pages.token('leave', ASHA)}")
    assert pages.get(letter(pages)).title == translated("You have unsubscribed")
    pages.post(f"/leave/{pages.token('leave', ASHA)}/back")


def say_not_you(pages: Site) -> None:
    known, pages.cookie = pages.cookie, ""
    pages.post(f"/leave/{pages.token('preferences', ASHA)}/leave")
    pages.post(link_of(pages.mails(ASHA, "own")[0]))
    pages.cookie = known


def bounce(pages: Site) -> None:
    pages.app.subscribers.suppress(ASHA, "bounced", now=pages.app.now())


def erase(pages: Site) -> None:
    pages.app.eraser.erase_whole(ASHA, "test")


def be_removed(pages: Site) -> None:
    pages.app.subscribers.sync([], now=pages.app.now())


@pytest.mark.parametrize("end", [leave, say_not_you, bounce, erase, be_removed])
def test_the_cookie_ends(pages: Site, end: Callable[[Site], None]) -> None:
    place = pages.preferences(ASHA)
    assert is_whole(pages.get(place))
    end(pages)
    assert not is_whole(pages.get(place))
    assert pages.post(place, **FORM).status in (200, 403)
    assert PreferenceStore(pages.app.database).chosen() == {}


def test_no_forged_foreign_or_old_cookie_shows_more_than_the_short_page(unchanged: Site) -> None:
    app, store = unchanged.app, PreferenceStore(unchanged.app.database)
    asha, ravi = store.find(ASHA), store.find(RAVI)
    assert asha
    assert ravi
    good = cookie_value(app.signer, asha, app.now())
    until, whose, code = good.split(".")
    values = [
        "", ".", "..", code, f"{whose}.{code}", f"..{code}", f"{until}..", f"{until}.{whose}.",
        f"{until}.{whose}.{whose}",
        f"0{until}.{whose}.{code}", f"x.{whose}.{code}", f"{'9' * 5000}.{whose}.{code}", f"{good}.", f"{until}.{code}",
        f"{until}.{whose}.{'é' * 24}",
        cookie_value(app.signer, ravi, app.now()),
        cookie_value(TokenSigner([b"a key of somebody else"]), asha, app.now()),
        f"{until}.{whose}.{app.signer.sign_name('approve', f'{asha.id} 0 {until}')}",
        app.signer.sign("preferences", asha.id), app.signer.sign("browser", asha.id),
    ]  # fmt: skip
    place = letter(unchanged)
    for value in values:
        header = {"Cookie": f"{COOKIE}={value}".encode("latin-1", "replace").decode("latin-1")}
        answer = unchanged.request("GET", place, headers=header)
        assert (answer.status, is_whole(answer)) == (200, False), value
        posted = unchanged.request("POST", place, b"days=sun&format=text", {**header, "Content-Type": FORM_TYPE})
        assert posted.status == 403, value
    # A cookie under another name, and the right one beside others.
    assert not is_whole(unchanged.request("GET", place, headers={"Cookie": f"subscriber={good}"}))
    assert is_whole(unchanged.request("GET", place, headers={"Cookie": f"a=b; {COOKIE}={good}; c=d"}))
    assert unchanged.consent(ASHA) == []


def test_the_short_page_only_unsubscribes_and_mails_the_link(unchanged: Site) -> None:
    unchanged.cookie = ""
    shown = unchanged.get(letter(unchanged)).text
    token = unchanged.token("preferences", ASHA)
    assert re.findall(r'action="([^"]+)"', shown) == [
        f"/preferences/{token}/choose",
        f"/leave/{token}/leave",
    ]
