"""An open store of each kind, an edition being sent, and subscribers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from digest.models import Edition, Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from tests.support.enqueue import Entry, enqueue

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
KEY = "2026-11-23"


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database)


def an_edition(key: str = KEY) -> Edition:
    return Edition(key, date.fromisoformat(KEY), 1, "sending", "विषय", "", ())


def enlist(database: Database, *addresses: str) -> None:
    """Make these addresses the whole list."""
    SubscriberStore(database).sync([(a, Subscriber(email=a)) for a in addresses], now=NOW)


Frozen = Callable[..., list[int]]


@pytest.fixture
def frozen(database: Database) -> Frozen:
    """Freeze an edition for `count` subscribers, and return their ids."""

    def make(count: int, *, size: int = 1000, key: str = KEY, due: datetime = NOW) -> list[int]:
        enlist(database, *(f"subscriber{n}@example.com" for n in range(count)))
        editions = EditionStore(database)
        if editions.get(key) is None:
            editions.put(an_edition(key), over=())
        ids = [candidate.id for candidate in SubscriberStore(database).candidates(key)]
        enqueue(database, key, [Entry(id, "html", due) for id in ids], size, now=NOW)
        return ids

    return make
