"""A killed send by Brevo leaves no unknown recipients: requests are repeated under their key within its lifetime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.killed_send import EDITION, prepare
from tests.support.brevo_server import KEY
from tests.support.killing import balance, lines, run_until_killed, serving

pytestmark = pytest.mark.slow

RECIPIENTS = 600


@pytest.mark.parametrize(
    ("at", "chances"),
    [
        (1, ()),
        (RECIPIENTS // 3, ("--chance", "accept_then_reset=0.2", "--chance", "error_500_accepted=0.2")),
    ],
)
def test_a_killed_send_resumes_and_everyone_gets_one_email(tmp_path: Path, at: int, chances: tuple[str, ...]) -> None:
    newsroom = prepare(tmp_path / "newsletter", RECIPIENTS)
    log = tmp_path / "accepted.jsonl"
    server = ("--log", str(log), "--key", KEY, "--latency", "30", "--seed", "5", *chances)
    with serving("tests.support.brevo_server", *server) as url:
        newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "brevo",
            "DIGEST_DELIVERY__BREVO__HOST": url.split()[0],
            "DIGEST_DELIVERY__BATCH_SIZE": "100",
            "BREVO_API_KEY": KEY,
        }
        send = newsroom.command("--home", str(newsroom.home), "send", EDITION)
        moment: Callable[[], bool] = lines(log, at)
        assert run_until_killed(send, newsroom.env(), moment).killed
        for _ in range(2):
            newsroom.digest("send", EDITION)
        status = newsroom.json("status", EDITION)
    judged = balance(log)
    assert judged.violations == []
    assert judged.duplicates == {}
    reached = sum(judged.counts.values())
    # A call whose response is lost three times in a row is repeated by the next run. Nobody gets two emails.
    assert status["accepted"] + status["unknown"] == status["frozen"] == RECIPIENTS
    assert (status["pending"], status["rejected"]) == (0, 0)
    assert status["accepted"] <= reached <= RECIPIENTS
    if not chances:
        assert (status["accepted"], reached) == (RECIPIENTS, RECIPIENTS)
