"""Freeze an edition: put each subscriber into a batch, on SQLite and on PostgreSQL. Then settle and claim batches.

PostgreSQL is measured if DIGEST_TEST_POSTGRES has the URL of a database, in which a schema is created and dropped.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import median

from bench.measure import timed
from bench.newsletter import email_of
from digest.deliver.outcome import Accepted
from digest.models import Edition, EditionState, Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import Database, analyze, open_database
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import subscriber
from digest.store.sending.enqueue import Placement, enqueue_subscribers
from digest.store.sending.ledger import SqlLedger

_KEY = "2026-11-23"
_NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
_VARIANTS = 8
_BATCH_SIZE = 1000
# Seconds for 100,000 subscribers.
BARS = {"sqlite": 0.6, "postgresql": 0.8}
# Seconds for a million of them, see `ledger_million`.
BAR_MILLION = 8.0
# Milliseconds to settle a batch and claim the next one, in one commit.
_BATCH_BAR = 5.0
_ROUNDS = 3
# Of the schemas of this process.
_numbers = itertools.count()


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds or milliseconds, bar)."""
    count = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder:
        rows = measure("sqlite", f"sqlite:///{Path(folder) / 'digest.db'}", count, BARS["sqlite"])
    if server := os.environ.get("DIGEST_TEST_POSTGRES"):
        with schema(server) as url:
            rows += measure("postgresql", url, count, BARS["postgresql"])
    return rows


def measure(kind: str, url: str, count: int, bar: float) -> list[tuple[str, ...]]:
    """Rows of (what, seconds or milliseconds, bar) of the store at this URL."""
    database = open_database(url, home=Path())
    try:
        SubscriberStore(database).sync(_subscribers(count), now=_NOW)
        with database.write() as connection:
            # PostgreSQL does it by itself within a minute.
            analyze(connection, subscriber)
        keys = [f"{_KEY}-{number}" for number in range(_ROUNDS)]
        seconds = min(timed(partial(_freeze, database, key, count)) for key in keys)
        per_batch = 1000 * median(_settle_and_claim(SqlLedger(database), keys[-1]))
    finally:
        database.close()
    what = f"{kind}, {count:,} subscribers, {_VARIANTS} variants"
    batch = f"{kind}, settle a batch of {_BATCH_SIZE:,} and claim the next, ms"
    return [(what, f"{seconds:.2f}", f"<= {bar}"), (batch, f"{per_batch:.1f}", f"<= {_BATCH_BAR}")]


def _settle_and_claim(ledger: SqlLedger, key: str) -> Iterator[float]:
    """Seconds of each commit."""
    with ledger.running():
        claims = ledger.claim(1, key, "outbox", _NOW, 1)
        while claims:
            began = time.perf_counter()
            with ledger.transaction():
                ledger.record_accepted([(claims[0], Accepted())], _NOW)
                claims = ledger.claim(1, key, "outbox", _NOW, 1)
            yield time.perf_counter() - began


def _subscribers(count: int) -> Iterator[tuple[str, Subscriber]]:
    for number in range(count):
        email = email_of(number)
        topics = (f"topic{number // 2 % (_VARIANTS // 2)}",)
        yield email, Subscriber(email, topics=topics, format="text" if number % 2 else "html")


def _freeze(database: Database, key: str, count: int) -> None:
    EditionStore(database).put(Edition(key, date(2026, 11, 23), 1, EditionState.APPROVED, "विषय", "", ()), over=())
    groups = SubscriberStore(database).recipient_groups(key)
    decisions = {group: Placement(f"{group.topics} {group.format}", _NOW) for group in groups}
    done = enqueue_subscribers(database, key, decisions, _BATCH_SIZE, now=_NOW)
    assert (done.recipients, len(groups)) == (count, _VARIANTS)


@contextmanager
def schema(server: str) -> Iterator[str]:
    """Create a schema in this database, yield a URL that sees only it, and drop it."""
    import psycopg

    name = f"bench_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE SCHEMA "{name}"')
        try:
            yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"
        finally:
            admin.execute(f'DROP SCHEMA IF EXISTS "{name}", "{name}_jobs" CASCADE')
