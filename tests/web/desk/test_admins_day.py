"""An admin's day in a real browser, by keyboard alone.

On a phone and a laptop, with and without JavaScript, in both languages.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from digest import pipeline
from digest.config import loader
from digest.i18n import translator
from digest.models import Role
from digest.usecases.edit_sources import SourceEditor
from tests.mailcheck.requirements import require_tools
from tests.support.http_server import HttpServer
from tests.support.profiles import only_thorough
from tests.support.webhook_receiver import WebhookReceiver
from tests.web.desk.browser import PASSWORD, TESTER, code_of, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Site

ROOT = Path(__file__).resolve().parents[3]
FEED = ROOT / "samples/feeds/subah-samachar.xml"
LIST = "email,name,topics\nkamal@example.org,कमल,खेल\nbimla@example.org,बिमला,\nnot an address,,\n"
# A folder for pictures of the pages.
PICTURES = os.environ.get("DIGEST_TEST_PICTURES", "")
STEPS = [
    *("signIn", "searchSubscribers", "onePerson", "addPerson", "importList", "several"),
    *("sources", "settings", "reports", "log", "users"),
]
FILES = ["subscriber", "mela", "subscribers", "editions", "failures", "report", "missed"]
DONE = ("Done for %(num)s subscriber.", "Done for %(num)s subscribers.")
# What the page says after each step.
WORDS = {
    "code": "This is not the code that the app shows now. Is the phone's clock right?",
    "wrong": "Name, password and code do not match. A code works once, for half a minute.",
    "segmentSaved": "The group is saved.",
    "segmentGone": "The group is deleted. Its subscribers stay.",
    "paused": "Paused.",
    "resumed": "The pause is ended.",
    "hour": 'expected a time of day such as "07:00", found %(name)s',
    "saved": "Saved.",
    "stopped": "All email is stopped.",
    "lifted": "Email goes to them again.",
    "address": "there must be something after the @-sign",
    "listed": "%(email)s is already on the list.",
    "added": "Added to subscribers.yaml.",
    "removed": "Taken off the list.",
    "erased": "The person was erased.",
    "imported": "Imported as %(origin)s.",
    "undone": "The import is undone.",
    "why": "expected why, for the record",
    "done": DONE[1],
    "noFeed": "",
    "weight": "Write a number from 0 to 10.",
    "sourceAdded": "Added to digest.yaml. The next collection fetches it.",
    "inFile": "Saved in digest.yaml.",
    "sourcePaused": "Paused: it is not fetched, and its articles stay.",
    "sourceResumed": "It is collected again.",
    "sourceRemoved": "Removed from digest.yaml. Its articles stay.",
    "stories": "Write a number from 1 to 100.",
    "settingsSaved": "Saved in digest.yaml. It holds within a few seconds; nothing needs a restart.",
    "again": "It is tried again within a minute.",
    "userName": "A name of a user has a-z, 0-9 and . _ @ + -, at most 64 characters, found %(name)s.",
    "link": "A link for %(name)s. It works once, within a day. Send it to them only.",
    "roleChanged": "The role is changed.",
    "ended": "Signed out everywhere.",
    "newLink": "A link for %(name)s. It works once, within a day. Send it to them only.",
    "userRemoved": "The user is removed.",
    "tokenName": "A name of a token has letters, digits and . _ -, at most 64, found %(name)s.",
    "token": "A token for %(name)s. It is shown only now.",
    "revoked": "The token is revoked.",
}


# What a step saw. A refused form keeps what was typed, and the focus is in the field to correct.
EXPECTED = {
    "passwordKept": True,
    "nameKept": True,
    "found": "asha@example.com",
    "filter": "देश",
    "segment": "खेल वाले",
    "kept": ["आशा देवी शर्मा", "25:00", "f-hour"],
    "addKept": ["पुस्तक मेले का फ़ॉर्म", 1],
    "urlKept": "नदी",
    "weightKept": ["नदी समाचार", "50"],
    "sourceKept": "abc",
    "settingsKept": ["नदी की चिट्ठी", "0", "s-edition-max_stories"],
    "theme": True,
    "missed": "ravi@example.com latika@example.com",
    "log": 6,
    "userKept": ["Not A Name", "sender"],
    "tokenKept": ["???", "365"],
}


def said(message: str, language: str = "hi") -> str:
    """The longest part of a translation that is the same with all values. Counts are above one here."""
    catalogue = translator(language)
    text = catalogue.ngettext(*DONE, 2) if message in DONE else catalogue.gettext(message)
    return max(re.split(r"%\(\w+\)s", text), key=len).strip()


def open_day(home: Path, receiver: WebhookReceiver) -> Iterator[Site]:
    """A desk with a sent edition that ravi did not get, an event that its receiver refused, and an editor's session."""
    hooks = [{"url": receiver.url, "private": True}]
    for desk in open_desk(home, DIGEST_WEBHOOKS=json.dumps(hooks)):
        app = desk.app
        app.subscriber_editor.suppress("ravi@example.com", "phoned", TESTER)
        app.approver.approve(edition_of(desk), how="here", by=TESTER)
        pipeline.send(app, KEY)
        receiver.answers = [(410, {}), *receiver.answers]
        app.outgoing_webhooks.deliver()
        set_up(desk, "suman", Role.EDITOR)
        yield desk


