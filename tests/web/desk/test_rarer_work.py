"""What an editor and a sender do less often than the morning of test_journey.py, in a real browser, by keyboard alone.

On a phone and a laptop, with and without JavaScript, in both languages.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.deliver.outcome import Accepted
from digest.models import EditionState, Role, TextBlock
from digest.store.content.articles import ArticleStore
from digest.store.locks import exclusive, mark_running
from tests.mailcheck.requirements import require_tools
from tests.paths import ROOT
from tests.support.enqueue import claim_one
from tests.support.profiles import only_thorough
from tests.web.desk.browser import set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.desk.test_admins_day import languages_of, said
from tests.web.site import Site

PICTURE = ROOT / "samples/feeds/pictures/gehun.png"
GROUP = '{"newsroom": ["asha@example.com", "ravi@example.com"]}'
# Each step is done on a phone and a laptop, with scripts and without, and in both languages, in two of the four runs.
STEPS = [["regroup", "picture", "block", "pool"], ["refresh", "test", "special", "send"]]
WORDS = {
    "pictured": "Picture changed",
    "tested": "The test was handed over: %(whom)s.",
}
EXPECTED: list[dict[str, object]] = [
    {"merged": True, "parts": 2, "split": True, "pictured": True, "quote": True, "added": True},
    {"buttons": 1, "approved": True, "again": 0, "specialKept": "नदी विशेष"},
]


# The tests of each of these pages post the same forms without a browser.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scripts", "scheme", "first", "part"),
    [
        (1280, "off", "light", "en", 0),
        (360, "on", "dark", "hi", 1),
    ],
)
def test_an_editors_rarer_work(tmp_path: Path, width: int, scripts: str, scheme: str, first: str, part: int) -> None:
    require_tools()
    settings = {"DIGEST_EDITION__MAX_STORIES": "6", "DIGEST_DESK__TEST_GROUPS": GROUP}
    for desk in open_desk(tmp_path / "newsletter", **settings):
        newsroom = {"collect": collect_one, "begin": begin_to_send}
        day: dict[str, Any] = {
            "base": desk.base,
            "cookie": set_up(desk, "kavita", Role.SENDER).cookies["desk"],
            "edition": KEY,
            "outbox": str(desk.app.home / "outbox"),
            "picture": str(PICTURE),
            "steps": languages_of(STEPS[part], first),
            "words": {
                language: {name: said(text, language) for name, text in WORDS.items()} for language in ("hi", "en")
            },
        }
        command = ["node", "morning.mjs", str(width), scripts, scheme]
        with subprocess.Popen(
            command,
            cwd=ROOT / "tools/mail",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as browser:
            assert browser.stdin is not None
            assert browser.stdout is not None
            assert browser.stderr is not None
            browser.stdin.write(json.dumps(day) + "\n")
            browser.stdin.flush()
            said_last = ""
            for line in browser.stdout:
                said_last = line.strip()
                if said_last in newsroom:
                    newsroom[said_last](desk)
                    browser.stdin.write("done\n")
                    browser.stdin.flush()
            wrong = browser.stderr.read()
        assert browser.returncode == 0, wrong
        seen = json.loads(said_last)
        assert seen["faults"] == []
        wanted = EXPECTED[part]
        assert {name: seen[name] for name in wanted} == wanted
        if part == 1:
            assert seen["special"] > 0
            assert edition_of(desk).revision == 2
            assert edition_of(desk).state == EditionState.CANCELLED
            assert edition_of(desk, "nadi").state == EditionState.DRAFT


def collect_one(desk: Site) -> None:
    """An article that came five minutes after the edition was composed."""
    app = desk.app
    ids = [id for story in edition_of(desk).stories() for id in story.article_ids]
    article = next(iter(app.articles.by_ids(ids).values()))
    late = replace(
        article,
        id="late",
        url="https://late.example.com/1",
        title="भूकंप से 40 लोगों की मौत, प्रधानमंत्री ने राहत का ऐलान किया",
        published=app.now(),
        body=(TextBlock("p", "पहाड़ी राज्य में आए भूकंप से 40 लोगों की मौत हो गई और सैकड़ों घर टूट गए।"),),
        excerpt="",
        content_hash="late",
        section="देश",
    )
    ArticleStore(app.database, lambda: app.now() + timedelta(minutes=5)).save([late])


def begin_to_send(desk: Site) -> None:
    """One batch is accepted, the others wait."""
    app = desk.app
    app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    app.enqueuer.enqueue(edition_of(desk))
    with exclusive(app.database, "sending", wait=0), mark_running(app.database, app.ledger.run):
        claim = claim_one(app.ledger, KEY, "outbox", app.now(), 5)
        assert claim
        app.ledger.settle(claim.attempt, Accepted(), app.now())
