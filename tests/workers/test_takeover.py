"""A worker with the only seat stops, or loses its network: another one takes the seat, and the first does no harm."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.killed_send import prepare
from tests.cli.newsroom import Newsroom
from tests.proof.cases import Case
from tests.proof.field import make_field
from tests.support.killing import balance
from tests.support.profiles import only_thorough
from tests.workers.running import EDITION, PATIENCE, team, until

# Each test starts processes.
pytestmark = pytest.mark.slow

RECIPIENTS = 300
EVERYBODY = {f"subscriber{number}@example.com" for number in range(RECIPIENTS)}
# One seat, and at most two batches in flight.
ONE_SEAT = {"DIGEST_WORKERS__SEATS": "1", "DIGEST_DELIVERY__THREADS": "2"}
# So that there is something left to take over, however long the other worker takes to start. That one is as fast as
# usual.
SLOWLY = {"DIGEST_DELIVERY__RATE__PER_SECOND": "1"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    made = prepare(tmp_path_factory.mktemp("takeover") / "prepared", RECIPIENTS)
    # Pictures take most of the time to compose it again in another store.
    made.environment["DIGEST_THEME__MAX_IMAGES"] = "0"
    return made


# In test_two_workers.py workers go on for one that is killed. In tests/store/test_taken_over.py a run goes on for one
# that is stopped.
@only_thorough
def test_a_stopped_worker_loses_its_seat_and_repeats_nothing_when_it_wakes_up(
    prepared: Newsroom, tmp_path: Path
) -> None:
    with team(prepared, tmp_path) as made:
        made.newsroom.environment |= ONE_SEAT | SLOWLY
        stopped = made.start()
        until(lambda: made.accepted() > 0, "the first batch")
        for name in SLOWLY:
            del made.newsroom.environment[name]
        other = made.start()
        until(lambda: other.says("Running"), "the other worker")
        stopped.process.send_signal(signal.SIGSTOP)
        until(lambda: other.says("Batch accepted"), "the other worker's first batch")
        # All but what the stopped one has in flight.
        until(lambda: made.accepted() >= RECIPIENTS - 2 * 20, "the rest")
        # The email that was on its way when the worker was stopped.
        assert made.status()["unknown"] <= 1
        stopped.process.send_signal(signal.SIGCONT)
        status = made.finished()
        assert (status["state"], status["accepted"], status["unknown"]) == ("done", RECIPIENTS, 0)
        assert (made.balance().duplicates, made.balance().missing(EVERYBODY)) == ({}, set())
        assert [stopped.end(), other.end()] == [0, 0]
        assert not stopped.says("Traceback")


# In test_two_workers.py a worker is killed, and tests/store/test_outages.py breaks the connections of a send.
@only_thorough
def test_a_worker_that_is_cut_off_loses_its_seat_and_comes_back(prepared: Newsroom, tmp_path: Path) -> None:
    case = Case("link down", "sendgrid", "postgresql", 2, 5)
    if reason := case.why_not:
        pytest.skip(reason)
    with make_field(case, prepared, tmp_path / "cut", RECIPIENTS) as field:
        field.newsroom.environment |= ONE_SEAT
        # The commands of this test run where the first worker is.
        field.start(1, **SLOWLY)
        until(field.accepted, "the first batch")
        field.start(0)
        until(lambda: len(field.status()["workers"]) == 2, "the other worker")
        field.links[1].is_cut = True
        before = field.accepted()
        # More than what was on its way.
        until(lambda: field.accepted() > before + 2 * 10, "the other worker's first batch")
        # All but what the other one had on its way. Reading a log costs less than `digest status`.
        until(lambda: field.accepted() >= RECIPIENTS - 2 * 10, "nearly all emails")
        status = until(lambda: not (found := field.status())["pending"] and found, "the rest")
        field.links[1].is_cut = False
        assert status["unknown"] <= 2 * 10
        assert status["accepted"] == RECIPIENTS - status["unknown"]
        # It is back, and has nothing left to do.
        until(lambda: all(each["state"] == "running" for each in field.status()["workers"]), "its return")
        for process in field.running:
            process.terminate()
            assert process.wait(PATIENCE) == 0
        found = balance(field.log)
        unknown = {row["email"] for row in field.status()["not_reached"]}
        assert (found.duplicates, found.missing(EVERYBODY) - unknown) == ({}, set())
        assert field.digest("status", EDITION).code in (0, 1)
