"""The pages in a real browser without JavaScript: a subscriber's journey, and an accessibility check of every page.

Skipped if Chromium or the checking tools are missing (`make mailtools`).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.mailcheck.requirements import require_tools
from tests.web.site import site, translated
from tools.web.__main__ import main

HERE = Path(__file__).resolve().parents[2] / "tools/mail"


@pytest.mark.slow
def test_a_subscribers_journey_through_the_pages(tmp_path: Path) -> None:
    require_tools()
    with site(tmp_path / "newsletter") as pages:
        leave = f"/leave/{pages.token('leave', 'asha@example.com')}"
        command = ["node", "journey.mjs", pages.base, str(pages.app.home / "outbox"), leave]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert seen["asked"] == translated("Check your email")
        assert seen["confirm"] == translated("One more step")
        assert seen["confirmed"] == translated("You are subscribed now")
        assert seen["preferences"] == translated("Your preferences")
        assert seen["saved"] == translated("Saved. It applies from the next edition.")
        assert seen["kept"] == [pages.app.topics[0], "weekly:sun", "", "text"]
        assert "7 दिसंबर 2026" in seen["paused"]
        assert seen["unsubscribed"] == translated("You have unsubscribed, so you get no email.")
        assert seen["resubscribed"] == ""
        assert seen["leave"] == translated("Do you want to unsubscribe?")
        assert seen["left"] == translated("You have unsubscribed")
        assert seen["back"] == translated("Welcome back")
        assert seen["english"] == "Do you want to unsubscribe?"
        assert (seen["cookies"], seen["origins"]) == (0, [])
        logged = [entry.what for entry in pages.consent("kavita@example.org")]
        assert logged == ["signed up", "changed", "changed", "changed", "unsubscribed", "came back"]


@pytest.mark.slow
def test_no_page_has_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tools()
    monkeypatch.setattr("sys.argv", ["webcheck", "--out", str(tmp_path), "--language", "hi"])
    assert main() == 0
