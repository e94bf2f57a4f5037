"""Machines whose clocks are wrong share that of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest.store.content.editions import EditionStore
from digest.store.database import Database, open_database
from digest.store.locks import exclusive
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from digest.utils.clock import SharedClock, utc_now
from tests.store.conftest import KEY, an_edition, enlist
from tests.store.test_ledger import tally
from tests.support.enqueue import Entry, claim_one, enqueue

HOUR = timedelta(hours=1)
# What a busy machine may take between two statements.
SLACK = timedelta(minutes=1)


@contextmanager
def machine(url: str, skew: timedelta) -> Iterator[tuple[Database, SharedClock]]:
    """A machine whose clock is wrong by so much."""
    clock = SharedClock(lambda: utc_now() + skew)
    database = open_database(url, home=Path(), clock=clock)
    yield database, clock
    database.close()


def near(moment: datetime, expected: datetime) -> bool:
    return abs(moment - expected) < SLACK


@pytest.mark.slow
@pytest.mark.parametrize("skew", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_a_machine_with_a_wrong_clock_sends_by_that_of_the_database(postgres_url: str, skew: timedelta) -> None:
    with machine(postgres_url, skew) as (database, clock):
        assert near(clock(), utc_now())
        enlist(database, "asha@example.com", "ravi@example.com")
        EditionStore(database).put(an_edition(), over=())
        asha, ravi = (each.id for each in SubscriberStore(database).candidates(KEY))
        due = utc_now() + HOUR / 2
        enqueue(database, KEY, [Entry(asha, "html", due - HOUR), Entry(ravi, "html", due)], 10, now=utc_now())
        ledger = SqlLedger(database, clock=clock)
        got = claim_one(ledger, KEY, "outbox", clock(), 5)
        assert got is not None
        assert [id for id, _email in got.recipients] == [asha]
        assert claim_one(ledger, KEY, "outbox", clock(), 5) is None
        assert tally(database) == {"frozen": 2, "pending": 2}


@pytest.mark.slow
def test_each_look_at_a_lock_renews_the_clock(postgres_url: str) -> None:
    with machine(postgres_url, HOUR) as (database, clock), exclusive(database, "sending", wait=1.0) as lock:
        clock.set(utc_now() + 24 * HOUR)
        assert lock.is_held()
        assert near(clock(), utc_now())


@pytest.mark.slow
def test_an_old_time_is_renewed_by_the_next_transaction(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with machine(postgres_url, HOUR) as (database, clock):
        clock.set(utc_now() + 24 * HOUR)
        with database.read():
            assert not near(clock(), utc_now())
        monkeypatch.setattr("digest.store.database._CLOCK_AGE", 0.0)
        for transaction in (database.read, database.write):
            clock.set(utc_now() + 24 * HOUR)
            with transaction():
                assert near(clock(), utc_now())


def test_on_sqlite_the_computer_decides(sqlite_url: str) -> None:
    with machine(sqlite_url, HOUR) as (database, clock), database.read():
        assert near(clock(), utc_now() + HOUR)
