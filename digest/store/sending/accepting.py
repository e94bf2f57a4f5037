"""Settle accepted batches, the common case.

On PostgreSQL each takes one statement, because a statement is a round trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from digest.deliver.outcome import Accepted
from digest.deliver.ports import Claim
from digest.errors import StoreError
from digest.models import AttemptState, BatchState
from digest.store.schema import attempt, batch

_accept_attempts = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values(state=AttemptState.ACCEPTED, ended_at=bindparam("at"), provider_id=bindparam("provider_id"))
)
_accept_batches = (
    update(batch)
    .where(batch.c.id == bindparam("number"), batch.c.state == BatchState.SUBMITTING)
    .values(state=BatchState.ACCEPTED)
)
# Returns the batch if the attempt was in flight, and whether the batch was in flight too. Takes one attempt at a time:
# with a list PostgreSQL would scan all attempts while the table is small.
_accept_both = text(f"""
    WITH ended AS (
        UPDATE attempt SET state = '{AttemptState.ACCEPTED}', ended_at = :at, provider_id = :provider_id
        WHERE id = :name AND state = '{AttemptState.SUBMITTING}' RETURNING batch
    ), moved AS (
        UPDATE batch SET state = '{BatchState.ACCEPTED}'
        WHERE id = (SELECT batch FROM ended) AND state = '{BatchState.SUBMITTING}' RETURNING id
    )
    SELECT batch, EXISTS (SELECT FROM moved) FROM ended
""")  # noqa: S608


def accept(connection: Connection, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> Sequence[int]:
    """End accepted attempts and their batches. Returns the batches of the attempts that were in flight."""
    if not accepted:
        return []
    rows: Sequence[Mapping[str, Any]] = [
        {"name": claim.attempt, "provider_id": outcome.provider_id, "at": now} for claim, outcome in accepted
    ]
    if connection.dialect.name == "postgresql":
        found = [row for values in rows for row in connection.execute(_accept_both, values)]
        moved = sum(row.exists for row in found)
        ended: Sequence[int] = [row.batch for row in found]
    else:
        ended = _accept_each(connection, accepted, rows)
        moved = connection.execute(_accept_batches, [{"number": number} for number in ended]).rowcount if ended else 0
    if moved != len(ended):
        raise StoreError(f"batch {', '.join(map(str, ended))} was not being submitted; two runs can't both own it")
    return ended


def _accept_each(
    connection: Connection, accepted: Sequence[tuple[Claim, Accepted]], rows: Sequence[Mapping[str, Any]]
) -> Sequence[int]:
    if connection.execute(_accept_attempts, rows).rowcount == len(rows):
        return [claim.batch for claim, _outcome in accepted]
    names = [claim.attempt for claim, _outcome in accepted]
    own = select(attempt.c.batch).where(attempt.c.id.in_(names), attempt.c.state == AttemptState.ACCEPTED)
    return list(connection.execute(own).scalars())
