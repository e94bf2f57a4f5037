"""With an idempotency key a killed send leaves nobody in doubt: what was under way is asked for again under its key."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.proof import EDITION, prepare
from tests.support.killing import balance, lines, run_until_killed, serving
from tests.support.resend_server import KEY

pytestmark = pytest.mark.slow

READERS = 900


@pytest.mark.parametrize(
    ("at", "chances"),
    [
        (1, ()),
        (READERS // 3, ("--chance", "accept_then_reset=0.2", "--chance", "error_500_accepted=0.2")),
    ],
)
def test_a_killed_send_goes_on_and_everybody_gets_one_letter(tmp_path: Path, at: int, chances: tuple[str, ...]) -> None:
    room = prepare(tmp_path / "room", READERS)
    log = tmp_path / "accepted.jsonl"
    server = ("--log", str(log), "--key", KEY, "--latency", "30", "--seed", "5", *chances)
    with serving("tests.support.resend_server", *server) as url:
        room.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "resend",
            "DIGEST_DELIVERY__RESEND__HOST": url.split()[0],
            "DIGEST_DELIVERY__BATCH_SIZE": "400",  # which Resend makes 100
            "DIGEST_THEME__MAX_IMAGES": "0",  # pictures would go one by one
            "RESEND_API_KEY": KEY,
        }
        send = room.command("--home", str(room.home), "send", EDITION)
        moment: Callable[[], bool] = lines(log, at)
        assert run_until_killed(send, room.env(), moment).killed
        for _ in range(2):
            subprocess.run(send, env=room.env(), capture_output=True, timeout=120, check=False)
        status = json.loads(room.process("status", EDITION, "--json").out)
    judged = balance(log)
    assert judged.violations == []
    assert judged.duplicates == {}
    reached = sum(judged.counts.values())
    # Four lost answers to one call in a row are held as unknown; then they are named, and still nobody has two.
    assert status["accepted"] + status["unknown"] == status["frozen"] == READERS
    assert (status["pending"], status["rejected"]) == (0, 0)
    assert status["accepted"] <= reached <= READERS
    if not chances:
        assert (status["accepted"], reached) == (READERS, READERS)
