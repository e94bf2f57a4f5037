"""A subscriber's journey through the pages in a real browser, without JavaScript. `make webcheck` checks every page.

Skipped if Chromium or the checking tools are missing (`make mailtools`).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.mailcheck.requirements import require_tools
from tests.web.site import site, translated

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
        assert seen["saved"].startswith(translated("Your preferences are saved"))
        assert "रविवार, 29 नवंबर 2026" in seen["saved"]
        assert seen["kept"] == [pages.app.topics[0], "sun", "", "text"]
        assert "7 दिसंबर 2026" in seen["paused"]
        assert seen["unsubscribed"] == translated("You have unsubscribed")
        assert seen["resubscribed"] == translated("Welcome back")
        assert (seen["short"], seen["opened"]) == (0, [pages.app.topics[0]])
        assert seen["mailed"].startswith(translated("We have sent you an email"))
        assert seen["leave"] == translated("Do you want to unsubscribe?")
        assert seen["left"] == translated("You have unsubscribed")
        assert seen["back"] == translated("Welcome back")
        assert seen["english"] == "Do you want to unsubscribe?"
        assert (seen["cookies"], seen["origins"]) == (1, [])
        logged = [entry.what for entry in pages.consent("kavita@example.org")]
        assert logged == ["signed up", "changed", "changed", "changed", "unsubscribed", "came back"]
