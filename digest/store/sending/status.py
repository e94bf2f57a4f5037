"""How an edition stands, at one moment: its numbers, who is without it, which batches are in doubt.

Reads only. Whoever was in the hands of a killed run is counted as recovery will count them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update

from digest.models import AttemptState, BatchState
from digest.store.database import Database
from digest.store.schema import attempt, batch
from digest.store.sending import attempts
from digest.store.sending.recovery import Orphan, RecoveryPolicy, dead_runs, find_orphans
from digest.store.sending.stats import Counts, UnknownBatch, Unreached, count, read_unknown_batches, read_unreached


def unsendable_batches(database: Database, edition: str, transports: Collection[str]) -> list[UnknownBatch]:
    """Those of an edition, each with the latest attempt that has to be redone."""
    waiting = (
        select(batch.c.id.label("number"), batch.c.size, attempt)
        .join(attempt, attempt.c.batch == batch.c.id)
        .where(batch.c.edition == edition, batch.c.state == BatchState.PENDING, batch.c.size > 0)
        .where(attempt.c.state == AttemptState.REDO, attempt.c.transport.not_in(list(transports)))
        .order_by(batch.c.id, attempt.c.started_at)
    )
    with database.read() as connection:
        rows = connection.execute(waiting).all()
    found = {
        row.number: UnknownBatch(row.number, row.size, row.id, row.transport, row.started_at, row.detail)
        for row in rows
    }
    return list(found.values())


def mark_unknown(database: Database, edition: str, number: int) -> None:
    """Puts such a batch in doubt, so that an operator's word can settle it as it settles any other."""
    mine = and_(batch.c.id == number, batch.c.edition == edition, batch.c.state == BatchState.PENDING)
    with database.write() as connection:
        if attempts.give_up_retrying(connection, number):
            connection.execute(update(batch).where(mine).values(state=BatchState.UNKNOWN))


@dataclass(frozen=True, slots=True)
class EditionStatus:
    counts: Counts
    unreached: list[Unreached]
    unknown: list[UnknownBatch]


class StatusReader:
    """`left` says what becomes of what a killed run left."""

    def __init__(self, database: Database, left: RecoveryPolicy) -> None:
        self.database = database
        self.left = left

    def read(self, edition: str, now: datetime, *, limit: int | None = None, waiting: bool = True) -> EditionStatus:
        """`limit` and `waiting` as in `counting.missing`."""
        runs = dead_runs(self.database)
        with self.database.read() as connection:
            left = find_orphans(connection, runs, self.left, now, edition)
            return EditionStatus(
                count(connection, edition, left),
                list(read_unreached(connection, edition, limit, waiting=waiting, orphans=left)),
                read_unknown_batches(connection, edition, left),
            )

    def orphans(self, now: datetime) -> Mapping[int, Orphan]:
        """Of all editions, by their batch."""
        runs = dead_runs(self.database)
        with self.database.read() as connection:
            return find_orphans(connection, runs, self.left, now)
