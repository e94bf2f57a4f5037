"""The ledger in SQL: claiming, settling, recovering. The row is the truth; every call is one durable transaction.

A guarded UPDATE with the state in the outer WHERE decides who owns a batch. Decides nothing about who is due
(`subscribers`), cuts no batches (`freezing`) and counts nothing (`counting`).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from digest.deliver.outcome import Accepted, NotSent, Outcome
from digest.deliver.ports import Cancellable, Cancellation, Claim, Recovery, ScheduleWindow
from digest.models import AttemptState, BatchState, DeliveryOutcome, EditionState
from digest.store.database import Database
from digest.store.schema import attempt, batch, decision, delivery
from digest.store.schema import edition as editions
from digest.store.sending import attempts, batches, cancellations
from digest.store.sending.attempts import retryable_elsewhere
from digest.store.sending.progress import ProgressLog
from digest.store.sending.recovery import RecoveryPolicy


class SqlLedger:
    """The ledger over an open store. Threads may share it: each call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.run = secrets.token_hex(8)
        """Whose the attempts of this ledger are; `locks.at_work` holds it while they are in flight."""
        self.progress = ProgressLog(database)

    def claim(
        self,
        most: int,
        edition: str,
        transport: str,
        now: datetime,
        max_tries: int,
        ahead: ScheduleWindow | None = None,
    ) -> Sequence[Claim]:
        turn = {**_turn(edition, transport, now, max_tries, ahead), "several": most}
        while True:
            with self.database.write() as connection:
                taken = connection.execute(_take(ahead is not None), turn).all()
                claims = [
                    claim
                    for mine in sorted(taken, key=lambda mine: (mine.due_at, mine.tries, mine.id))
                    if (claim := self._begun(connection, mine, now))
                ]
                if claims:
                    connection.execute(_begin, [self._attempt_row(claim, transport, now) for claim in claims])
            if claims or not taken:
                return claims

    def _begun(self, connection: Connection, mine: Any, now: datetime) -> Claim | None:
        """None for a batch whose readers have all left: it is done."""
        readers = batches.eligible_recipients(connection, mine.id, max(now, mine.due_at))
        if not readers:
            connection.execute(update(batch).where(batch.c.id == mine.id).values(state=BatchState.EMPTY))
            return None
        send_at = mine.due_at if mine.due_at > now else None
        return Claim(mine.id, secrets.token_hex(8), mine.variant, readers, send_at)

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
        }

    def transaction(self) -> AbstractContextManager[None]:
        return self.database.transaction()

    def next_batch_size(
        self, edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None = None
    ) -> int:
        with self.database.read() as connection:
            turn = _turn(edition, transport, now, max_tries, ahead)
            return int(connection.execute(_next(batch.c.size, ahead is not None), turn).scalar() or 0)

    def reset_tries(self, edition: str) -> None:
        with self.database.write() as connection:
            _renew(connection, edition)

    def record_schedule_id(self, name: str, schedule_id: str) -> None:
        with self.database.write() as connection:
            attempts.update_own(connection, name, schedule_id=schedule_id)

    def record_started(self, name: str, reader: int) -> None:
        self.progress.record(name, reader)

    def record_rejected(self, name: str, reader: int, reason: str) -> None:
        with self.database.write() as connection:
            number = attempts.update_own(connection, name, in_doubt=reader)
            batches.detach(connection, number, reader, outcome=DeliveryOutcome.REJECTED, reason=reason)

    def record_deferred(self, name: str, reader: int) -> None:
        with self.database.write() as connection:
            number = attempts.update_own(connection, name, in_doubt=reader)
            batches.detach(connection, number, reader, batch=batches.deferred_batch(connection, number))

    def settle(self, name: str, outcome: Outcome, now: datetime) -> None:
        with self.database.write() as connection:
            number = attempts.end_attempt(connection, name, outcome, now)
            if number is not None:
                batches.apply_outcome(connection, number, outcome)
        self.progress.end(name)

    def record_accepted(self, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> None:
        with self.database.write() as connection:
            batches.accept_batches(connection, attempts.accept_attempts(connection, accepted, now))
        for claim, _outcome in accepted:
            self.progress.end(claim.attempt)

    def begin_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, *, but: Collection[str] = ()
    ) -> Cancellation | None:
        with self.database.write(area="recall") as connection:
            return cancellations.begin_cancellation(connection, edition, transport, now, but)

    def begin_stop_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, *, but: Collection[str] = ()
    ) -> Cancellation | None:
        """As `begin_cancellation`, also of what the provider surely holds for later: the edition is stopped."""
        with self.database.write(area="recall") as connection:
            return cancellations.begin_cancellation(connection, edition, transport, now, but, taken=True)

    def scheduled_recipients(self, edition: str, now: datetime) -> cancellations.ScheduledRecipients:
        """How many readers' letters a provider holds until a time that is still to come."""
        with self.database.read() as connection:
            return cancellations.scheduled_recipients(connection, edition, now)

    def confirm_cancellation(self, name: str, now: datetime) -> None:
        with self.database.write() as connection:
            cancellations.confirm_cancellation(connection, name, now)

    def confirm_accepted(self, name: str) -> bool:
        """The provider has shown, by its events or its log, that it took this attempt: its batch is accepted whatever
        our line to the provider said. False where that was known, or the attempt was recalled."""
        with self.database.write() as connection:
            return cancellations.confirm_accepted(connection, name)

    def begin_run(
        self,
        edition: str,
        *,
        recovery: Mapping[str, Recovery],
        now: datetime,
        redo_within: Mapping[str, timedelta] = {},
        resend: bool = False,
    ) -> int:
        """Recovers what a killed run left (`recovering`) and gives pending batches their tries back. Answers the
        readers whose outcome is now unknown because of it."""
        with self.database.write(area="recovery") as connection:
            left = RecoveryPolicy(recovery, redo_within, self.progress.boot, resend)
            doubtful = left.recover(connection, edition, now) + left.hold_what_is_too_old(connection, edition, now)
            _renew(connection, edition)
        return doubtful

    def is_due(self, edition: str, now: datetime, ahead: ScheduleWindow | None = None) -> bool:
        """Whether a batch waits to be handed over now, was left in flight, or may yet be recalled."""
        waiting = or_(
            and_(batch.c.state == BatchState.PENDING, _ready(ahead is not None)), batch.c.state == BatchState.SUBMITTING
        )
        if ahead is not None:
            recallable = select(attempt.c.id).where(
                attempt.c.batch == batch.c.id,
                attempt.c.schedule_id != "",
                attempt.c.send_at > now + ahead.cancel_deadline,
            )
            waiting = or_(waiting, and_(batch.c.state == BatchState.UNKNOWN, recallable.exists()))
        with self.database.read() as connection:
            found = select(batch.c.id).where(batch.c.edition == edition, waiting).limit(1)
            return connection.execute(found, _moments(now, ahead)).first() is not None

    def decide(self, edition: str, number: int, outcome: Accepted | NotSent, reason: str, now: datetime) -> bool:
        """An operator's word on a batch whose outcome is unknown, kept with its reason. False when it is not (or no
        longer) unknown."""
        with self.database.write() as connection:
            accept = isinstance(outcome, Accepted)
            state, what = (BatchState.ACCEPTED, "accept") if accept else (BatchState.PENDING, "resend")
            unknown = and_(batch.c.id == number, batch.c.edition == edition, batch.c.state == BatchState.UNKNOWN)
            if not connection.execute(update(batch).where(unknown).values(state=state, tries=0)).rowcount:
                return False
            if isinstance(outcome, NotSent):
                attempts.disown(connection, number)
            values = {"edition": edition, "batch": number, "what": what, "reason": reason, "at": now}
            connection.execute(insert(decision).values(values))
            return True

    def expire(self, edition: str, *, before: datetime) -> int:
        """Gives up what was due, and frozen, before `before`: its readers are excluded, and said to be. Answers how
        many. What was to be redone is in doubt instead: it may have gone."""
        given_up = 0
        with self.database.write() as connection:
            frozen = select(editions.c.key).where(editions.c.key == edition, editions.c.frozen_at < before).exists()
            stale = and_(
                batch.c.edition == edition, batch.c.state == BatchState.PENDING, batch.c.due_at < before, frozen
            )
            for number in connection.execute(select(batch.c.id).where(stale)).scalars().all():
                if attempts.give_up_retrying(connection, number):
                    connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.UNKNOWN))
                    continue
                own = and_(delivery.c.batch == number, delivery.c.outcome.is_(None))
                changed = (
                    update(delivery)
                    .where(own)
                    .values(outcome=DeliveryOutcome.EXCLUDED, reason="expired before it could be sent")
                )
                given_up += connection.execute(changed).rowcount
                connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.EMPTY, size=0))
        return given_up

    def finish(self, edition: str, now: datetime) -> bool:
        """Closes an edition that is being sent and has nobody pending, in flight or in doubt. One guarded UPDATE."""
        open_ = and_(
            batch.c.edition == edition,
            batch.c.size > 0,
            batch.c.state.in_((BatchState.PENDING, BatchState.SUBMITTING, BatchState.UNKNOWN)),
        )
        mine = and_(
            editions.c.key == edition,
            editions.c.state == EditionState.SENDING,
            ~select(batch.c.id).where(open_).exists(),
        )
        with self.database.write() as connection:
            return bool(
                connection.execute(update(editions).where(mine).values(state=EditionState.DONE, done_at=now)).rowcount
            )


