"""What a killed run left in flight, made one of the ledger's ends: never simply pending, for it may have been sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from digest.deliver.outcome import NotSent, Outcome, PerRecipient, Retryable, Unknown, resend_unknown
from digest.deliver.ports import Recovery
from digest.models import AttemptState, BatchState
from digest.store import locks
from digest.store.database import Database
from digest.store.locks import running_runs
from digest.store.schema import attempt, batch
from digest.store.sending import attempts, batches
from digest.store.sending.progress import unknown_recipients

_WHY = "the run was cut short while this was being handed over"


@dataclass(frozen=True)
class RecoveryPolicy:
    """`recovery`: transport → how its attempts are recovered; one that can be redone can be so for `redo_within`. With
    `resend` what is in doubt is sent again."""

    recovery: Mapping[str, Recovery]
    redo_within: Mapping[str, timedelta]
    boot: str
    resend: bool = False

    def recover(self, connection: Connection, edition: str, now: datetime) -> int:
        """Settles the attempts that nobody is at work on any more. Answers how many readers are in doubt by it."""
        found = connection.execute(
            select(attempt)
            .join(batch, batch.c.id == attempt.c.batch)
            .where(batch.c.edition == edition, attempt.c.state == AttemptState.SUBMITTING)
        ).all()
        dead = locks.not_running(connection, {orphan.run for orphan in found})
        doubtful = 0
        for orphan in (one for one in found if one.run in dead):
            ids = [id for id, _email in batches.batch_recipients(connection, orphan.batch)]
            outcome = self.outcome(orphan, ids, now)
            if self.resend:
                outcome = resend_unknown(outcome)
            if attempts.end_attempt(connection, orphan.id, outcome, now) is None:
                continue  # its provider's events came in between
            batches.apply_outcome(connection, orphan.batch, outcome)
            if isinstance(outcome, Unknown):
                doubtful += len(ids)
            elif isinstance(outcome, PerRecipient):
                doubtful += len(outcome.unknown)
        return doubtful

    def hold_what_is_too_old(self, connection: Connection, edition: str, now: datetime) -> int:
        """Batches that were to be redone, and whose provider has forgotten them by now, are in doubt."""
        waiting = (
            select(attempt.c.id, attempt.c.transport, attempt.c.started_at, attempt.c.batch, batch.c.size)
            .join(batch, batch.c.id == attempt.c.batch)
            .where(
                batch.c.edition == edition, batch.c.state == BatchState.PENDING, attempt.c.state == AttemptState.REDO
            )
        )
        held: dict[int, int] = {}
        for row in connection.execute(waiting).all():
            if not self._in_time(row, now):
                attempts.give_up_retrying(connection, row.batch)
                connection.execute(update(batch).where(batch.c.id == row.batch).values(state=BatchState.UNKNOWN))
                held[row.batch] = row.size
        return sum(held.values())

    def outcome(self, orphan: Any, ids: Sequence[int], now: datetime) -> Outcome:
        """What a row of `attempt` comes to that nobody is at work on; `ids` are the readers of its batch."""
        recovery = self.recovery.get(orphan.transport, "hold")
        doubt: int | None = orphan.in_doubt
        if orphan.send_at is not None and not orphan.schedule_id:
            return NotSent("the run was cut short before it had a schedule id; nothing is scheduled without one")
        if recovery == "redo":
            return (
                Retryable(f"{_WHY}; it is redone") if self._in_time(orphan, now) else Unknown(f"{_WHY}, too long ago")
            )
        if recovery == "stepwise" and doubt is None:
            return NotSent("the run was cut short before anything was handed over")
        if recovery == "hold" or doubt is None:
            return Unknown(_WHY)
        # Readers are handed over in the order of their ids: before those in doubt all are done, after them none is.
        done = frozenset(id for id in ids if id < doubt)
        unknown = dict.fromkeys(unknown_recipients(doubt, ids, same_boot=orphan.boot in ("", self.boot)), _WHY)
        return PerRecipient(accepted=done, unknown=unknown, not_sent_reason=_WHY)

    def _in_time(self, tried: Any, now: datetime) -> bool:
        within = self.redo_within.get(tried.transport)
        return within is None or now < tried.started_at + within


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


def dead_runs(database: Database) -> set[str]:
    """The runs that left attempts in flight and are at work no more. To be asked before what is told by them is read:
    who is dead stays so, who lives may end in between."""
    in_flight = select(attempt.c.run).distinct().where(attempt.c.state == AttemptState.SUBMITTING)
    with database.read() as connection:
        runs = set(connection.execute(in_flight).scalars())
    return runs - running_runs(database, runs) if runs else set()


def in_flight_elsewhere(database: Database, edition: str) -> int:
    """How many readers of the edition are being handed over by a run that is at work."""
    in_flight = (
        select(attempt.c.run, func.sum(batch.c.size))
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition, attempt.c.state == AttemptState.SUBMITTING)
        .group_by(attempt.c.run)
    )
    with database.read() as connection:
        readers: dict[str, int] = dict(connection.execute(in_flight).all())
    return sum(int(readers[run]) for run in running_runs(database, readers)) if readers else 0


def find_orphans(
    connection: Connection, runs: Collection[str], left: RecoveryPolicy, now: datetime, edition: str = ""
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


def _orphan(connection: Connection, row: Any, left: RecoveryPolicy, now: datetime) -> Orphan:
    ids = [id for id, _email in batches.batch_recipients(connection, row.batch)]
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
