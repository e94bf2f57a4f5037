"""The ledger in SQL: claiming, settling, recovering. Every call is one durable transaction.

A guarded UPDATE with the state in its WHERE decides which process owns a batch.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient
from digest.deliver.ports import Cancellable, Cancellation, Claim, Recovery, ScheduleWindow
from digest.models import AttemptState, BatchState, DeliveryOutcome, EditionState
from digest.store.database import Database, wait_limit
from digest.store.desk.audit import edition_reached
from digest.store.high_water import HighWater
from digest.store.locks import RunLock, mark_running
from digest.store.people.suppressions import suppress_missing_mailboxes
from digest.store.schema import attempt, batch
from digest.store.schema import edition as editions
from digest.store.sending import attempts, batches, cancellations, late
from digest.store.sending.attempts import ProgressLog, retryable_elsewhere
from digest.store.sending.decisions import Decision, DecisionGrounds, record_decision
from digest.store.sending.recovery import RecoveryPolicy
from digest.store.sending.restored import is_held
from digest.store.sending.revisions import bring_up_to_date, newest_emails, superseded
from digest.utils.clock import utc_now

# A batch that is due now must still be due if the clock is set back a little.
_CLOCK_STEP = timedelta(minutes=1)
# Seconds that `resume` waits for locks.
_RESUME_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Expired:
    """The recipients of an edition who do not get it, because it could not be handed over in time."""

    # Their mail servers deferred it.
    deferred: int = 0
    # The rest.
    others: int = 0
    # About the rest: when the last of them was due, and why the last attempt failed.
    due_at: datetime | None = None
    problem: str | None = None

    @property
    def recipients(self) -> int:
        return self.deferred + self.others

    def plus(self, deferred: int, others: int, due_at: datetime, problem: str | None) -> Expired:
        """Add the recipients of a batch."""
        if not others:
            return replace(self, deferred=self.deferred + deferred)
        latest = max(due_at, self.due_at or due_at)
        return Expired(self.deferred + deferred, self.others + others, latest, problem or self.problem)


class SqlLedger:
    """The batches of editions. Threads may share it.

    Implements `deliver.ports.Ledger` and `feedback.ports.AttemptLedger`, and the changes of batches by commands and
    events.
    """

    def __init__(
        self,
        database: Database,
        high_water: HighWater | None = None,
        *,
        hosts: Mapping[str, str] | None = None,
        redo_within: Mapping[str, timedelta] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Both dicts are by transport.

        `hosts`: its server, if it has one. `redo_within`: how long its provider recognises a batch that is submitted
        again.
        """
        self.database = database
        self.high_water = high_water
        self.hosts = hosts or {}
        self.redo_within = redo_within or {}
        self.clock = clock
        # The run of this ledger's attempts, and its lock while they are in flight.
        self.run = secrets.token_hex(8)
        self._lock: RunLock | None = None
        self.progress = ProgressLog(database, clock=clock)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Mark the attempts as those of a running process, inside the block and as long as this process lives."""
        # A new run. The attempts that an earlier one left in flight are recovered.
        self.run = secrets.token_hex(8)
        with mark_running(self.database, self.run) as self._lock:
            try:
                yield
            finally:
                self._lock = None

    def claim(
        self,
        most: int,
        edition: str,
        transport: str,
        now: datetime,
        max_tries: int,
        ahead: ScheduleWindow | None = None,
    ) -> Sequence[Claim]:
        values = {**_claim_values(edition, transport, now, max_tries, ahead), "limit": most}
        while True:
            with self.database.write() as connection:
                taken = connection.execute(_take(ahead is not None), values).all()
                is_corrected = any((row.revision or 1) > 1 for row in taken)
                newest = newest_emails(connection, edition) if is_corrected else {}
                claims = [
                    claim
                    for row in sorted(taken, key=lambda row: (row.due_at, row.tries, row.id))
                    if (claim := self._claim(connection, edition, row, transport, now, newest))
                ]
                if claims:
                    connection.execute(_begin, [self._attempt_row(claim, transport, now) for claim in claims])
                    if self.high_water:
                        # Last, because on PostgreSQL other processes wait for this row until the commit.
                        self.high_water.count(connection, len(claims))
            if claims or not taken:
                return claims

    def _claim(
        self, connection: Connection, edition: str, row: Any, transport: str, now: datetime, newest: Mapping[str, str]
    ) -> Claim | None:
        """Claim one batch.

        Returns None if the batch ends instead: as empty without eligible recipients, or as unknown if its provider no
        longer recognises it.
        """
        within = self.redo_within.get(transport)
        if within is not None and attempts.retryable_before(connection, row.id, now - within):
            attempts.give_up_retrying(connection, row.id)
            connection.execute(update(batch).where(batch.c.id == row.id).values(state=BatchState.UNKNOWN))
            return None
        recipients = batches.eligible_recipients(connection, edition, row.id, max(now, row.due_at))
        if not recipients:
            connection.execute(update(batch).where(batch.c.id == row.id).values(state=BatchState.EMPTY))
            return None
        send_at = row.due_at if row.due_at > now else None
        variant = bring_up_to_date(connection, row.id, row.variant, newest) if newest else row.variant
        return Claim(row.id, secrets.token_hex(8), variant, recipients, send_at)

    def _attempt_row(self, claim: Claim, transport: str, now: datetime) -> dict[str, Any]:
        return {
            "id": claim.attempt,
            "batch": claim.batch,
            "transport": transport,
            "state": AttemptState.SUBMITTING,
            "started_at": now,
            "run": self.run,
            "boot": self.progress.boot,
            "send_at": claim.send_at,
            "host": self.hosts.get(transport, ""),
        }

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock.transaction() if self._lock else self.database.transaction():
            yield

    def resume(self, in_flight: Collection[str], in_doubt: Collection[str], now: datetime) -> None:
        run = self._lock.renew() if self._lock else self.run
        of_this_run = {*in_flight, *in_doubt}
        # The server may not have noticed the broken connection yet, and may still hold that transaction's locks.
        with wait_limit(_RESUME_WAIT), self.database.write(area="recovery") as connection:
            attempts.check_stored(connection, in_flight)
            # The commit whose outcome is unknown claimed these, so nobody has submitted them.
            for name in attempts.in_flight_but(connection, self.run, of_this_run):
                outcome = NotSent("the store was unavailable before it was handed over")
                number = attempts.end_attempt(connection, name, outcome, now)
                if number is not None:
                    batches.apply_outcome(connection, number, outcome)
            attempts.move_to_run(connection, of_this_run, run)
        self.run = run

    def record_handover(self) -> None:
        if self.high_water:
            self.high_water.record()

    def next_batch_size(
        self, edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None = None
    ) -> int:
        with self.database.read() as connection:
            values = _claim_values(edition, transport, now, max_tries, ahead)
            return int(connection.execute(_next(batch.c.size, ahead is not None), values).scalar() or 0)

    def reset_tries(self, edition: str) -> None:
        with self.database.write() as connection:
            _reset_tries(connection, edition)

    def record_schedule_id(self, name: str, schedule_id: str) -> None:
        with self.database.write() as connection:
            attempts.update_in_flight(connection, name, schedule_id=schedule_id)

    def record_started(self, name: str, recipient: int) -> None:
        self.progress.record(name, recipient)

    def record_rejected(self, name: str, recipient: int, reason: str) -> None:
        with self.database.write() as connection:
            number = attempts.update_in_flight(connection, name, current_recipient=recipient)
            batches.detach(connection, number, recipient, outcome=DeliveryOutcome.REJECTED, reason=reason)
            suppress_missing_mailboxes(self.database, connection, number, {recipient: reason}, self.clock())

    def record_deferred(self, name: str, recipient: int, reason: str) -> None:
        with self.database.write() as connection:
            number = attempts.update_in_flight(connection, name, current_recipient=recipient)
            if batches.is_open(connection, number, recipient):
                batch_ = batches.deferred_batch(connection, number)
                batches.detach(connection, number, recipient, batch=batch_, reason=reason)

    def settle(self, name: str, outcome: Outcome, now: datetime) -> None:
        with self.database.write() as connection:
            number = attempts.end_attempt(connection, name, outcome, now)
            if number is None:
                late.settle(connection, name, outcome, now)
            else:
                batches.apply_outcome(connection, number, outcome)
                late.accept_if_served(connection, number, outcome)
                if isinstance(outcome, PerRecipient):
                    suppress_missing_mailboxes(self.database, connection, number, outcome.rejected, now)
        self.progress.end(name)

    def record_accepted(self, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> None:
        with self.database.write() as connection:
            settled = attempts.accept(connection, accepted, now)
            for claim, outcome in accepted if len(settled) < len(accepted) else ():
                if claim.batch not in settled:
                    late.settle(connection, claim.attempt, outcome, now)
        for claim, _outcome in accepted:
            self.progress.end(claim.attempt)

    def begin_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, excluding: Collection[str] = ()
    ) -> Cancellation | None:
        with self.database.write(area="cancellation") as connection:
            return cancellations.begin_cancellation(connection, edition, transport, now, excluding)

    def begin_stop_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, excluding: Collection[str] = ()
    ) -> Cancellation | None:
        """Like `begin_cancellation`, of a stopped edition, which includes accepted attempts."""
        with self.database.write(area="cancellation") as connection:
            return cancellations.begin_cancellation(connection, edition, transport, now, excluding, accepted_too=True)

    def begin_correction_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, excluding: Collection[str] = ()
    ) -> Cancellation | None:
        """Like `begin_cancellation`, of scheduled emails that a correction replaced."""
        with self.database.write(area="cancellation") as connection:
            old = superseded(connection, edition)
            return cancellations.begin_cancellation(
                connection, edition, transport, now, excluding, accepted_too=True, variants=old
            )

    def confirm_correction_cancellation(self, name: str, edition: str, now: datetime) -> None:
        """Like `confirm_cancellation`. If the edition was done, it is sending again for the recipients of the batch."""
        with self.database.write() as connection:
            cancellations.confirm_cancellation(connection, name, now)
            pending = select(batch.c.id).where(
                batch.c.edition == edition, batch.c.state == BatchState.PENDING, batch.c.size > 0
            )
            done = and_(editions.c.key == edition, editions.c.state == EditionState.DONE, pending.exists())
            connection.execute(update(editions).where(done).values(state=EditionState.SENDING))

    def scheduled_recipients(self, edition: str, now: datetime) -> cancellations.ScheduledRecipients:
        """Count the recipients whose emails a provider will send later."""
        with self.database.read() as connection:
            return cancellations.scheduled_recipients(connection, edition, now)

    def confirm_cancellation(self, name: str, now: datetime) -> None:
        with self.database.write() as connection:
            cancellations.confirm_cancellation(connection, name, now)

    def confirm_accepted(self, name: str) -> bool:
        """Record that the provider's events or log show the attempt as accepted, whatever its response was.

        False if this was known, or if the attempt is cancelled.
        """
        with self.database.write() as connection:
            return cancellations.confirm_accepted(connection, name)

    def begin_run(self, edition: str, *, recovery: Mapping[str, Recovery], now: datetime, resend: bool = False) -> int:
        """Recover the batches that dead runs left in flight, and reset the tries.

        Returns how many recipients became unknown.
        """
        with self.database.write(area="recovery") as connection:
            policy = RecoveryPolicy(recovery, self.redo_within, self.progress.boot, resend)
            unknown = policy.recover(connection, edition, now) + policy.expire_retries(connection, edition, now)
            _reset_tries(connection, edition)
        return unknown

    def is_due(self, edition: str, now: datetime, ahead: ScheduleWindow | None = None) -> bool:
        """Whether a batch is due, in flight, or can still be cancelled."""
        waiting = or_(
            and_(batch.c.state == BatchState.PENDING, _is_ready(ahead is not None)),
            batch.c.state == BatchState.SUBMITTING,
        )
        if ahead is not None:
            cancellable = select(attempt.c.id).where(
                attempt.c.batch == batch.c.id,
                attempt.c.schedule_id != "",
                attempt.c.send_at > now + ahead.cancel_deadline,
            )
            waiting = or_(waiting, and_(batch.c.state == BatchState.UNKNOWN, cancellable.exists(), ~is_held()))
        with self.database.read() as connection:
            found = select(batch.c.id).where(batch.c.edition == edition, waiting).limit(1)
            return connection.execute(found, _times(now, ahead)).first() is not None

    def mark_unknown(self, edition: str, number: int) -> None:
        """Make a retryable batch unknown, so that an operator can decide on it."""
        is_pending = and_(batch.c.id == number, batch.c.edition == edition, batch.c.state == BatchState.PENDING)
        with self.database.write() as connection:
            if attempts.give_up_retrying(connection, number):
                connection.execute(update(batch).where(is_pending).values(state=BatchState.UNKNOWN))

    def decide(
        self, edition: str, number: int, outcome: Accepted | NotSent, grounds: DecisionGrounds, now: datetime
    ) -> bool:
        """Carry out an operator's decision on an unknown batch. False if it is not unknown."""
        with self.database.write() as connection:
            if not _is_unknown(connection, edition, number):
                return False
            _settle_unknown(connection, number, outcome, now)
            record_decision(connection, edition, _decision(outcome), grounds, now, batch=number)
            return True

    def decide_recipients(
        self,
        edition: str,
        number: int,
        ids: Collection[int],
        outcome: Accepted | NotSent,
        grounds: DecisionGrounds,
        now: datetime,
    ) -> int:
        """Carry out an operator's decision on some recipients of an unknown batch. Returns their number.

        The others stay in it, unknown. Recipients who are no longer in it are left as they are.
        """
        with self.database.write() as connection:
            if not _is_unknown(connection, edition, number):
                return 0
            everyone = [id for id, _email in batches.batch_recipients(connection, number)]
            chosen = [id for id in everyone if id in ids]
            if len(chosen) == len(everyone):
                _settle_unknown(connection, number, outcome, now)
            elif chosen:
                part = batches.take_out(connection, number, chosen)
                _settle_unknown(connection, part, outcome, now)
            for id in chosen:
                record_decision(connection, edition, _decision(outcome), grounds, now, batch=number, recipient=id)
            return len(chosen)

    def expire(self, edition: str, *, before: datetime) -> Expired:
        """Exclude the recipients of batches that were due, and frozen, before this time.

        Retryable batches become unknown instead, because they may have been sent.
        """
        expired = Expired()
        frozen = select(editions.c.key).where(editions.c.key == edition, editions.c.frozen_at < before).exists()
        stale = and_(batch.c.edition == edition, batch.c.state == BatchState.PENDING, batch.c.due_at < before, frozen)
        with self.database.write() as connection:
            for number, due_at in connection.execute(select(batch.c.id, batch.c.due_at).where(stale)).all():
                this_batch = batch.c.id == number
                if attempts.give_up_retrying(connection, number):
                    connection.execute(update(batch).where(this_batch).values(state=BatchState.UNKNOWN))
                    continue
                deferred, others = batches.exclude_expired(connection, edition, number)
                expired = expired.plus(deferred, others, due_at, attempts.last_detail(connection, number))
                connection.execute(update(batch).where(this_batch).values(state=BatchState.EMPTY, size=0))
        return expired

    def finish(self, edition: str, now: datetime) -> bool:
        """Make an edition done if nobody is pending, in flight or unknown. False if it is not."""
        open_ = and_(
            batch.c.edition == edition,
            batch.c.size > 0,
            batch.c.state.in_((BatchState.PENDING, BatchState.SUBMITTING, BatchState.UNKNOWN)),
        )
        is_finished = and_(
            editions.c.key == edition,
            editions.c.state == EditionState.SENDING,
            ~select(batch.c.id).where(open_).exists(),
        )
        with self.database.write() as connection:
            done = update(editions).where(is_finished).values(state=EditionState.DONE, done_at=now)
            finished = bool(connection.execute(done).rowcount)
            if finished:
                edition_reached(connection, edition, EditionState.DONE)
            return finished


