"""A freeze reader by reader, for tests that don't care by what their readers were told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from digest.store.database import Database, copy_rows, temp_table
from digest.store.schema import delivery
from digest.store.sending.enqueue import Decision, insert_deliveries, places


@dataclass(frozen=True, slots=True)
class Entry:
    """One reader in a freeze, named by id; the rest as in Fate."""

    subscriber: int
    variant: str = ""
    due_at: datetime | None = None
    excluded: str = ""


def freeze(
    database: Database, edition: str, entries: Iterable[Entry], batch_size: int, *, now: datetime | None = None
) -> int:
    """Answers how many readers got a place now; who had one in a batch keeps it."""
    numbers: dict[Decision, int] = {}
    rows = (
        (numbers.setdefault(Decision(entry.variant, entry.due_at, entry.excluded), len(numbers)), entry.subscriber)
        for entry in entries
    )
    has_a_place = func.coalesce(delivery.c.outcome, "") != "excluded"
    placed = select(delivery.c.subscriber).where(delivery.c.edition == edition, has_a_place)
    with database.write() as connection, temp_table(connection, places):
        copy_rows(connection, places, rows)
        connection.execute(delete(places).where(places.c.reader.in_(placed)))
        return insert_deliveries(connection, edition, list(numbers), batch_size, now).recipients
