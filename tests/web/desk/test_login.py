"""Signing in: one-time links, password and code, cookies, and what ends a session."""

from __future__ import annotations

import html
import json
import re
from urllib.request import urlopen

import pytest

from digest.models import EditionState, Role
from digest.store.desk.users import CredentialKind
from digest.usecases.accounts import TRIES
from digest.web.desk.again import MOST
from tests.web.desk.browser import PASSWORD, TESTER, Browser, code_of, set_up
from tests.web.desk.conftest import KEY, edition_of
from tests.web.site import Site


def sign_in(browser: Browser, name: str = "suman", password: str = PASSWORD, *, steps: int = 1) -> int:
    """Fill in the form. A code works once, so that of the link cannot be used again."""
    app = browser.site.app
    user = app.accounts.users.find(name)
    key = app.accounts.users.credential(user.id, CredentialKind.TOTP) if user else None
    code = code_of(app, key.secret, steps=steps) if key else "000000"
    return browser.post("/login", name=name, password=password, code=code).status


@pytest.mark.slow
def test_a_link_sets_up_an_account_once(desk: Site) -> None:
    accounts = desk.app.accounts
    accounts.add("suman", Role.EDITOR, TESTER)
    link = accounts.make_link("suman", TESTER)
    browser = Browser(desk)
    page = browser.get(f"/link/{link}")
    assert "<svg" in page.text
    assert accounts.app_key(link)[:4] in page.text
    code = code_of(desk.app, accounts.app_key(link))
    assert browser.post(f"/link/{link}", password="short", code=code).status == 422
    assert browser.post(f"/link/{link}", password=PASSWORD, code="000000").status == 422
    assert browser.post(f"/link/{link}", password=PASSWORD, code=code).status == 303
    assert "suman" in browser.get("/").text
    assert Browser(desk).get(f"/link/{link}").status == 404
    assert Browser(desk).post(f"/link/{link}", password=PASSWORD, code=code).status == 404
    assert [act.what for act in desk.app.audit.newest(3)] == ["link used", "link made", "user added"]


def test_a_newer_link_replaces_an_older_one(desk: Site) -> None:
    desk.app.accounts.add("suman", Role.EDITOR, TESTER)
    old, new = (desk.app.accounts.make_link("suman", TESTER) for _ in range(2))
    assert Browser(desk).get(f"/link/{old}").status == 404
    assert Browser(desk).get(f"/link/{new}").status == 200


@pytest.mark.slow
def test_name_password_and_code_are_all_needed(desk: Site, editor: Browser) -> None:
    stranger = Browser(desk)
    assert sign_in(stranger, password="another password") == 401
    assert sign_in(stranger, name="nobody") == 401
    assert sign_in(stranger, steps=100) == 401
    assert sign_in(stranger) == 303
    assert stranger.get("/").status == 200
    assert editor.get("/").status == 200, "a second device leaves the first one signed in"


def test_a_code_works_once(desk: Site, editor: Browser) -> None:
    assert sign_in(Browser(desk)) == 303
    assert sign_in(Browser(desk)) == 401


@pytest.mark.slow
def test_tries_are_limited_for_one_network_only(desk: Site, editor: Browser) -> None:
    stranger = Browser(desk, headers={"X-Forwarded-For": "203.0.113.9"})
    assert [sign_in(stranger, password="x" * 12) for _ in range(TRIES)] == [401] * TRIES
    assert sign_in(stranger) == 429
    assert sign_in(Browser(desk)) == 303


def test_a_session_that_somebody_planted_is_no_session(desk: Site, editor: Browser) -> None:
    planted = Browser(desk)
    planted.get("/login")
    known = planted.cookies["desk"]
    assert sign_in(planted) == 303
    assert planted.cookies["desk"] != known
    attacker = Browser(desk, cookies={"desk": known})
    assert attacker.get("/").status == 303
    assert Browser(desk, cookies={"desk": "x" * 43}).get("/").status == 303


