"""A send is killed, a story is corrected, and the correction is killed too: the provider's log decides who got what."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.chaos.killed_send import EDITION, prepare
from tests.cli.newsroom import Newsroom
from tests.support import acceptance
from tests.support.killing import lines, run_until_killed, serving
from tests.support.profiles import only_thorough
from tests.support.sendgrid_server import KEY, sendgrid_environment

pytestmark = pytest.mark.slow

RECIPIENTS, BATCH = 600, 25
RIGHT = "सही शीर्षक यहाँ है"
CORRECTION = f"correction-{EDITION}-2"


class Got(NamedTuple):
    """The addresses that got the wrong email, the right one and the correction, each as often as they did."""

    wrong: list[str]
    right: list[str]
    correction: list[str]


def received(log: Path) -> Got:
    got = Got([], [], [])
    for line in acceptance.read(log):
        assert line["state"] == "sent", line
        corrected = line["subject"].startswith("भूल-सुधार")
        to = got.correction if corrected else got.right if RIGHT in line["subject"] else got.wrong
        to.append(line["email"])
    return got


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("correction") / "prepared", RECIPIENTS)


# tests/cli/test_correct.py corrects editions without a kill, and test_kill.py kills the same send.
@only_thorough
@pytest.mark.parametrize(
    "kill_at",
    [RECIPIENTS // 3 + 50, 0, RECIPIENTS - 50],
    ids=lambda number: f"killed again at {number} emails",
)
def test_nobody_twice_nobody_missed_and_a_correction_for_each_wrong_text(
    prepared: Newsroom, tmp_path: Path, kill_at: int
) -> None:
    import shutil

    folder, log = tmp_path / "run", tmp_path / "accepted.jsonl"
    shutil.copytree(prepared.home, folder)
    newsroom = Newsroom(folder)
    server = ("--log", str(log), "--key", KEY, "--latency", "40", "--check-every", "50")
    with serving("tests.support.sendgrid_server", *server) as url:
        newsroom.environment |= {
            **sendgrid_environment(url.split()[0]),
            "DIGEST_DELIVERY__BATCH_SIZE": str(BATCH),
        }
        send = newsroom.command("--home", str(folder), "send", EDITION)
        assert run_until_killed(send, newsroom.env(), lines(log, RECIPIENTS // 3)).killed
        story = newsroom.json("edition", "show", EDITION)["lead"]
        note = ("--title", RIGHT, "--note", "शीर्षक ग़लत था।")
        correct = newsroom.command("--home", str(folder), "edition", "correct", EDITION, story, *note)
        run_until_killed(correct, newsroom.env(), lines(log, kill_at) if kill_at else 0.8)
        # Repeated: the command says that the text is correct already, or does all of it.
        newsroom.digest("edition", "correct", EDITION, story, *note)
        assert run_until_killed(send, newsroom.env(), lines(log, RECIPIENTS // 2)).killed
        for _ in range(2):
            for key in (EDITION, CORRECTION):
                newsroom.digest("send", key)
        status = newsroom.json("status", EDITION, "--all")
        correction = newsroom.json("status", CORRECTION, "--all")
    got = received(log)
    everybody = {f"subscriber{number}@example.com" for number in range(RECIPIENTS)}
    unknown = {row["email"] for row in status["not_reached"] if row["state"] == "unknown"}
    both = [*got.wrong, *got.right]
    assert len(both) == len(set(both)), "somebody got the edition twice"
    assert everybody - unknown <= set(both), "somebody was missed"
    assert set(both) <= everybody
    assert got.right, "the rest got the corrected email"
    assert len(got.correction) == len(set(got.correction)), "somebody got the correction twice"
    # A recipient with unknown outcome gets the correction when it is known that they have the wrong text.
    in_doubt = {row["email"] for row in correction["not_reached"] if row["state"] == "unknown"}
    assert set(got.wrong) - unknown - in_doubt <= set(got.correction) <= set(got.wrong)
