"""How many readers have gone by each transport, so that limits survive a restart and hold across processes.

Keeps the counts; what they allow is `deliver.rate`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from digest.deliver.rate import Limits, Window, take
from digest.store.database import Database
from digest.store.schema import rate

_FIRST_USE = 0  # the row that says when a transport was first used has no window


class RateStore:
    """Counts against the same limits for each transport."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self.database = database
        self.limits = limits

    def take(self, transport: str, readers: int, now: datetime) -> float:
        """Counts the readers and answers 0, or counts nobody and answers the seconds until they may go."""
        with self.database.write(area=f"rate {transport}") as connection:
            kept = _windows(connection, transport)
            first = kept.get(_FIRST_USE, Window(now, 0))
            wait, after = take(self.limits.on(now, first.start), kept, readers, now)
            if not wait:
                _keep(connection, transport, {**after, _FIRST_USE: first})
        return wait

    def put_back(self, transport: str, readers: int) -> None:
        """They were counted and have certainly not gone."""
        with self.database.write(area=f"rate {transport}") as connection:
            kept = _windows(connection, transport)
            _keep(connection, transport, {s: Window(w.start, max(0, w.count - readers)) for s, w in kept.items()})


def _windows(connection: Connection, transport: str) -> dict[int, Window]:
    rows = connection.execute(select(rate.c.seconds, rate.c.start, rate.c.readers).where(rate.c.transport == transport))
    return {row.seconds: Window(row.start, row.readers) for row in rows}


def _keep(connection: Connection, transport: str, windows: Mapping[int, Window]) -> None:
    connection.execute(delete(rate).where(rate.c.transport == transport))
    values = [
        {"transport": transport, "seconds": seconds, "start": window.start, "readers": window.count}
        for seconds, window in windows.items()
    ]
    if values:
        connection.execute(insert(rate), values)