@pytest.mark.slow
def test_a_session_ends_when_the_user_or_an_admin_ends_it(desk: Site, editor: Browser) -> None:
    stolen = Browser(desk, cookies=dict(editor.cookies))
    assert stolen.get("/").status == 200
    assert editor.post("/logout").status == 303
    assert stolen.get("/").status == 303
    again = Browser(desk)
    sign_in(again)
    assert desk.app.accounts.end_sessions("suman", TESTER) == 1
    assert again.get("/").status == 303


def test_removing_a_user_ends_everything_at_once(desk: Site, editor: Browser) -> None:
    desk.app.accounts.remove("suman", TESTER)
    assert editor.get("/").status == 303
    assert sign_in(Browser(desk)) == 401


def test_a_new_role_applies_from_the_next_click(desk: Site, editor: Browser) -> None:
    assert editor.get("/users").status == 403
    desk.app.accounts.set_role("suman", Role.ADMIN, TESTER)
    assert editor.get("/users").status == 200


def test_the_cookie_is_for_this_host_only_and_over_https_secure(desk: Site) -> None:
    secure = Browser(desk, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
    cookie = secure.get("/login").headers["set-cookie"]
    assert cookie.startswith("__Host-desk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    plain = Browser(desk).get("/login").headers["set-cookie"]
    assert plain.startswith("desk=")
    assert "HttpOnly" in plain
    with urlopen(f"{desk.base}/desk/login") as page:
        assert len(page.headers.get_all("set-cookie")) == 1


def test_nobody_signs_in_without_https_from_elsewhere(desk: Site) -> None:
    # This host is in the settings, with an address of http.
    elsewhere = Browser(desk, headers={"Host": "news.example.com"})
    assert 'name="password"' in elsewhere.get("/login").text
    desk.app.settings.newsletter.__dict__["base_url"] = "http://news.example.com"
    assert 'name="password"' in Browser(desk).get("/login").text


@pytest.mark.slow
@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil.example", "/x\n/y"])
def test_signing_in_leads_to_no_other_site(desk: Site, editor: Browser, place: str) -> None:
    stranger = Browser(desk)
    app = desk.app
    user = app.accounts.users.find("suman")
    assert user is not None
    key = app.accounts.users.credential(user.id, CredentialKind.TOTP)
    assert key is not None
    fields = {"name": "suman", "password": PASSWORD, "code": code_of(app, key.secret, steps=1), "next": place}
    response = stranger.submit("/login", fields)
    assert response.headers["location"] == "/desk/"


def test_the_desk_speaks_english_after_a_switch(desk: Site) -> None:
    browser = Browser(desk)
    assert 'lang="hi"' in browser.get("/login").text
    here = re.search('name="here" value="([^"]+)"', browser.get("/login").text)
    assert here
    for place in (here[1], "/desk/login"):
        assert browser.post("/language", language="en", here=place).headers["location"] == "/desk/login"
    assert "Come to the desk" in browser.get("/login").text
    assert browser.post("/language", language="hi", here="//evil.example").headers["location"] == "/desk/"


@pytest.mark.slow
def test_users_are_managed_in_the_browser(desk: Site) -> None:
    admin = set_up(desk, "asha", Role.ADMIN)
    page = admin.post("/users", name="Ravi", role="viewer")
    assert page.status == 200
    assert "/desk/link/" in page.text
    assert admin.post("/users", name="ravi", role="viewer").status == 422
    assert admin.post("/users", name="<b>", role="viewer").status == 422
    assert admin.post("/users/ravi/role", role="sender").status == 303
    assert [line.user.role for line in desk.app.accounts.list()] == [Role.ADMIN, Role.SENDER]
    before = desk.app.audit.newest(1)
    assert admin.post("/users/ravi/role", role="sender").status == 303
    assert desk.app.audit.newest(1) == before, "the log has changes only"
    assert admin.post("/users/asha/role", role="viewer").status == 409, "the only admin"
    assert admin.post("/users/asha/remove").status == 409
    users = admin.get("/users").text
    assert "हाँ, ravi को हटाएँ" in users, "a slip of the finger removes nobody"
    assert "/users/asha/remove" not in users
    assert admin.post("/users/ravi/remove").status == 303
    assert "डेस्क से व्यक्ति हटाया गया" in admin.get("/log").text


def test_what_was_typed_survives_the_end_of_the_session(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    story = next(iter(edition.stories()))
    place, title = f"/edition/{KEY}/story/{story.id}", "पहाड़ों पर मौसम की पहली बर्फ़, सड़कें बंद"
    token = editor.token()
    users = desk.app.accounts.users
    user = users.find("suman")
    assert user is not None
    users.end_sessions(user=user.id)
    page = editor.post(place, token=token, title=title, was_title=story.title, section=story.section)
    assert page.status == 401
    assert title in page.text
    again = hidden(page.text, "again")
    # A wrong code keeps it too.
    page = editor.post("/login", token=token, name="suman", password=PASSWORD, code="000000", again=again)
    assert hidden(page.text, "again") == again
    key = users.credential(user.id, CredentialKind.TOTP)
    assert key is not None
    code = code_of(desk.app, key.secret, steps=1)
    page = editor.post("/login", token=token, name="suman", password=PASSWORD, code=code, again=again)
    assert page.status == 200
    assert title in page.text
    assert desk.app.editions.get(KEY) == edition, "nothing is saved before a press"
    saved = editor.post("/again", token=hidden(page.text, "csrf"), forms=hidden(page.text, "forms"))
    assert saved.headers["location"] == f"/desk/edition/{KEY}#row-{story.id}"
    changed = edition_of(desk)
    assert title in [each.title for each in changed.stories()]


@pytest.mark.slow
def test_all_texts_of_a_page_survive_the_end_of_the_session(desk: Site, editor: Browser) -> None:
    stories = list(edition_of(desk).stories())[:3]
    titles = ["पहला नया शीर्षक", "दूसरा नया शीर्षक", "त" * 200]
    forms = json.dumps(
        [
            [f"/edition/{KEY}/story/{story.id}", {"title": title, "was_title": story.title}]
            for story, title in zip(stories, titles, strict=True)
        ]
    )
    kept = Browser(desk, {"desk": "ended"}).submit("/again", {"forms": forms})
    assert kept.status == 401
    assert all(title in kept.text for title in titles)
    token = editor.token()
    # What is refused stays on the screen, and the rest is saved.
    answer = editor.submit("/again", {"forms": forms}, token=token)
    assert answer.status == 422
    assert titles[2] in answer.text
    now = [story.title for story in edition_of(desk).stories()]
    assert set(titles[:2]) < set(now)
    # A page of several that are refused can be sent again.
    place = f"/edition/{KEY}/story/{stories[0].id}"
    twice = json.dumps([[place, {"title": "", "was_title": "x"}], [place, {"title": "त" * 200}]])
    answer = editor.submit("/again", {"forms": twice}, token=token)
    assert (answer.status, json.loads(hidden(answer.text, "forms"))) == (409, json.loads(twice))
    # What is no longer there stays on the screen too, and the other forms are saved. Half of a character is no error.
    half = "\ud83d आधा"
    gone = [[f"/edition/{KEY}/story/gone", {"title": half}], [place, {"title": titles[1], "was_title": titles[0]}]]
    answer = editor.submit("/again", {"forms": json.dumps(gone)}, token=token)
    assert answer.status == 404
    assert "? आधा" in answer.text
    assert "अपना लिखा कॉपी कर लें" in answer.text
    assert titles[1] in [story.title for story in edition_of(desk).stories() if story.id == stories[0].id]
    # More forms than a page has are not sent at once. The rest waits for the next press.
    many = [[place, {"title": f"शीर्षक {number}", "was_title": "x"}] for number in range(MOST + 2)]
    answer = editor.submit("/again", {"forms": json.dumps(many)}, token=token)
    assert (answer.status, json.loads(hidden(answer.text, "forms"))) == (200, many[MOST:])
    assert f"शीर्षक {MOST - 1}" in [story.title for story in edition_of(desk).stories()]
    # Each form needs its own role, and pages without a role are none of these forms.
    for forbidden in (f"/edition/{KEY}/approve", "/users", "/login", "/again", "/nowhere"):
        assert editor.submit("/again", {"forms": json.dumps([[forbidden, {}]])}, token=token).status in (403, 404)
    assert edition_of(desk).state == EditionState.DRAFT


@pytest.mark.parametrize(
    ("evidence", "is_kept"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "OWN"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.example"}, False),
        ({"sec-fetch-site": "same-site", "origin": "OWN"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_texts_survive_the_loss_of_the_cookie_if_a_page_of_the_desk_sent_them(
    desk: Site, editor: Browser, evidence: dict[str, str], is_kept: bool
) -> None:
    edition = edition_of(desk)
    story = next(iter(edition.stories()))
    fields = {"title": "पहाड़ों पर मौसम की पहली बर्फ़, सड़कें बंद", "was_title": story.title, "section": story.section}
    headers = {name: desk.base if value == "OWN" else value for name, value in evidence.items()}
    place, stale = f"/edition/{KEY}/story/{story.id}", editor.token()
    # Browsers drop the cookie when the session ends.
    page = Browser(desk).submit(place, fields, token=stale, headers=headers)
    assert (page.status, fields["title"] in page.text) == (401, is_kept)
    # Another window has signed out and in again.
    known = set_up(desk, "ravi", Role.EDITOR)
    page = known.submit(place, fields, token=stale, headers=headers)
    assert (page.status, fields["title"] in page.text) == (403, is_kept)
    assert edition_of(desk) == edition, "nothing is saved without a valid token"
    if is_kept:
        script = known.submit(place, fields, token=stale, headers={**headers, "hx-request": "true"})
        assert (script.status, script.text) == (401, ""), "the script sends all texts of the page together"
        forms = hidden(page.text, "forms")
        assert known.submit("/again", {"forms": forms}, token=stale, headers=headers).status == 403
        saved = known.post("/again", token=hidden(page.text, "csrf"), forms=forms)
        assert saved.headers["location"].endswith(f"#row-{story.id}")
        assert fields["title"] in [each.title for each in edition_of(desk).stories()]


def test_a_form_in_a_charset_of_python_fails_nothing(desk: Site) -> None:
    form = {"name": r"suman\ud800\x00", "password": r"\ud800\x00", "code": r"\ud800"}
    stranger = Browser(desk)
    for token, status in ((stranger.token(), 401), (r"\ud800", 403)):
        fields = {**form, "csrf": token}
        rows = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields)
        body = "".join((*rows, "--b--\r\n")).encode()
        sent = stranger.send("/login", body, "multipart/form-data; boundary=b; charset=unicode_escape")
        assert sent.status == status


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "null", "//OWN", "https://evil.example"])
def test_an_origin_that_is_not_ours_is_refused(desk: Site, editor: Browser, origin: str) -> None:
    host = desk.base.partition("://")[2]
    sent = editor.submit("/language", {"language": "en"}, headers={"origin": origin.replace("OWN", host)})
    assert sent.status == 403


@pytest.mark.parametrize(
    "again",
    [
        "",
        "[]",
        "{}",
        "7",
        "[" * 20_000,
        '[["//evil.example", {}]]',
        '[["/x", 7]]',
        '[["/\\t/evil.example", {}]]',
        '[["https://evil.example", {}]]',
    ],
)
def test_no_other_form_is_sent_after_signing_in(desk: Site, again: str) -> None:
    set_up(desk, "suman", Role.EDITOR)
    page = Browser(desk)
    page.get("/login")
    user = desk.app.accounts.users.find("suman")
    assert user is not None
    key = desk.app.accounts.users.credential(user.id, CredentialKind.TOTP)
    assert key is not None
    done = page.post(
        "/login", name="suman", password=PASSWORD, code=code_of(desk.app, key.secret, steps=1), again=again
    )
    assert done.status == 303


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])
