"""Recovery of batches that a dead run left in flight, and a read-only preview of it.

They never simply become pending again, because they may have been sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from digest.deliver.outcome import NotSent, Outcome, PerRecipient, Retryable, Unknown, resend_unknown
from digest.deliver.ports import Recovery
from digest.models import AttemptState, BatchState
from digest.store.database import Database
from digest.store.locks import not_running, running_runs
from digest.store.schema import attempt, batch
from digest.store.sending import attempts, batches
from digest.store.sending.attempts import unknown_recipients

_REASON = "the run was cut short while this was being handed over"


@dataclass(frozen=True)
class RecoveryPolicy:
    """How the attempts of each transport are recovered.

    Transports in `redo_within` can be retried safely for that time. With `resend`, unknown recipients get the email
    again.
    """

    recovery: Mapping[str, Recovery]
    redo_within: Mapping[str, timedelta]
    boot: str
    resend: bool = False

    def recover(self, connection: Connection, edition: str, now: datetime) -> int:
        """Settle the attempts of dead runs. Returns how many recipients are unknown as a result."""
        in_flight = _in_flight().where(batch.c.edition == edition)
        dead = not_running(connection, {row.run for row in connection.execute(in_flight)})
        # Locked: a run that lost only its connection still records its progress, beyond what is read here. Its next
        # record waits for this transaction, and then finds that the attempt was taken over. Attempts of other runs are
        # not locked: these settle several at once, in an order of their own, and PostgreSQL would end a deadlock.
        abandoned = in_flight.where(attempt.c.run.in_(dead)).order_by(attempt.c.id).with_for_update(of=attempt)
        unknown = 0
        for row in connection.execute(abandoned).all() if dead else ():
            ids = _recipient_ids(connection, row.batch)
            outcome = self.outcome(row, ids, now)
            # None if the provider confirmed it in the meantime.
            if attempts.end_attempt(connection, row.id, outcome, now) is not None:
                batches.apply_outcome(connection, row.batch, outcome)
                unknown += len(_unknown(outcome, ids))
        return unknown

    def expire_retries(self, connection: Connection, edition: str, now: datetime) -> int:
        """Make retryable batches unknown if their provider no longer recognises a repetition.

        Returns their recipients.
        """
        waiting = (
            select(attempt.c.id, attempt.c.transport, attempt.c.started_at, attempt.c.batch, batch.c.size)
            .join(batch, batch.c.id == attempt.c.batch)
            .where(batch.c.edition == edition, batch.c.state == BatchState.PENDING)
            .where(attempt.c.state == AttemptState.RETRYABLE)
        )
        expired: dict[int, int] = {}
        for row in connection.execute(waiting).all():
            if not self._in_time(row, now):
                attempts.give_up_retrying(connection, row.batch)
                connection.execute(update(batch).where(batch.c.id == row.batch).values(state=BatchState.UNKNOWN))
                expired[row.batch] = row.size
        return sum(expired.values())

    def outcome(self, row: Any, ids: Sequence[int], now: datetime) -> Outcome:
        """Return the outcome of an attempt of a dead run. `ids` are the recipients of its batch."""
        outcome = self._outcome(row, ids, now)
        return resend_unknown(outcome) if self.resend else outcome

    def _outcome(self, row: Any, ids: Sequence[int], now: datetime) -> Outcome:
        recovery = self.recovery.get(row.transport, "hold")
        current: int | None = row.current_recipient
        if row.send_at is not None and not row.schedule_id:
            return NotSent("the run was cut short before it had a schedule id; nothing is scheduled without one")
        if recovery == "redo" and row.schedule_id:
            return Unknown(f"{_REASON}; it can be cancelled under its schedule id")
        if recovery == "redo":
            if self._in_time(row, now):
                return Retryable(f"{_REASON}; it is redone")
            return Unknown(f"{_REASON}, too long ago")
        if recovery == "stepwise" and current is None:
            return NotSent("the run was cut short before anything was handed over")
        if recovery == "hold" or current is None:
            return Unknown(_REASON)
        # Emails go out in the order of the recipients' ids.
        done = frozenset(id for id in ids if id < current)
        unknown = dict.fromkeys(unknown_recipients(current, ids, same_boot=row.boot in ("", self.boot)), _REASON)
        return PerRecipient(accepted=done, unknown=unknown, not_sent_reason=_REASON)

    def _in_time(self, row: Any, now: datetime) -> bool:
        within = self.redo_within.get(row.transport)
        return within is None or now < row.started_at + within


@dataclass(frozen=True, slots=True)
class Orphan:
    """A batch that a dead run left in flight, as recovery would resolve it.

    Recipients outside these sets were not mailed.
    """

    batch: int
    attempt: str
    transport: str
    started_at: datetime
    accepted: frozenset[int]
    unknown: frozenset[int]
    reason: str

    def state_of(self, recipient: int) -> BatchState:
        if recipient in self.accepted:
            return BatchState.ACCEPTED
        return BatchState.UNKNOWN if recipient in self.unknown else BatchState.PENDING


def dead_runs(database: Database) -> set[str]:
    """Return the dead runs that left attempts in flight.

    Call this before reading their attempts, because a run that is alive now may end in between.
    """
    runs = _runs_in_flight(database)
    return runs - running_runs(database, runs) if runs else set()


def live_runs(database: Database) -> set[str]:
    """Return the runs that are alive and have attempts in flight."""
    runs = _runs_in_flight(database)
    return running_runs(database, runs) if runs else set()


def _runs_in_flight(database: Database) -> set[str]:
    in_flight = select(attempt.c.run).distinct().where(attempt.c.state == AttemptState.SUBMITTING)
    return set(database.query(in_flight).scalars())


def abandoned_editions(database: Database) -> list[str]:
    """Return the editions with batches that dead runs left in flight."""
    runs = dead_runs(database)
    if not runs:
        return []
    left = (
        select(batch.c.edition)
        .distinct()
        .join(attempt, attempt.c.batch == batch.c.id)
        .where(attempt.c.state == AttemptState.SUBMITTING, attempt.c.run.in_(runs))
    )
    return list(database.query(left).scalars())


def in_flight_elsewhere(database: Database, edition: str) -> int:
    """Count the recipients of the edition that a running run is sending to."""
    in_flight = (
        select(attempt.c.run, func.sum(batch.c.size))
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition, attempt.c.state == AttemptState.SUBMITTING)
        .group_by(attempt.c.run)
    )
    recipients: dict[str, int] = dict(database.query(in_flight).all())
    return sum(int(recipients[run]) for run in running_runs(database, recipients)) if recipients else 0


def find_orphans(
    connection: Connection, runs: Collection[str], policy: RecoveryPolicy, now: datetime, edition: str | None = None
) -> Mapping[int, Orphan]:
    """Return the orphans of these dead runs by batch, of one edition or of all."""
    if not runs:
        return {}
    found = _in_flight().where(batch.c.state == BatchState.SUBMITTING, attempt.c.run.in_(runs))
    if edition is not None:
        found = found.where(batch.c.edition == edition)
    return {row.batch: _orphan(connection, row, policy, now) for row in connection.execute(found).all()}


def _orphan(connection: Connection, row: Any, policy: RecoveryPolicy, now: datetime) -> Orphan:
    ids = _recipient_ids(connection, row.batch)
    outcome = policy.outcome(row, ids, now)
    accepted: frozenset[int] = frozenset()
    reason = getattr(outcome, "reason", "")
    if isinstance(outcome, PerRecipient):
        accepted, reason = outcome.accepted, outcome.not_sent_reason
    return Orphan(row.batch, row.id, row.transport, row.started_at, accepted, _unknown(outcome, ids), reason)


def _in_flight() -> Select[Any]:
    return select(attempt).join(batch, batch.c.id == attempt.c.batch).where(attempt.c.state == AttemptState.SUBMITTING)


def _recipient_ids(connection: Connection, number: int) -> list[int]:
    return [id for id, _email in batches.batch_recipients(connection, number)]


def _unknown(outcome: Outcome, ids: Sequence[int]) -> frozenset[int]:
    if isinstance(outcome, Unknown):
        return frozenset(ids)
    return frozenset(outcome.unknown) if isinstance(outcome, PerRecipient) else frozenset()
