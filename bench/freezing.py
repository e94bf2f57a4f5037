"""Freeze an edition: put each subscriber into a batch, on SQLite and on PostgreSQL.

PostgreSQL is measured if DIGEST_TEST_POSTGRES has the URL of a database, in which a schema is created and dropped.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from bench.measure import timed
from bench.newsletter import email_of
from digest.models import Edition, EditionState, Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import Database, open_database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.enqueue import Decision, enqueue_subscribers

_KEY = "2026-11-23"
_NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
_VARIANTS = 8
_BATCH_SIZE = 1000
# Seconds for 100,000 subscribers.
BARS = {"sqlite": 0.6, "postgresql": 1.0}
_ROUNDS = 3


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, bar)."""
    count = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row("sqlite", f"sqlite:///{Path(folder) / 'digest.db'}", count)]
    if server := os.environ.get("DIGEST_TEST_POSTGRES"):
        with schema(server) as url:
            rows.append(_row("postgresql", url, count))
    return rows


def _row(kind: str, url: str, count: int) -> tuple[str, ...]:
    database = open_database(url, home=Path())
    try:
        SubscriberStore(database).sync(_subscribers(count), now=_NOW)
        keys = [f"{_KEY}-{number}" for number in range(_ROUNDS)]
        seconds = min(timed(partial(_freeze, database, key, count)) for key in keys)
    finally:
        database.close()
    return f"{kind}, {count:,} subscribers, {_VARIANTS} variants", f"{seconds:.2f}", f"<= {BARS[kind]}"


def _subscribers(count: int) -> Iterator[tuple[str, Subscriber]]:
    for number in range(count):
        email = email_of(number)
        topics = (f"topic{number // 2 % (_VARIANTS // 2)}",)
        yield email, Subscriber(email, topics=topics, format="text" if number % 2 else "html")


def _freeze(database: Database, key: str, count: int) -> None:
    EditionStore(database).put(Edition(key, date(2026, 11, 23), 1, EditionState.APPROVED, "विषय", "", ()), over=())
    groups = SubscriberStore(database).recipient_groups(key)
    decisions = {group: Decision(f"{group.topics} {group.format}", _NOW) for group in groups}
    done = enqueue_subscribers(database, key, decisions, _BATCH_SIZE, now=_NOW)
    assert (done.recipients, len(groups)) == (count, _VARIANTS)


@contextmanager
def schema(server: str) -> Iterator[str]:
    """Create a schema in this database, yield a URL that sees only it, and drop it."""
    import psycopg

    name = f"bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE SCHEMA "{name}"')
        try:
            yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"
        finally:
            admin.execute(f'DROP SCHEMA IF EXISTS "{name}", "{name}_jobs" CASCADE')
