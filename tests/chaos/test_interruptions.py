"""A send among other misfortunes than a kill: a second process, a full disk, a locked store, a clock set back, SIGTERM.
Each time the provider's log is the judge."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.proof import EDITION, judge
from tests.cli.newsroom import Newsroom, many
from tests.support.folders import newsletter_folder
from tests.support.killing import lines, run_until_killed, serving
from tests.support.sendgrid_server import KEY
from tests.support.silent import Silent

pytestmark = pytest.mark.slow

READERS = 400


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom whose SendGrid takes 60 ms a request, so that twenty batches leave time for trouble."""

    newsletter_folder(tmp_path / "letter")
    room = Newsroom(tmp_path / "letter")
    room.readers(*many(READERS))
    log = ("--log", str(room.home / "accepted.jsonl"), "--key", KEY, "--latency", "60", "--check-every", "50")
    with serving("tests.support.sendgrid_server", *log) as url:
        room.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": url,
            "DIGEST_DELIVERY__BATCH_SIZE": "20",
            "DIGEST_DELIVERY__THREADS": "2",
            "SENDGRID_API_KEY": KEY,
        }
        yield room


def begun(room: Newsroom, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        room.command("send", EDITION),
        env=room.env(environment),
        cwd=room.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def everyone_once(room: Newsroom, *, in_doubt: int = 0) -> None:
    status = room.json("status", EDITION, "--all")
    verdict = judge(room.home / "accepted.jsonl", status, READERS, killed=False)
    assert verdict.holds, verdict
    assert verdict.unknown <= in_doubt


def by_this_call(out: str) -> int:
    return next(int(line.split()[0]) for line in out.splitlines() if line.endswith("by this command"))


def test_two_processes_share_a_postgresql(room: Newsroom, postgres_url: str) -> None:
    room.environment["DIGEST_STORE__URL"] = postgres_url
    room.json("compose")
    ends = [process.communicate(timeout=90) for process in [begun(room), begun(room)]]
    shares = [by_this_call(out) for out, _err in ends]
    assert sum(shares) == READERS
    assert min(shares) > 0, ends
    everyone_once(room)


def test_what_one_of_two_processes_held_when_it_was_killed_is_in_doubt_and_the_other_goes_on(
    room: Newsroom, postgres_url: str
) -> None:
    room.environment["DIGEST_STORE__URL"] = postgres_url
    room.json("compose")
    other = begun(room)
    run_until_killed(room.command("--home", str(room.home), "send", EDITION), room.env(), lines(_log(room), 100))
    out, err = other.communicate(timeout=90)
    assert by_this_call(out) > 0, err
    room.digest("send", EDITION)
    everyone_once(room, in_doubt=2 * 20)


def test_a_second_process_on_sqlite_leaves_or_finds_nothing_to_do(room: Newsroom) -> None:
    room.json("compose")
    ends = [(process.communicate(timeout=90), process.returncode) for process in [begun(room), begun(room)]]
    assert 0 in [code for _said, code in ends]
    assert all(code == 0 or "another digest process is sending" in said[1] for said, code in ends), ends
    everyone_once(room)


def test_a_full_disk_is_said_and_nobody_gets_it_twice(room: Newsroom) -> None:
    room.json("compose")
    room.digest("send", EDITION, "--dry-run")
    size = sum(path.stat().st_size for path in room.home.glob("digest.db*"))
    limited = f"ulimit -f {size // 1024 + 24}; exec {sys.executable} -m digest.cli send {EDITION}"
    done = subprocess.run(
        ["bash", "-c", limited], env=room.env(), cwd=room.home, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "store" in done.stderr
    room.digest("send", EDITION)
    everyone_once(room, in_doubt=2 * 20)


def test_a_store_that_another_program_locks_for_a_while_is_waited_for(room: Newsroom) -> None:
    room.json("compose")
    process = begun(room)
    until = time.monotonic() + 30
    while not lines(_log(room), 100)() and time.monotonic() < until:
        time.sleep(0.01)
    with sqlite3.connect(room.home / "digest.db", isolation_level=None, timeout=30) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(2)
        other.execute("ROLLBACK")
    _out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    everyone_once(room)


def test_a_clock_that_is_set_back_makes_nobody_get_it_twice(room: Newsroom) -> None:
    room.json("compose")
    command = room.command("--home", str(room.home), "send", EDITION)
    run_until_killed(command, room.env(), lines(_log(room), 100))
    room.digest("send", EDITION, DIGEST_NOW="2026-11-23T05:10+05:30")
    room.digest("send", EDITION, DIGEST_NOW="2026-11-24T09:00+05:30")
    everyone_once(room, in_doubt=2 * 20)


def test_sigterm_finishes_what_is_in_flight_and_leaves_the_rest_pending(room: Newsroom) -> None:
    room.json("compose")
    process = begun(room)
    watch = threading.Timer(60, process.kill)
    watch.start()
    while not lines(_log(room), 60)() and process.poll() is None:
        time.sleep(0.005)
    process.terminate()
    _out, err = process.communicate(timeout=60)
    watch.cancel()
    assert process.returncode == 1
    assert "to resume" in err
    status = room.json("status", EDITION)
    assert status["unknown"] == 0
    assert 0 < status["pending"] < READERS
    room.digest("send", EDITION)
    everyone_once(room)


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_sigterm_ends_a_send_whose_provider_hangs(room: Newsroom, again: bool) -> None:
    """Asked once, it cuts in time for whoever stops services; asked again, at once. Who is in doubt is told."""
    room.json("compose")
    with Silent() as server:
        host = f"http://127.0.0.1:{server.port}"
        # Only the signal may end the request: its own timeout is longer than this test waits.
        process = begun(room, DIGEST_DELIVERY__SENDGRID__HOST=host, DIGEST_DELIVERY__SENDGRID__TIMEOUT="10m")
        while server.taken < 2 and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        if again:
            time.sleep(0.5)
            process.terminate()
        _out, err = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGTERM if again else 1), err
    status = room.json("status", EDITION)
    assert (status["unknown"], status["accepted"]) == (2 * 20, 0)
    assert [(one["readers"], one["transport"]) for one in status["unknown_batches"]] == [(20, "sendgrid")] * 2
    room.digest("send", EDITION)
    everyone_once(room, in_doubt=2 * 20)


def _log(room: Newsroom) -> Path:
    return room.home / "accepted.jsonl"
