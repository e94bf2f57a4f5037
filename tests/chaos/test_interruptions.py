"""Sends with a second process, a full disk, a locked store, a clock set back, or SIGTERM.

The provider's log decides who got what.
"""

from __future__ import annotations

import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from digest.store.database import open_database
from digest.store.schema import attempt
from tests.chaos.killed_send import EDITION, compare_with_log
from tests.chaos.outages import durable
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.paths import ROOT
from tests.support.folders import newsletter_folder
from tests.support.killing import lines, run_until_killed
from tests.support.outages import PostgresServer, no_space, postgres_programs
from tests.support.profiles import only_thorough
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment
from tests.support.silent import Silent

pytestmark = pytest.mark.slow

RECIPIENTS = 400


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SendGridServer]:
    """A SendGrid that takes 60 ms for each request, so that twenty batches can be interrupted."""
    with SendGridServer(log=tmp_path / "accepted.jsonl", latency=0.06, validate_every=50, check_every=50) as server:
        yield server


@pytest.fixture
def newsroom(tmp_path: Path, provider: SendGridServer) -> Newsroom:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    newsroom = Newsroom(tmp_path / "newsletter")
    newsroom.set_subscribers(*subscriber_rows(RECIPIENTS))
    newsroom.environment |= {
        **sendgrid_environment(provider.url),
        "DIGEST_DELIVERY__BATCH_SIZE": "20",
        "DIGEST_DELIVERY__THREADS": "2",
    }
    return newsroom


# As `digest`, but it waits seconds instead of a minute.
HURRIED = [sys.executable, "-m", "tests.chaos.hurried"]


