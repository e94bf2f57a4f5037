"""The ledger and a run whose store was unavailable, on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from digest.deliver.attempt import DeliveryJob
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.worker import send_due
from digest.errors import StoreError, StoreUnavailable
from digest.store.content.editions import EditionStore
from digest.store.database import Database, open_database
from digest.store.errors import is_transient
from digest.store.locks import running_runs
from digest.store.schema import attempt
from digest.store.sending.ledger import SqlLedger
from tests.deliver.emails import EMAIL, SENDER, token
from tests.deliver.fakes import Scripted
from tests.store.conftest import KEY, NOW, Frozen, an_edition, enlist
from tests.store.test_ledger import HOLD, claim, tally
from tests.support.enqueue import Entry, enqueue
from tests.support.outages import Proxy


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda ids: Accepted("m1"),
        lambda ids: NotSent("busy"),
        lambda ids: Unknown("no answer"),
        lambda ids: Retryable("no answer"),
        lambda ids: Split("refused"),
        lambda ids: Rejected({ids[0]: "550"}),
        lambda ids: PerRecipient(frozenset({ids[0]}), {ids[1]: "550"}, {ids[2]: "cut off"}, not_sent_reason="cut off"),
    ],
    ids=["accepted", "not sent", "unknown", "retryable", "split", "rejected", "per recipient"],
)
def test_the_same_outcome_again_changes_nothing(
    ledger: SqlLedger, database: Database, frozen: Frozen, make: object
) -> None:
    assert callable(make)
    outcome: Outcome = make(frozen(4))
    name = claim(ledger).attempt
    ledger.settle(name, outcome, NOW)
    before = tally(database)
    ledger.settle(name, outcome, NOW)
    assert tally(database) == before


def test_the_same_progress_again_changes_nothing(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    a, b, c = frozen(3)
    got = claim(ledger, "smtp")
    for _ in range(2):
        ledger.record_started(got.attempt, a)
        ledger.record_rejected(got.attempt, a, "550")
        ledger.record_started(got.attempt, b)
        ledger.record_deferred(got.attempt, b, "452 4.2.2 full")
        ledger.record_started(got.attempt, c)
        assert tally(database) == {"frozen": 3, "rejected": 1, "pending": 2}
    ledger.settle(got.attempt, PerRecipient(frozenset({c}), {a: "550"}), NOW)
    assert tally(database) == {"frozen": 3, "rejected": 1, "pending": 1, "accepted": 1}
    assert [id for id, _email in claim(ledger, "smtp").recipients] == [b]


def test_claims_that_never_reached_the_run_are_pending_again(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(8, size=2)
    with ledger.running():
        in_flight, ended, _lost, _lost_too = (claim(ledger) for _ in range(4))
        ledger.settle(ended.attempt, Accepted(), NOW)
        ledger.resume([in_flight.attempt], [ended.attempt], NOW)
        assert tally(database) == {"frozen": 8, "accepted": 2, "pending": 6}
        again = [claim(ledger).batch for _ in range(2)]
        assert in_flight.batch not in again
        ledger.settle(in_flight.attempt, Accepted(), NOW)
        assert tally(database) == {"frozen": 8, "accepted": 4, "pending": 4}


def test_what_an_earlier_run_of_the_same_process_left_is_not_pending_again(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """Its outcome got lost, so it may have been sent."""
    frozen(2, size=2)
    with ledger.running():
        claim(ledger)
    with ledger.running():
        ledger.resume([], [], NOW)
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)
    assert tally(database) == {"frozen": 2, "unknown": 2}


class CommitsAndFails(SqlLedger):
    """Every third transaction raises after or before its commit, as if the connection had broken during it."""

    number = 0
    committed = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.number += 1
        fails = self.number % 3 == 0
        with super().transaction():
            yield
            if fails and not self.committed:
                raise StoreUnavailable("broken before the commit")
        if fails:
            raise StoreUnavailable("broken after the commit")


@pytest.mark.slow
@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_commit_in_doubt_sends_to_everyone_once(
    database: Database, frozen: Frozen, threads: int, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.deliver.outage._PAUSE", 0.001)
    monkeypatch.setattr("digest.deliver.failover._FIRST_PAUSE", 0.001)
    frozen(60, size=3)
    ledger, transport = CommitsAndFails(database), Scripted([NotSent("busy"), Accepted(), Accepted()] * 3)
    ledger.committed = committed
    with ledger.running():
        report = send_due(
            DeliveryJob(KEY, {"html": EMAIL}, SENDER, ledger, [transport], token, lambda: NOW, threads=threads, tries=9)
        )
    assert report.accepted == 60
    assert tally(database) == {"frozen": 60, "accepted": 60}
    batches = Counter(outgoing.batch for outgoing in transport.submitted)
    # Three of them were not sent at first.
    assert sum(batches.values()) == 20 + 3


@pytest.fixture
def proxied(postgres_url: str, tmp_path: Path) -> Iterator[tuple[Proxy, Database]]:
    with Proxy(postgres_url) as proxy:
        database = open_database(proxy.url, home=tmp_path)
        enlist(database, *(f"subscriber{number}@example.com" for number in range(40)))
        EditionStore(database).put(an_edition(), over=())
        with database.read() as connection:
            ids = list(connection.execute(text("SELECT id FROM subscriber ORDER BY id")).scalars())
        enqueue(database, KEY, [Entry(id, "html", NOW) for id in ids], 2, now=NOW)
        yield proxy, database
        proxy.repair()
        database.close()


@pytest.mark.slow
def test_a_run_whose_server_restarted_counts_as_running_again(proxied: tuple[Proxy, Database]) -> None:
    proxy, database = proxied
    ledger = SqlLedger(database)
    with ledger.running():
        in_flight = claim(ledger)
        proxy.cut()
        for call in (lambda: claim(ledger), lambda: ledger.resume([in_flight.attempt], [], NOW)):
            with pytest.raises(StoreUnavailable):
                call()
        proxy.repair()
        with pytest.raises(StoreUnavailable, match="marks this run"), ledger.transaction():
            pytest.fail("the run does not count as running")
        ledger.resume([in_flight.attempt], [], NOW)
        assert running_runs(database, [ledger.run]) == {ledger.run}
        # No other run treats it as dead.
        assert SqlLedger(database).begin_run(KEY, recovery=HOLD, now=NOW) == 0
        with ledger.transaction():
            ledger.settle(in_flight.attempt, Accepted(), NOW)
    assert tally(database) == {"frozen": 40, "accepted": 2, "pending": 38}


# Ends the session that holds a run's lock.
_END_HOLDER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
    AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(current_schema() || ' run ' || :run, 0)
"""


