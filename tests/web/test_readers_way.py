"""A subscriber's way through all pages in a real browser, by keyboard alone.

On a phone and a laptop, with and without JavaScript, in both languages, light and dark.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from digest import pipeline
from digest.store.people.preferences import PreferenceStore
from tests.mailcheck.requirements import require_tools
from tests.support.folders import newsletter_folder
from tests.support.profiles import only_thorough
from tests.web.site import site, translated
from tests.web.test_answers import BLOCKS, KEY, path

TOOLS = Path(__file__).resolve().parents[2] / "tools/mail"
# A folder for pictures of the pages.
PICTURES = os.environ.get("DIGEST_TEST_PICTURES", "")
STEPS = ["join", "choose", "ownData", "leave", "archive", "answer", "erase"]
WORDS = {
    "meant": "Did you mean %(email)s?",
    "check": "Check your email",
    "subscribed": "You are subscribed now",
    "preferences": "Your preferences",
    "topicless": "Choose at least one topic. To get no more email, unsubscribe on this page.",
    "saved": "Your preferences are saved",
    "paused": "Paused until %(day)s",
    "resumed": "You get email again",
    "mailed": "We have sent you an email",
    "another": "Another address",
    "both": "Please confirm at both addresses",
    "oneMore": "One more yes is missing",
    "changed": "Your address is changed",
    "left": "You have unsubscribed",
    "thanks": "Thank you for your answer.",
    "welcome": "Welcome back",
    "suggested": "No story was found for “%(query)s”",
    "counts": "Thank you. Your answer counts.",
    "word": "Thank you. We read every word.",
    "erased": "Everything is erased",
}


def said(message: str, language: str) -> str:
    """The longest part of a translation that is the same with all values."""
    return max(re.split(r"%\(\w+\)s", translated(message, language)), key=len).strip()


# test_browser.py takes the shortest way.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scripts", "scheme", "language"),
    [
        (360, "off", "light", "hi"),
        (1200, "on", "dark", "hi"),
        (360, "on", "dark", "en"),
        (1200, "off", "light", "en"),
    ],
)
def test_a_readers_way(tmp_path: Path, width: int, scripts: str, scheme: str, language: str) -> None:
    require_tools()
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    folder = home / "samples/blocks" / KEY
    folder.mkdir()
    for name, text in BLOCKS.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with site(home) as pages:
        pipeline.send(pages.app, KEY)
        way = {
            "base": pages.base,
            "outbox": str(home / "outbox"),
            "answer": path(pages, "feedback", 1),
            "poll": path(pages, "poll", 2),
            "reader": "asha@example.com",
            "search": "बर्फबरी",
            "hour": "09:00",
            "words": {name: said(text, language) for name, text in WORDS.items()},
            "steps": STEPS,
        }
        command = ["node", "reader.mjs", str(width), scripts, scheme, language, *([PICTURES] if PICTURES else [])]
        done = subprocess.run(
            command, cwd=TOOLS, input=json.dumps(way), capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert seen["faults"] == []
        # A refused form keeps what was typed.
        assert seen["kept"] == [["mon", "wed", "fri"], ["09:00"], ["text"]]
        assert seen["chosen"] == [[pages.app.topics[0]], ["mon", "wed", "fri"]]
        assert seen["back"] == [200, translated("Your preferences", language)]
        assert [re.findall(r"my-data\.\w+", name) for name in seen["files"]] == [["my-data.html"], ["my-data.json"]]
        assert (seen["address"], seen["whatsapp"], seen["results"]) == (True, True, 2)
        assert "बर्फ़बारी" in seen["story"]
        assert seen["anonymous"]
        assert seen.get("copied") == (translated("Copied", language) if scripts == "on" else None)
        assert PreferenceStore(pages.app.database).find("kavita@example.org") is None
