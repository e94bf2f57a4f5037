"""Two worker processes send one edition: nobody gets it twice, also if one of them dies."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from digest import __version__
from digest.store.database import open_database
from digest.workers.queue import find
from tests.chaos.killed_send import prepare
from tests.cli.newsroom import Newsroom
from tests.support.profiles import only_thorough
from tests.workers.running import EDITION, team, until

# Each test starts processes.
pytestmark = pytest.mark.slow

RECIPIENTS = 400
EVERYBODY = {f"subscriber{number}@example.com" for number in range(RECIPIENTS)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("workers") / "prepared", RECIPIENTS)


def test_the_others_go_on_when_a_worker_is_killed(prepared: Newsroom, tmp_path: Path) -> None:
    with team(prepared, tmp_path, latency=300) as made:
        made.start("--seats", "1")
        made.start("--seats", "1")
        until(lambda: made.accepted() >= RECIPIENTS * 0.2, "a fifth")
        until(lambda: [each for each in made.workers if each.says("Batch accepted")], "its log")[0].kill()
        status = made.finished()
        found = made.balance()
        # What it had in flight waits for proof: a batch of each of four connections, and one more that waited.
        # Everybody else has it.
        assert 0 < status["unknown"] <= 5 * 20
        assert status["accepted"] == RECIPIENTS - status["unknown"]
        unknown = {row["email"] for row in status["not_reached"]}
        assert (found.duplicates, found.missing(EVERYBODY) - unknown) == ({}, set())


# tests/chaos/test_interruptions.py stops a send by SIGTERM, and test_takeover.py passes a seat on.
@only_thorough
def test_a_worker_that_is_asked_to_end_finishes_its_batches_and_passes_its_seat_on(
    prepared: Newsroom, tmp_path: Path
) -> None:
    # Batch by batch it takes much longer than the second worker needs to start.
    with team(prepared, tmp_path, latency=2500, DIGEST_WORKERS__SEATS="1", DIGEST_DELIVERY__THREADS="1") as made:
        first = made.start()
        until(lambda: made.accepted() > 0, "the first batch")
        made.newsroom.environment["DIGEST_DELIVERY__THREADS"] = "8"
        # `digest run` is one more worker.
        second = made.start(command="run")
        until(lambda: second.says("Running"), "the second worker")
        assert first.end() == 0
        assert first.lines[-1].endswith("Stopped.")
        # None of its batches in flight is unknown.
        status = made.finished()
        assert (status["state"], status["accepted"], status["unknown"]) == ("done", RECIPIENTS, 0)
        assert made.balance().duplicates == {}
        assert second.says("Batch accepted")


# tests/cli/test_watch.py shows workers, and tests/store/test_rate_limits.py shares the rates.
@only_thorough
def test_workers_show_themselves_and_share_the_rates(prepared: Newsroom, tmp_path: Path) -> None:
    limit = 200
    with team(prepared, tmp_path, DIGEST_DELIVERY__RATE__PER_DAY=str(limit)) as made:
        for _ in range(2):
            made.start("--seats", "2")
        until(lambda: made.accepted() >= limit, "the day's limit")
        status = until(lambda: (found := made.status())["accepted"] == limit and found, "the ledger")
        workers = {each["pid"]: each for each in status["workers"]}
        for each in made.workers:
            name = f"{workers[each.process.pid]['host']}:{each.process.pid}"
            assert each.says(f"Running as worker {name} with 2 seats. Stop with Ctrl-C.")
        assert workers.keys() == {each.process.pid for each in made.workers}
        assert {(each["version"], each["state"], each["seats"]) for each in workers.values()} == {
            (__version__, "running", 2)
        }
        assert "The workers send the pending ones." in made.newsroom.digest("status", EDITION).out
        assert [each.end() for each in made.workers] == [0, 0]
        assert made.accepted() == limit
        status = made.status()
        assert (status["pending"], status["workers"]) == (RECIPIENTS - limit, [])


# In tests/chaos/test_interruptions.py two commands share an edition.
@only_thorough
def test_a_command_that_sends_is_joined_by_the_workers(prepared: Newsroom, tmp_path: Path) -> None:
    """The schedule is over, so nobody but the command has begun this edition."""
    with team(prepared, tmp_path, latency=300, DIGEST_NOW="2026-11-23T13:00+05:30") as made:
        worker = made.start("--seats", "2")
        until(lambda: worker.says("Collected"), "its first step")
        assert made.newsroom.digest("edition", "reopen", EDITION).code == 0
        sent = made.newsroom.process("send", EDITION)
        assert sent.code == 0, sent.err
        assert worker.says("Batch accepted")
        made.finished()
        assert (made.balance().duplicates, made.balance().missing(EVERYBODY)) == ({}, set())


# tests/cli/test_automatic_stop.py and tests/web/desk/test_serving.py stop a send of one process; the test of a killed
# worker has several.
@only_thorough
def test_an_edition_is_paused_resumed_and_cancelled_while_workers_send(prepared: Newsroom, tmp_path: Path) -> None:
    with team(prepared, tmp_path, latency=300, DIGEST_DELIVERY__THREADS="1") as made:
        for _ in range(2):
            made.start("--seats", "1")
        until(lambda: made.accepted() >= RECIPIENTS * 0.2, "a fifth")
        assert made.newsroom.digest("edition", "pause", EDITION).code == 0
        # The command has waited for the batches in flight.
        paused = made.status()
        assert (paused["state"], paused["accepted"], paused["unknown"]) == ("paused", made.accepted(), 0)
        until(lambda: all(each.says("paused: ") for each in made.workers), "the end of both seats")
        for each in made.workers:
            each.kill()
        assert made.newsroom.digest("edition", "resume", EDITION).code == 0
        # Workers are called at once, not by a step of the schedule, which none runs now.
        with closing(open_database(made.newsroom.env()["DIGEST_STORE__URL"], home=tmp_path)) as store:
            jobs = find(store)
            assert jobs
            called = text(f"SELECT lock FROM \"{jobs.name}\".procrastinate_jobs WHERE status = 'todo'")
            assert f"seat 0 of {EDITION}" in store.query(called).scalars().all()
        assert made.accepted() == paused["accepted"]
        made.start("--seats", "1")
        until(lambda: made.accepted() > paused["accepted"], "another batch")
        assert made.newsroom.digest("edition", "cancel", EDITION).code == 0
        cancelled = made.status()
        assert (cancelled["state"], cancelled["accepted"], cancelled["unknown"]) == ("cancelled", made.accepted(), 0)
        assert made.newsroom.digest("edition", "resume", EDITION).code == 1
        assert made.newsroom.digest("send", EDITION).code == 1
        assert made.workers[-1].end() == 0
        assert made.accepted() == cancelled["accepted"] < RECIPIENTS
        assert made.balance().duplicates == {}