# What is asked at every claim is made once: the parameters are `_turn`.
_begin = insert(attempt)


@cache
def _next(column: ColumnElement[Any], fenced: bool) -> Select[Any]:
    """A column of the batch whose turn it is."""
    mine: ColumnElement[str] = bindparam("key")
    return (
        select(column)
        .where(batch.c.edition == mine, batch.c.state == BatchState.PENDING, _ready(fenced))
        .where(batch.c.tries < bindparam("most"), ~retryable_elsewhere(bindparam("by")))
        .where(select(editions.c.key).where(editions.c.key == mine, editions.c.state == EditionState.SENDING).exists())
        .order_by(batch.c.due_at, batch.c.tries, batch.c.id)
        .limit(1)
    )


@cache
def _take(fenced: bool) -> ReturningUpdate[Any]:
    """Makes the batches whose turn it is ours; nobody else can have taken them in between."""
    turn = _next(batch.c.id, fenced).limit(bindparam("several")).with_for_update(skip_locked=True).cte("turn")
    return (
        update(batch)
        .where(batch.c.id.in_(select(turn.c.id)), batch.c.state == BatchState.PENDING)
        .values(state=BatchState.SUBMITTING, tries=batch.c.tries + 1)
        .returning(batch.c.id, batch.c.variant, batch.c.due_at, batch.c.tries)
    )


def _ready(fenced: bool) -> ColumnElement[bool]:
    """That a batch's time has come, or is as far ahead as scheduling allows (`_moments`)."""
    due = batch.c.due_at <= bindparam("now")
    return or_(due, batch.c.due_at.between(bindparam("soonest"), bindparam("latest"))) if fenced else due


def _moments(now: datetime, ahead: ScheduleWindow | None) -> dict[str, Any]:
    return (
        {"now": now} if ahead is None else {"now": now, "soonest": now + ahead.min_lead, "latest": now + ahead.max_lead}
    )


def _turn(edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None) -> dict[str, Any]:
    return {"key": edition, "by": transport, "most": max_tries, **_moments(now, ahead)}


def _renew(connection: Connection, edition: str) -> None:
    pending = and_(batch.c.edition == edition, batch.c.state == BatchState.PENDING)
    connection.execute(update(batch).where(pending).values(tries=0))