def start_send(newsroom: Newsroom, *, hurried: bool = False, **environment: str) -> subprocess.Popen[str]:
    send = newsroom.command("--home", str(newsroom.home), "send", EDITION)
    return subprocess.Popen(
        [*HURRIED, *send[3:]] if hurried else send,
        env=newsroom.env(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_everyone_once(newsroom: Newsroom, *, most_unknown: int = 0) -> None:
    status = newsroom.json("status", EDITION, "--all")
    verdict = compare_with_log(_log(newsroom), status, RECIPIENTS, killed=False)
    assert verdict.holds, verdict
    assert verdict.unknown <= most_unknown


def counted(out: str, state: str) -> int:
    """Return the recipients in a state, as the table of a send shows them. Without a table: 0."""
    return next((int(line.split()[1]) for line in out.splitlines() if line.startswith(f"{state} ")), 0)


def sent_by_this_command(out: str) -> int:
    return next(int(line.split()[0]) for line in out.splitlines() if line.endswith("by this command"))


# tests/workers/test_two_workers.py has two processes that share it.
@only_thorough
def test_two_processes_share_a_postgresql(newsroom: Newsroom, postgres_url: str) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    newsroom.json("compose")
    # So slow that it is far from done when the other begins.
    slow = start_send(newsroom, DIGEST_DELIVERY__RATE__PER_SECOND="20")
    while not lines(_log(newsroom), 20)() and slow.poll() is None:
        time.sleep(0.01)
    ends = [process.communicate(timeout=300) for process in [slow, start_send(newsroom)]]
    shares = [sent_by_this_command(out) for out, _err in ends]
    assert sum(shares) == RECIPIENTS
    assert min(shares) > 0, ends
    assert_everyone_once(newsroom)


# tests/chaos/test_outages.py restarts it under one process, and tests/workers/test_outage.py under a worker.
@only_thorough
def test_a_restart_of_postgresql_ends_none_of_several_processes(newsroom: Newsroom, provider: SendGridServer) -> None:
    """A process that starts afterwards finds no locks, and treats the batches as lost."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("needs initdb and pg_ctl of PostgreSQL")
    with PostgresServer(programs) as server, durable(server) as url:
        newsroom.environment["DIGEST_STORE__URL"] = url
        newsroom.json("compose")
        # So slow that the restart comes in the middle of the send: after the send a command does not wait for the
        # store.
        provider.latency = 4.0
        processes = [start_send(newsroom), start_send(newsroom)]
        database = open_database(url, home=newsroom.home)
        runs, number = select(func.count(attempt.c.run.distinct())), 0
        while number < len(processes) and all(process.poll() is None for process in processes):
            with database.read() as connection:
                number = connection.execute(runs).scalar_one()
            time.sleep(0.05)
        database.close()
        server.restart("immediate")
        provider.latency = 0.06
        processes.append(start_send(newsroom))
        for process in processes:
            out, err = process.communicate(timeout=300)
            # The process that ends first reports what it sees: batches of the others are pending while these try them
            # again, or unknown until they record them. On a busy machine one of them may send nothing.
            others = counted(out, "unknown") + counted(out, "pending")
            is_early = others > 0 or "another digest process is sending" in err
            assert process.returncode == 0 or is_early, f"{out}\n{err}"
        assert_everyone_once(newsroom)


# tests/workers/test_two_workers.py kills one of two workers.
@only_thorough
def test_batches_of_a_killed_process_are_unknown_and_the_other_process_goes_on(
    newsroom: Newsroom, postgres_url: str
) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    newsroom.json("compose")
    other = start_send(newsroom)
    run_until_killed(
        newsroom.command("--home", str(newsroom.home), "send", EDITION), newsroom.env(), lines(_log(newsroom), 100)
    )
    out, err = other.communicate(timeout=300)
    assert sent_by_this_command(out) > 0, err
    newsroom.digest("send", EDITION)
    assert_everyone_once(newsroom, most_unknown=2 * 20)


# In tests/cli/test_run.py the schedule waits for a send of another process.
@only_thorough
def test_a_second_process_on_sqlite_exits_or_finds_nothing_to_do(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("compose")
    provider.latency = 0.3
    process = start_send(newsroom)
    while not lines(_log(newsroom), 20)() and process.poll() is None:
        time.sleep(0.01)
    second = newsroom.digest("send", EDITION)
    _out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert second.code == 0 or "another digest process is sending" in second.err
    assert_everyone_once(newsroom)


# test_outages.py fills its disk for a while.
@only_thorough
def test_a_disk_that_stays_full_is_reported_and_nobody_gets_two_emails(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    newsroom.digest("send", EDITION, "--dry-run")
    # The limit is for each file. The log of SQLite grows from nothing: it reaches half of the store's size in mid-send.
    limit = sum(path.stat().st_size for path in newsroom.home.glob("digest.db*")) // 1024 // 2
    send = shlex.join([*HURRIED, "--home", str(newsroom.home), "send", EDITION])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {limit}; exec {send}"],
        # The limit would also stop coverage.py, which ends with a traceback of its own.
        env={name: value for name, value in newsroom.env().items() if not name.startswith("COVERAGE_")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "it did not return within" in done.stderr
    newsroom.digest("send", EDITION)
    assert_everyone_once(newsroom, most_unknown=2 * 20)


# test_outages.py fills its disk for a while. tests/web/test_locked_store.py locks it.
@only_thorough
def test_a_send_waits_for_a_store_that_another_program_locks(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    process = start_send(newsroom)
    until = time.monotonic() + 30
    while not lines(_log(newsroom), 100)() and time.monotonic() < until:
        time.sleep(0.01)
    with sqlite3.connect(newsroom.home / "digest.db", isolation_level=None, timeout=30) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(2)
        other.execute("ROLLBACK")
    _out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert_everyone_once(newsroom)


# tests/store/test_clock.py sets the clock back, and test_kill.py kills.
@only_thorough
def test_after_a_clock_is_set_back_nobody_gets_two_emails(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    command = newsroom.command("--home", str(newsroom.home), "send", EDITION)
    run_until_killed(command, newsroom.env(), lines(_log(newsroom), 100))
    newsroom.digest("send", EDITION, DIGEST_NOW="2026-11-23T05:10+05:30")
    newsroom.digest("send", EDITION, DIGEST_NOW="2026-11-24T09:00+05:30")
    assert_everyone_once(newsroom, most_unknown=2 * 20)


def test_sigterm_finishes_batches_in_flight_and_leaves_the_rest_pending(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    process = start_send(newsroom)
    watch = threading.Timer(60, process.kill)
    watch.start()
    while not lines(_log(newsroom), 60)() and process.poll() is None:
        time.sleep(0.005)
    process.terminate()
    _out, err = process.communicate(timeout=60)
    watch.cancel()
    assert process.returncode == 1
    assert "to resume" in err
    status = newsroom.json("status", EDITION)
    assert status["unknown"] == 0
    assert 0 < status["pending"] < RECIPIENTS
    newsroom.digest("send", EDITION)
    assert_everyone_once(newsroom)


# The test above stops a send by SIGTERM, and test_outages.py has one that waits for its store.
@only_thorough
def test_sigterm_ends_a_send_that_waits_for_its_store(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    process = start_send(newsroom, hurried=True)
    while not lines(_log(newsroom), 60)() and process.poll() is None:
        time.sleep(0.005)
    with no_space(process.pid):
        time.sleep(1)
        process.terminate()
        _out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "it did not return within" in err
    newsroom.digest("send", EDITION)
    assert_everyone_once(newsroom, most_unknown=2 * 20)


# The test of SIGTERM above ends a send, and tests/deliver/test_shutdown.py cuts providers that hang.
@only_thorough
@pytest.mark.parametrize("again", [False, True], ids=lambda again: "twice" if again else "once")
def test_sigterm_ends_a_send_whose_provider_hangs(newsroom: Newsroom, again: bool) -> None:
    """The first signal aborts after a grace period, the second one at once. Unknown recipients are listed."""
    newsroom.json("compose")
    with Silent() as server:
        host = f"http://127.0.0.1:{server.port}"
        # Only the signal may end the request: its own timeout is longer than this test waits.
        settings = {"DIGEST_DELIVERY__SENDGRID__HOST": host, "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "10m"}
        process = start_send(newsroom, hurried=not again, **settings)
        while server.taken < 2 and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        if again:
            time.sleep(0.5)
            process.terminate()
        _out, err = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGTERM if again else 1), err
    status = newsroom.json("status", EDITION)
    assert (status["unknown"], status["accepted"]) == (2 * 20, 0)
    assert [(one["readers"], one["transport"]) for one in status["unknown_batches"]] == [(20, "sendgrid")] * 2
    newsroom.digest("send", EDITION)
    assert_everyone_once(newsroom, most_unknown=2 * 20)


def _log(newsroom: Newsroom) -> Path:
    return newsroom.home.with_name("accepted.jsonl")