def _is_unknown(connection: Connection, edition: str, number: int) -> bool:
    # Locked until the transaction ends: an event may settle the batch at the same time.
    is_unknown = and_(batch.c.id == number, batch.c.edition == edition, batch.c.state == BatchState.UNKNOWN)
    return connection.execute(select(batch.c.id).where(is_unknown).with_for_update()).first() is not None


def _decision(outcome: Accepted | NotSent) -> Decision:
    return Decision.ACCEPT if isinstance(outcome, Accepted) else Decision.RESEND


def _settle_unknown(connection: Connection, number: int, outcome: Accepted | NotSent, now: datetime) -> None:
    """Move an unknown batch to the state that an operator decided on."""
    this_batch = batch.c.id == number
    if isinstance(outcome, Accepted):
        connection.execute(update(batch).where(this_batch).values(state=BatchState.ACCEPTED, tries=0))
        return
    # Due from now on: it would expire by its old time, before it is sent.
    since = now - _CLOCK_STEP
    due_at = case((batch.c.due_at < since, bindparam("since", since, batch.c.due_at.type)), else_=batch.c.due_at)
    connection.execute(update(batch).where(this_batch).values(state=BatchState.PENDING, tries=0, due_at=due_at))
    attempts.override(connection, number)


# The statements of every claim are built once. Their parameters are `_claim_values`.
_begin = insert(attempt)