@pytest.mark.slow
def test_a_run_that_lost_only_its_lock_claims_nothing(proxied: tuple[Proxy, Database]) -> None:
    _proxy, database = proxied
    ledger = SqlLedger(database)
    with ledger.running():
        with database.write() as connection:
            connection.execute(text(_END_HOLDER), {"run": ledger.run})
        with pytest.raises(StoreUnavailable, match="closed the connection"), ledger.transaction():
            claim(ledger)
        with pytest.raises(StoreUnavailable, match="marks this run"), ledger.transaction():
            pytest.fail("the run does not count as running")
        ledger.resume([], [], NOW)
        with ledger.transaction():
            claim(ledger)
        # Only the second claim.
        with database.read() as connection:
            assert len(connection.execute(select(attempt.c.id)).all()) == 1


@pytest.mark.slow
def test_connections_that_break_during_a_send_leave_nobody_unknown(
    proxied: tuple[Proxy, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.deliver.outage._PAUSE", 0.05)
    proxy, database = proxied
    ledger, cuts, lock = SqlLedger(database), iter(range(3)), threading.Lock()

    def cutting(outgoing: object, log: object) -> Outcome:
        with lock:
            if next(cuts, None) is not None:
                proxy.cut()
                threading.Timer(0.3, proxy.repair).start()
        return Accepted()

    script: list[object] = [Accepted(), Accepted(), cutting] * 3
    transport = Scripted(script)  # type: ignore[arg-type]
    with ledger.running():
        report = send_due(DeliveryJob(KEY, {"html": EMAIL}, SENDER, ledger, [transport], token, lambda: NOW))
    assert tally(database) == {"frozen": 40, "accepted": report.accepted} == {"frozen": 40, "accepted": 40}
    assert len(transport.submitted) == 20
    assert any("when it returned" in problem for problem in report.problems)


def test_only_errors_that_may_pass_are_transient(database: Database, tmp_path: Path) -> None:
    row = {"id": "a", "batch": 99, "transport": "x", "state": "submitting", "started_at": NOW}
    with pytest.raises(StoreError) as raised, database.write() as connection:
        connection.execute(attempt.insert(), row)
    assert not isinstance(raised.value, StoreUnavailable)
    assert isinstance(raised.value.__cause__, IntegrityError)
    with sqlite3.connect(tmp_path / "locked.db", isolation_level=None) as one:
        one.execute("BEGIN EXCLUSIVE")
        with sqlite3.connect(tmp_path / "locked.db", timeout=0.0) as other:
            with pytest.raises(sqlite3.OperationalError) as busy:
                other.execute("CREATE TABLE x (y)")
            assert is_transient(busy.value)
            one.execute("ROLLBACK")
            with pytest.raises(sqlite3.OperationalError) as missing:
                other.execute("SELECT * FROM nothing")
            assert not is_transient(missing.value)
    with database.read() as connection:
        assert connection.execute(select(attempt.c.id)).first() is None
