"""Passkeys: added once, used to sign in, and required where the role needs one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.models import EditionState, Role
from tests.mailcheck.requirements import require_tools
from tests.paths import ROOT
from tests.support.profiles import only_thorough
from tests.web.desk.authenticator import Authenticator
from tests.web.desk.browser import PASSWORD, TESTER, Browser, code_of, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Response, Site

HERE = f"/edition/{KEY}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    settings = {"DIGEST_DESK__PASSKEY_FOR": "[sender]", "DIGEST_DESK__TEST_GROUPS": '{"newsroom": ["a@example.com"]}'}
    yield from open_desk(tmp_path / "newsletter", **settings)


def host(desk: Site) -> str:
    """Passkeys belong to a name, not to 127.0.0.1."""
    return f"localhost:{urlsplit(desk.base).port}"


def device(desk: Site) -> Authenticator:
    return Authenticator(f"http://{host(desk)}")


def named(desk: Site, browser: Browser) -> Browser:
    browser.headers["Host"] = host(desk)
    return browser


def asked(page: Response, kind: str) -> tuple[str, str]:
    """The options and the state of the form for a passkey."""
    form = page.text.partition(f'data-passkey="{kind}"')[2]
    options = re.search('data-options="([^"]+)"', form)
    state = re.search('name="state" value="([^"]+)"', form)
    assert options, page.text
    assert state
    return unescape(options[1]), state[1]


def add(desk: Site, browser: Browser, phone: Authenticator) -> Response:
    options, state = asked(browser.get("/passkeys"), "create")
    return browser.submit("/passkeys", {"answer": phone.create(options), "state": state, "label": "मेरा फ़ोन"})


def sign_in(browser: Browser, phone: Authenticator) -> Response:
    options, state = asked(browser.get("/login"), "get")
    return browser.submit("/login/passkey", {"answer": phone.get(options), "state": state})


def link_of_a_test(desk: Site, user: Browser) -> str:
    """Send a test email, and return the path of its link that approves."""
    user.post(f"{HERE}/test", group="newsroom")
    text = desk.mails("a@example.com", folder=f"{KEY}-test")[0].get_body(("plain",))
    assert text is not None
    found = re.search(r"/desk(/edition/\S+/decide/\S+)", text.get_content())
    assert found
    return found[1]


@pytest.mark.slow
def test_a_passkey_is_added_signs_in_and_is_removed(desk: Site) -> None:
    browser, phone = named(desk, set_up(desk, "suman", Role.EDITOR)), device(desk)
    assert add(desk, browser, phone).status == 303
    page = browser.get("/passkeys").text
    assert "मेरा फ़ोन" in page
    other = named(desk, Browser(desk))
    assert sign_in(other, phone).status == 303
    assert "suman" in other.get("/").text
    number = re.search('name="passkey" value="([0-9]+)"', page)
    assert number
    browser.submit("/passkeys/remove", {"passkey": number[1]})
    assert sign_in(named(desk, Browser(desk)), phone).status == 401
    acts = [act.what for act in desk.app.audit.newest(20)]
    assert {"passkey added", "passkey removed", "signed in"} <= set(acts)


@pytest.mark.slow
def test_an_answer_works_once_and_for_its_browser(desk: Site) -> None:
    browser, phone = named(desk, set_up(desk, "suman", Role.EDITOR)), device(desk)
    add(desk, browser, phone)
    other = named(desk, Browser(desk))
    options, state = asked(other.get("/login"), "get")
    fields = {"answer": phone.get(options), "state": state}
    stranger = named(desk, Browser(desk))
    assert stranger.submit("/login/passkey", fields).status == 401, "another browser"
    before = dict(other.cookies)
    assert other.submit("/login/passkey", fields).status == 303
    other.cookies = before
    assert other.submit("/login/passkey", fields).status == 401, "replayed"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["origin", "unverified", "key", "copied", "nonsense"])
def test_a_wrong_answer_opens_nothing(desk: Site, fault: str) -> None:
    browser, phone = named(desk, set_up(desk, "suman", Role.EDITOR)), device(desk)
    phone.count = 5
    add(desk, browser, phone)
    other = named(desk, Browser(desk))
    options, state = asked(other.get("/login"), "get")
    if fault == "origin":
        phone.origin = "http://evil.example"
    elif fault == "unverified":
        phone.verifies = False
    elif fault == "key":
        phone.key = device(desk).key
    elif fault == "copied":
        phone.count = 2
    answer = "{" if fault == "nonsense" else phone.get(options)
    assert other.submit("/login/passkey", {"answer": answer, "state": state}).status == 401
    assert other.get("/").status == 303


@pytest.mark.slow
def test_a_new_link_ends_the_passkeys_of_a_lost_phone(desk: Site) -> None:
    browser, phone = named(desk, set_up(desk, "suman", Role.EDITOR)), device(desk)
    add(desk, browser, phone)
    accounts = desk.app.accounts
    link = accounts.make_link("suman", TESTER)
    Browser(desk).post(f"/link/{link}", password=PASSWORD, code=code_of(desk.app, accounts.app_key(link)))
    assert sign_in(named(desk, Browser(desk)), phone).status == 401


@pytest.mark.slow
def test_a_link_of_a_test_asks_for_a_passkey_where_the_role_needs_one(desk: Site) -> None:
    kavita, phone = named(desk, set_up(desk, "kavita", Role.SENDER)), device(desk)
    add(desk, kavita, phone)
    link = link_of_a_test(desk, kavita)
    page = kavita.get(link)
    assert 'data-passkey="get"' in page.text
    assert "btn go big" not in page.text
    assert kavita.post(link).status == 403
    options, state = asked(page, "get")
    following = re.search('name="next" value="([^"]+)"', page.text)
    assert following
    led = kavita.submit("/login/passkey", {"answer": phone.get(options), "state": state, "next": following[1]})
    assert led.headers["location"] == f"/desk{link}"
    assert kavita.post(link).status == 303
    edition = edition_of(desk)
    assert edition.state == EditionState.APPROVED


def test_an_address_without_a_name_offers_no_passkey(desk: Site) -> None:
    assert "data-passkey" not in Browser(desk).get("/login").text


# The tests above have a device of our own.
@only_thorough
@pytest.mark.slow
def test_passkeys_in_a_real_browser(desk: Site) -> None:
    require_tools()
    kavita = named(desk, set_up(desk, "kavita", Role.SENDER))
    link = f"/desk{link_of_a_test(desk, kavita)}"
    command = ["node", "passkey.mjs", f"http://{host(desk)}", kavita.cookies["desk"], link]
    done = subprocess.run(command, cwd=ROOT / "tools/mail", capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["errors"] == []
    assert seen["listed"]
    assert seen["made"] == {"resident": True, "host": "localhost"}
    assert seen["keys"] == 1, "one device makes one passkey for a user"
    assert (seen["asked"], seen["led"], seen["decided"]) == (True, link, True)
    assert (seen["out"], seen["refused"], seen["in"]) == ("/desk/login", "/desk/login", "/desk/")
    assert seen["removed"]
    edition = edition_of(desk)
    assert edition.state == EditionState.APPROVED
    acts = [(act.what, act.detail) for act in desk.app.audit.newest(20)]
    assert acts.count(("signed in", "passkey")) == 2