# test_subscribers.py, test_sources.py, test_settings.py and others post the same forms without a browser.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scripts", "scheme", "first"),
    [
        (360, "off", "light", "hi"),
        (1280, "on", "dark", "hi"),
        (360, "on", "dark", "en"),
        (1280, "off", "light", "en"),
    ],
)
def test_an_admins_day(
    tmp_path: Path, width: int, scripts: str, scheme: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tools()
    with HttpServer() as papers, WebhookReceiver() as receiver:
        feed = papers.route("/feed.xml", lambda exchange: exchange.reply(FEED.read_bytes()))
        for desk in open_day(tmp_path / "newsletter", receiver):
            app = desk.app
            # The paper is on this machine.
            monkeypatch.setattr(SourceEditor, "plan", _plan_private)
            (tmp_path / "mela.csv").write_text(LIST, encoding="utf-8")
            app.accounts.add("mira", Role.ADMIN, TESTER)
            link = app.accounts.make_link("mira", TESTER)
            code = partial(code_of, app, app.accounts.app_key(link))
            day: dict[str, Any] = {
                "base": desk.base,
                "link": link,
                "name": "mira",
                "password": PASSWORD,
                "codes": [code(), code(steps=1)],
                "files": {"list": str(tmp_path / "mela.csv")},
                "feed": feed,
                "topic": EXPECTED["filter"],
                "edition": KEY,
                "steps": languages_of(STEPS, first),
                "words": {
                    language: {name: said(text, language) for name, text in WORDS.items()} for language in ("hi", "en")
                },
            }
            command = ["node", "admin.mjs", str(width), scripts, scheme, *([PICTURES] if PICTURES else [])]
            done = subprocess.run(
                command,
                cwd=ROOT / "tools/mail",
                input=json.dumps(day),
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            seen = json.loads(done.stdout)
            assert seen["faults"] == []
            assert {name: seen[name] for name in EXPECTED} == EXPECTED
            spoken = dict(day["steps"])
            active = said("active", spoken["onePerson"])
            assert seen["changed"] == f"आशा देवी शर्मा asha@example.com {active}"
            assert seen["whyNot"].startswith(said("This address gets no mail: %(why)s", spoken["onePerson"]))
            assert ("1 नामंज़ूर" if spoken["importList"] == "hi" else "1 rejected") in seen["preview"]
            assert [name.partition("-")[0].partition(".")[0] for name in seen["files"]] == FILES
            _done(desk)


def languages_of(steps: list[str], first: str) -> list[tuple[str, str]]:
    """The language of each step, in turn.

    The four runs have each step in each language on each width, with scripts and without.
    """
    languages = ["hi", "en"] if first == "hi" else ["en", "hi"]
    return list(zip(steps, cycle(languages)))


_plan = SourceEditor.plan


def _plan_private(self: SourceEditor, place: dict[str, Any], options: dict[str, Any], **more: Any) -> Any:
    return _plan(self, {**place, "allow_private": True}, options, **more)


def _done(desk: Site) -> None:
    """The day's work is in the files and the store, and nobody lost anything."""
    app = desk.app
    listed = (app.home / "subscribers.yaml").read_text(encoding="utf-8")
    row = listed.partition("asha@example.com")[2].partition("@")[0]
    assert "07:30" in row
    assert "frequency" not in row, "only what was changed is written"
    assert "neha@example.org" not in listed
    settings = loader.load(app.home, app.environment)
    assert (settings.newsletter.name, settings.edition.max_stories) == ("नदी की चिट्ठी", 9)
    assert "नदी समाचार" not in [each.name for each in settings.sources]
    assert app.subscribers.suppressed().keys() == {"ravi@example.com"}
    assert [user.user.name for user in app.accounts.list()] == ["mira", "suman"]
    assert app.api_tokens.list() == []
