"""What a killed run left in flight, for who only looks: told as recovery will make it, before anybody has recovered it.

Changes nothing. A run that is at work holds what is in flight; only of a dead one is it in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from digest.deliver.outcome import Outcome, PerRecipient, Unknown, resend_unknown
from digest.models import AttemptState, BatchState
from digest.store import batches
from digest.store.database import Database
from digest.store.locks import living
from digest.store.recovering import Left
from digest.store.schema import attempt, batch


@dataclass(frozen=True, slots=True)
class Orphan:
    """An attempt that nobody is at work on any more. Of its readers `accepted` have theirs, `unknown` may have; the
    rest have not."""

    batch: int
    attempt: str
    transport: str
    started_at: Any
    accepted: frozenset[int]
    unknown: frozenset[int]
    reason: str

    def state_of(self, reader: int) -> BatchState:
        if reader in self.accepted:
            return BatchState.ACCEPTED
        return BatchState.UNKNOWN if reader in self.unknown else BatchState.PENDING


def abandoned(database: Database) -> set[str]:
    """The runs that left attempts in flight and are at work no more. To be asked before what is told by them is read:
    who is dead stays so, who lives may end in between."""
    in_flight = select(attempt.c.run).distinct().where(attempt.c.state == AttemptState.SUBMITTING)
    with database.read() as connection:
        runs = set(connection.execute(in_flight).scalars())
    return runs - living(database, runs) if runs else set()


def held_by_the_living(database: Database, edition: str) -> int:
    """How many readers of the edition are being handed over by a run that is at work."""
    in_flight = (
        select(attempt.c.run, func.sum(batch.c.size))
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition, attempt.c.state == AttemptState.SUBMITTING)
        .group_by(attempt.c.run)
    )
    with database.read() as connection:
        readers: dict[str, int] = dict(connection.execute(in_flight).all())
    return sum(int(readers[run]) for run in living(database, readers)) if readers else 0


def orphans(
    connection: Connection, runs: Collection[str], left: Left, now: datetime, edition: str = ""
) -> Mapping[int, Orphan]:
    """Batch → what these runs left of it, of one edition or of all."""
    if not runs:
        return {}
    found = (
        select(attempt)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(
            attempt.c.state == AttemptState.SUBMITTING, batch.c.state == BatchState.SUBMITTING, attempt.c.run.in_(runs)
        )
    )
    if edition:
        found = found.where(batch.c.edition == edition)
    return {row.batch: _orphan(connection, row, left, now) for row in connection.execute(found).all()}


def _orphan(connection: Connection, row: Any, left: Left, now: datetime) -> Orphan:
    ids = [id for id, _email in batches.readers(connection, row.batch)]
    outcome: Outcome = left.outcome(row, ids, now)
    if left.resend:
        outcome = resend_unknown(outcome)
    accepted: frozenset[int] = frozenset()
    unknown: frozenset[int] = frozenset()
    reason = getattr(outcome, "reason", "")
    if isinstance(outcome, Unknown):
        unknown = frozenset(ids)
    elif isinstance(outcome, PerRecipient):
        accepted, unknown, reason = outcome.accepted, frozenset(outcome.unknown), outcome.not_sent_reason
    return Orphan(row.batch, row.id, row.transport, row.started_at, accepted, unknown, reason)
