"""The pages in a real browser without JavaScript: sign up, confirm, change, pause, leave, come back; and every page
judged. Skipped where Chromium or the judges' libraries are missing (`make mailtools`)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.mailcheck.present import needed
from tests.web.site import said, site
from tools.web.__main__ import main

HERE = Path(__file__).resolve().parents[2] / "tools/mail"


def test_a_readers_way_through_the_pages(tmp_path: Path) -> None:
    needed()
    with site(tmp_path / "letter") as pages:
        command = ["node", "journey.mjs", pages.base, str(pages.app.home / "outbox")]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert seen["asked"] == said("Look into your mail")
        assert seen["confirm"] == said("One press more")
        assert seen["confirmed"] == said("You are a reader now")
        assert seen["wishes"] == said("Your wishes")
        assert seen["saved"] == said("Saved. It holds from the next edition on.")
        assert seen["kept"] == [pages.app.topics[0], "weekly:sun", "", "text"]
        assert "7 दिसंबर 2026" in seen["paused"]
        assert seen["leave"] == said("Do you want to leave?")
        assert seen["left"] == said("You have left")
        assert seen["back"] == said("Welcome back")
        assert seen["english"] == "Do you want to leave?"
        assert (seen["cookies"], seen["origins"]) == (0, [])
        told = [entry.what for entry in pages.consent("kavita@example.org")]
        assert told == ["signed up", "changed", "changed", "changed", "unsubscribed", "came back"]


def test_every_page_is_without_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed()
    monkeypatch.setattr("sys.argv", ["webcheck", "--out", str(tmp_path), "--language", "hi"])
    assert main() == 0
