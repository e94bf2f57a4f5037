"""A story is corrected while two workers send: everybody gets one email, and those with the wrong text get a
correction.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.killed_send import prepare
from tests.support import acceptance
from tests.support.profiles import only_thorough
from tests.workers.running import EDITION, team, until

# It starts processes. tests/chaos/test_kill_correction.py corrects a story between batches too, in one process.
pytestmark = [pytest.mark.slow, only_thorough]

RECIPIENTS = 200
RIGHT, NOTE = "सही शीर्षक यहाँ है", "शीर्षक में संख्या ग़लत थी।"


def test_a_correction_between_the_batches_of_two_workers(tmp_path: Path) -> None:
    prepared = prepare(tmp_path / "prepared", RECIPIENTS)
    # Few batches at a time, so that some wait when the story is corrected.
    with team(prepared, tmp_path / "sent", latency=400, DIGEST_DELIVERY__THREADS="1") as made:
        for _ in range(2):
            made.start("--seats", "1")
        story = made.newsroom.json("edition", "show", EDITION)["lead"]
        until(lambda: made.accepted() >= RECIPIENTS * 0.2, "a fifth")
        run = made.newsroom.digest("edition", "correct", EDITION, story, "--title", RIGHT, "--note", NOTE)
        assert run.code == 0, run.err
        status = made.finished()
        assert (status["state"], status["accepted"], status["unknown"]) == ("done", RECIPIENTS, 0)
        # Batches in flight when the story was corrected have the wrong text too.
        again = made.newsroom.digest("send", f"correction-{EDITION}-2")
        assert again.code == 0, again.err
        got: dict[str, list[str]] = {}
        for line in acceptance.read(made.accepted_log):
            assert line["state"] == "sent"
            got.setdefault(line["email"], []).append(line["subject"])
    assert len(got) == RECIPIENTS
    corrected = {email for email, subjects in got.items() if len(subjects) == 1 and RIGHT in subjects[0]}
    wrong = {email for email, subjects in got.items() if RIGHT not in subjects[0]}
    assert corrected | wrong == got.keys()
    assert min(len(corrected), len(wrong)) > 0
    for email in wrong:
        assert [RIGHT in subject for subject in got[email]] == [False, True], got[email]
        assert got[email][1].startswith("भूल-सुधार")