@cache
def _next(column: ColumnElement[Any], ahead: bool) -> Select[Any]:
    """Select a column of the batch to claim next."""
    key: ColumnElement[str] = bindparam("key")
    return (
        select(column)
        .where(batch.c.edition == key, batch.c.state == BatchState.PENDING, _is_ready(ahead))
        .where(batch.c.tries < bindparam("max_tries"), ~retryable_elsewhere(bindparam("transport")))
        .where(select(editions.c.key).where(editions.c.key == key, editions.c.state == EditionState.SENDING).exists())
        .order_by(batch.c.due_at, batch.c.tries, batch.c.id)
        .limit(1)
    )


@cache
def _take(ahead: bool) -> ReturningUpdate[Any]:
    """Take the next batches, with the edition's revision. Only one process can take a batch."""
    chosen = _next(batch.c.id, ahead).limit(bindparam("limit")).with_for_update(skip_locked=True).cte("chosen")
    revision = select(editions.c.revision).where(editions.c.key == bindparam("key")).scalar_subquery()
    return (
        update(batch)
        .where(batch.c.id.in_(select(chosen.c.id)), batch.c.state == BatchState.PENDING)
        .values(state=BatchState.SUBMITTING, tries=batch.c.tries + 1)
        .returning(batch.c.id, batch.c.variant, batch.c.due_at, batch.c.tries, revision.label("revision"))
    )


def _is_ready(ahead: bool) -> ColumnElement[bool]:
    """Return the condition that the batch is due, or can be scheduled. The parameters are `_times`."""
    due = batch.c.due_at <= bindparam("now")
    return or_(due, batch.c.due_at.between(bindparam("soonest"), bindparam("latest"))) if ahead else due


def _times(now: datetime, ahead: ScheduleWindow | None) -> dict[str, Any]:
    if ahead is None:
        return {"now": now}
    return {"now": now, "soonest": now + ahead.min_lead, "latest": now + ahead.max_lead}


def _claim_values(
    edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None
) -> dict[str, Any]:
    return {"key": edition, "transport": transport, "max_tries": max_tries, **_times(now, ahead)}


def _reset_tries(connection: Connection, edition: str) -> None:
    pending = and_(batch.c.edition == edition, batch.c.state == BatchState.PENDING)
    connection.execute(update(batch).where(pending).values(tries=0))
