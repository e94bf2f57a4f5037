"""A send by SMTP that is killed, or told to stop: at most one reader a connection is in doubt, and nobody gets two."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.chaos.proof import EDITION, prepare
from tests.cli.newsroom import Newsroom
from tests.support.killing import balance, lines, run_until_killed, serving
from tests.support.profiles import first

pytestmark = pytest.mark.slow

READERS, THREADS = 400, 4


def over_smtp(folder: Path, url: str) -> Newsroom:
    room = prepare(folder, READERS)
    room.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": url.rpartition(":")[2],
        "DIGEST_DELIVERY__THREADS": str(THREADS),
        "DIGEST_DELIVERY__BATCH_SIZE": "50",
    }
    return room


def judged(room: Newsroom, log: Path) -> tuple[int, int]:
    """(accepted, unknown) by `status`, held against the server's log. Raises AssertionError where they disagree."""
    status = json.loads(room.process("status", EDITION, "--all", "--json").out)
    doubtful = {row["email"] for row in status["not_reached"] if row["state"] == "unknown"}
    found = balance(log)
    everyone = {f"reader{number}@example.com" for number in range(READERS)}
    assert found.duplicates == {}
    assert not found.missing(everyone - doubtful)
    assert not found.unexpected(everyone)
    assert status["accepted"] + len(doubtful) == READERS
    return status["accepted"], status["unknown"]


@pytest.mark.parametrize(("after", "pipelining"), first([(137, True), (1, False), (137, False), (1, True)], dev=2))
def test_a_kill_leaves_one_reader_a_connection_in_doubt(tmp_path: Path, pipelining: bool, after: int) -> None:
    log = tmp_path / "accepted.jsonl"
    offers = ["--pipelining"] * pipelining
    with serving("tests.support.smtp_server", "--log", str(log), *offers) as url:
        room = over_smtp(tmp_path / "room", url)
        send = room.command("send", EDITION)
        assert run_until_killed(send, room.env(), lines(log, after), cwd=room.home).killed
        for _ in range(2):
            room.process("send", EDITION)
        assert judged(room, log)[1] <= THREADS


def test_sigterm_ends_within_a_letter_and_the_rest_goes_later(tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    with serving("tests.support.smtp_server", "--log", str(log), "--pipelining") as url:
        room = over_smtp(tmp_path / "room", url)
        process = subprocess.Popen(
            room.command("send", EDITION),
            env=room.env(),
            cwd=room.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        begun = lines(log, 20)
        while not begun():
            time.sleep(0.002)
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        assert sum(balance(log).counts.values()) < READERS
        room.process("send", EDITION)
        assert judged(room, log) == (READERS, 0)
