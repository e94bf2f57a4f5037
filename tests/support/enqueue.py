"""Enqueue recipients and claim batches one by one, for tests that follow a single one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from digest.deliver.ports import Claim, Ledger
from digest.store.database import Database, copy_rows, temp_table
from digest.store.schema import delivery
from digest.store.sending.enqueue import Placement, insert_deliveries, placements


@dataclass(frozen=True, slots=True)
class Entry:
    """A subscriber to enqueue, by id. The other fields are those of `Placement`."""

    subscriber: int
    variant: str | None = None
    due_at: datetime | None = None
    excluded: str | None = None


def enqueue(
    database: Database, edition: str, entries: Iterable[Entry], batch_size: int, *, now: datetime | None = None
) -> int:
    """Return how many subscribers were put in a batch now. Those in a batch already stay there."""
    numbers: dict[Placement, int] = {}
    rows = (
        (numbers.setdefault(Placement(entry.variant, entry.due_at, entry.excluded), len(numbers)), entry.subscriber)
        for entry in entries
    )
    in_batch = func.coalesce(delivery.c.outcome, "") != "excluded"
    known = select(delivery.c.subscriber).where(delivery.c.edition == edition, in_batch)
    with database.write() as connection, temp_table(connection, placements):
        copy_rows(connection, placements, rows)
        connection.execute(delete(placements).where(placements.c.subscriber.in_(known)))
        return insert_deliveries(connection, edition, list(numbers), batch_size, now).recipients


def claim_one(ledger: Ledger, *arguments: Any) -> Claim | None:
    """Claim one batch with the arguments of `Ledger.claim` after the first. Return None if there is none."""
    return next(iter(ledger.claim(1, *arguments)), None)
