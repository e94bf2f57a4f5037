"""An editor's morning in a real browser, by keyboard: on a phone and a laptop, with and without JavaScript."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from digest.hindi import cut
from digest.models import EditionState, Role
from tests.mailcheck.requirements import require_tools
from tests.support.profiles import first, only_thorough
from tests.web.desk.browser import set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk, open_desk_of_all_sources, put_draft
from tests.web.site import translated

HERE = Path(__file__).resolve().parents[3] / "tools/mail"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scripts"), first([(360, "on"), (1280, "off"), (360, "off"), (1280, "on")], dev=1))
def test_an_editors_morning(tmp_path: Path, width: int, scripts: str) -> None:
    require_tools()
    for desk in open_desk(tmp_path / "newsletter"):
        long, short = list(edition_of(desk).stories())[-3:-1]
        put_draft(desk, edition_of(desk).with_story(replace(long, title=f"{long.title}; {long.title}")))
        put_draft(desk, edition_of(desk).with_story(replace(short, title="छोटा शीर्षक")))
        browser = set_up(desk, "kavita", Role.SENDER)
        command = ["node", "desk.mjs", desk.base, browser.cookies["desk"], str(width), scripts]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert (seen["errors"], seen["foreign"]) == ([], [])
        assert (seen["moved"], seen["dropped"], seen["pinned"]) == (True, True, True)
        assert seen["focus"] == seen["focused"], "the focus stays on the button that was pressed"
        assert seen["inSight"], "the row that moved is still in the window"
        if (width, scripts) == (360, "on"):
            assert (seen["closed"], seen["typed"], seen["folded"]) == (True, True, True)
        else:
            assert seen["sources"] > 0
            assert seen.get("uncovered", True), "the changed row is not behind the line on top"
        if width == 360:
            assert seen["lines"] > 2
            assert (seen["cut"], seen["missed"]) == (0, 0), "what somebody approves is seen whole, and easy to hit"
            assert seen["shied"] == 0, "a headline stays where it is when its row is opened"
            assert seen["approveAt"] > 0.75, "the button to approve is near the thumb"
            assert seen["words"] <= 65, "a stranger has little to read beside the headlines"
        assert seen["changed"] == "कसौटी का शीर्षक"
        assert "ok" in seen["approved"]
        assert seen["says"].startswith(translated("Approved."))
        assert "bad" in seen["held"]
        assert seen["sideways"] == 0
        assert seen["jumped"] == 0, "nothing moves when the line on top sticks there"
        if scripts == "on":
            # The script counts akshars as the server does.
            assert seen["count"] == f"{cut.length('कसौटी का विषय')}/45"
            assert seen["atWork"] == 0, "an answer ends the work, also of a form that it removes"
            assert seen["news"] == "", "one's own change is not told as somebody's"
            assert seen["shifted"] == [], "nothing moves by itself"
            assert not seen.get("behind"), "no opened menu is behind the tabs of a phone"
            assert (seen["hindiKey"], seen["focusAfterDrop"]) == (True, True)
            assert re.search("मिनट में मंज़ूरी मिली तो 7:00 बजे", seen["question"]), "the question has the time that is left"
            assert (seen["asks"], seen["keys"]) == (["ask-approve", translated("Back")], "keys")
            assert (seen["scrolled"], seen["stays"]) == (0, True), "no key alone approves, and none scrolls"
            assert seen["unreachable"].startswith("डेस्क से संपर्क नहीं हो रहा")
            assert seen["reachable"], "the line goes when the desk answers again"
            assert (seen["kept"], seen["saved"]) == ("बिना जवाब का शीर्षक", "बिना जवाब का शीर्षक")
        edition = edition_of(desk)
        assert edition.state == EditionState.APPROVED
        assert edition.subject == "कसौटी का विषय"
        if scripts == "on":
            assert edition.intro == "बिना सहेजी बात", "an approval saves first what was typed"


# The model of reading is in stranger.mjs. The newcomers of a drop are read too. The test above makes such changes by
# keyboard.
@only_thorough
@pytest.mark.slow
def test_a_stranger_approves_twelve_stories_with_two_changes(tmp_path: Path) -> None:
    require_tools()
    twelve = {"DIGEST_EDITION__MAX_STORIES": "12", "DIGEST_EDITION__MIN_SCORE": "0"}
    changes = ["drop", "title", "move", "picture", "pin", "add", "summary"]
    for desk in open_desk_of_all_sources(tmp_path / "newsletter", **twelve):
        browser = set_up(desk, "kavita", Role.SENDER)
        command = ["node", "stranger.mjs", desk.base, browser.cookies["desk"], ",".join(changes)]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert seen["stories"] == 12
        assert seen["again"] == [], "nothing is read twice"
        assert edition_of(desk).state == EditionState.APPROVED
        costs = {pair: seen["seconds"] + sum(seen["costs"][each] for each in pair) for pair in combinations(changes, 2)}
        # A summary has thirty words.
        late = {pair: cost for pair, cost in costs.items() if cost > (98 if "summary" in pair else 89)}
        assert late == {}, seen["steps"]


# test_changes.py has the stream and the line that tells of a change.
@only_thorough
@pytest.mark.slow
def test_two_editors_at_once(tmp_path: Path) -> None:
    require_tools()
    for desk in open_desk(tmp_path / "newsletter"):
        cookies = [set_up(desk, name, Role.EDITOR).cookies["desk"] for name in ("suman", "ravi")]
        cookies.append(set_up(desk, "kavita", Role.SENDER).cookies["desk"])
        cookies.append(set_up(desk, "asha", Role.ADMIN).cookies["desk"])
        command = ["node", "editors.mjs", desk.base, *cookies]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert (seen["errors"], seen["foreign"]) == ([], [])
        assert (seen["merged"], seen["parts"], seen["split"]) == (True, 2, True)
        assert (seen["jumped"], seen["jumpedAgain"]) == (0, 0), "nothing moves when the line on top tells of a change"
        assert seen["below"]
        assert seen["quiet"] == 0, "a page with a stream asks only when the stream says so"
        assert seen["asked"], "one without it asks again and again"
        assert "ravi ने अभी यह सहेजा है:" in seen["newer"]
        assert seen["taken"] == ["दूसरे का विषय", "subject", 0]
        assert sorted(seen["kept"]) == sorted(seen["unsaved"]), "the end of a session loses no text"
        acts = [act.what for act in desk.app.audit.newest(5, subject=KEY)][1:]
        assert acts == ["split off", "approval void", "approved", "merged"]
