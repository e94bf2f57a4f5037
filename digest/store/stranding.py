"""Batches that only one transport may redo, where the settings name that transport no more: nobody sends them.

Another transport may not have them, for the first one's provider may have sent them. They wait until the transport is
back, or an operator says what came of them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, select, update

from digest.models import AttemptState, BatchState
from digest.store import attempts
from digest.store.counting import Doubt
from digest.store.database import Database
from digest.store.schema import attempt, batch


def stranded(database: Database, edition: str, transports: Collection[str]) -> list[Doubt]:
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
    found = {row.number: Doubt(row.number, row.size, row.id, row.transport, row.started_at, row.detail) for row in rows}
    return list(found.values())


def hold(database: Database, edition: str, number: int) -> None:
    """Puts such a batch in doubt, so that an operator's word can settle it as it settles any other."""
    mine = and_(batch.c.id == number, batch.c.edition == edition, batch.c.state == BatchState.PENDING)
    with database.write() as connection:
        if attempts.give_up_redoing(connection, number):
            connection.execute(update(batch).where(mine).values(state=BatchState.UNKNOWN))
