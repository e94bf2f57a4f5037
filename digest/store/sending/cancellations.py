"""Cancelling scheduled attempts, and confirmations by the provider. All functions run in the caller's transaction.

An attempt goes `unknown → cancelling → cancelled`, or becomes `confirmed`. Its batch goes from `unknown` to `pending`
or `accepted`. Stopping an edition cancels accepted attempts too; their batches are unknown from then on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select, true, update

from digest.deliver.ports import Cancellable, Cancellation
from digest.models import AttemptState, BatchState, EditionState
from digest.store.schema import attempt, batch
from digest.store.schema import edition as editions
from digest.store.sending.restored import is_held

_MAY_HAVE_REACHED = (
    AttemptState.SUBMITTING,
    AttemptState.UNKNOWN,
    AttemptState.CANCELLING,
    AttemptState.ACCEPTED,
    AttemptState.CONFIRMED,
    AttemptState.RESTORED,
)


class ScheduledRecipients(NamedTuple):
    """Counts of recipients in scheduled batches at a provider: in accepted and in unknown ones."""

    accepted: int
    unknown: int


def begin_cancellation(
    connection: Connection,
    edition: str,
    transport: Cancellable,
    now: datetime,
    excluding: Collection[str],
    *,
    accepted_too: bool = False,
    variants: Collection[str] | None = None,
) -> Cancellation | None:
    """Implement `ports.Cancellations.begin_cancellation`. With `variants`, of batches with these emails only.

    Callers must exclude each other, or the provider's limit could be exceeded.
    """
    states = (AttemptState.UNKNOWN, AttemptState.ACCEPTED) if accepted_too else (AttemptState.UNKNOWN,)
    cancellable = (
        select(attempt.c.id, attempt.c.batch, attempt.c.schedule_id, attempt.c.state)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition, batch.c.state.in_(states))
        .where(
            attempt.c.transport == transport.name,
            attempt.c.schedule_id != "",
            attempt.c.send_at > now + transport.cancel_deadline,
        )
        .where(attempt.c.state.in_((*states, AttemptState.CANCELLING)), attempt.c.id.not_in(excluding))
        # A held batch may have been sent by attempts that this store never saw. An operator may stop it anyway.
        .where(true() if accepted_too else ~is_held())
        .where(true() if variants is None else batch.c.variant.in_(variants))
        # If not all can be cancelled, the largest batches come first.
        .order_by(attempt.c.state.desc(), attempt.c.send_at, batch.c.size.desc(), attempt.c.id)
    )
    open_ = connection.execute(select(func.count()).where(_is_open(transport, now))).scalar_one()
    for row in connection.execute(cancellable).all():
        # A cancellation that was begun continues, because it is counted already.
        if row.state == AttemptState.CANCELLING or open_ < transport.max_open_cancellations:
            connection.execute(update(attempt).where(attempt.c.id == row.id).values(state=AttemptState.CANCELLING))
            _move(connection, row.id, (BatchState.ACCEPTED,), to=BatchState.UNKNOWN)
            return Cancellation(row.id, row.batch, row.schedule_id)
    return None


def _is_open(transport: Cancellable, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the provider still counts the cancellation.

    It does so until the send time, across all editions.
    """
    return and_(
        attempt.c.transport == transport.name,
        attempt.c.state.in_((AttemptState.CANCELLING, AttemptState.CANCELLED, AttemptState.OVERRIDDEN)),
        attempt.c.send_at > now,
    )


def next_free_cancellation(connection: Connection, transport: Cancellable, now: datetime) -> datetime | None:
    """Return when the provider stops counting the first open cancellation; None if none is open."""
    return connection.execute(select(func.min(attempt.c.send_at)).where(_is_open(transport, now))).scalar()


def confirm_cancellation(connection: Connection, name: str, now: datetime) -> None:
    """Implement `ports.Cancellations.confirm_cancellation`. The batch starts again with all its tries.

    It stays unknown while another attempt may have reached its recipients, such as one made by an operator.
    """
    open_ = and_(attempt.c.id == name, attempt.c.state == AttemptState.CANCELLING)
    if not connection.execute(update(attempt).where(open_).values(state=AttemptState.CANCELLED, ended_at=now)).rowcount:
        return
    number = select(attempt.c.batch).where(attempt.c.id == name).scalar_subquery()
    other = select(attempt.c.id).where(attempt.c.batch == number, attempt.c.state.in_(_MAY_HAVE_REACHED))
    if connection.execute(other.limit(1)).first() is None:
        _move(connection, name, (BatchState.UNKNOWN, BatchState.ACCEPTED), to=BatchState.PENDING)


def scheduled_recipients(connection: Connection, edition: str, now: datetime) -> ScheduledRecipients:
    rows = (
        select(batch.c.state, func.sum(batch.c.size))
        .where(batch.c.edition == edition, _is_scheduled(now))
        .group_by(batch.c.state)
    )
    found: dict[str, int] = dict(connection.execute(rows).all())
    return ScheduledRecipients(int(found.get(BatchState.ACCEPTED, 0)), int(found.get(BatchState.UNKNOWN, 0)))


def stopped_with_scheduled(connection: Connection, now: datetime) -> list[str]:
    """Return the stopped editions for which a provider may still send scheduled emails."""
    stopped = (
        select(editions.c.key)
        .join(batch, batch.c.edition == editions.c.key)
        .where(editions.c.state.in_((EditionState.PAUSED, EditionState.CANCELLED)), _is_scheduled(now))
    )
    return list(connection.execute(stopped.distinct().order_by(editions.c.key)).scalars())


def _is_scheduled(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the provider has, or may have, the batch and will send it after `now`."""
    scheduled = select(attempt.c.id).where(
        attempt.c.batch == batch.c.id,
        attempt.c.state.in_((AttemptState.ACCEPTED, AttemptState.UNKNOWN, AttemptState.CANCELLING)),
        attempt.c.schedule_id != "",
        attempt.c.send_at > now,
    )
    return and_(batch.c.state.in_((BatchState.ACCEPTED, BatchState.UNKNOWN)), scheduled.exists())


def confirm_accepted(connection: Connection, name: str) -> bool:
    """Implement `SqlLedger.confirm_accepted`.

    An attempt that is being cancelled is not confirmed: the provider may have accepted it and still never send it. An
    attempt that an operator has overridden is confirmed only while no other attempt has its batch.
    """
    for state, batch_state in (
        (AttemptState.SUBMITTING, BatchState.SUBMITTING),
        (AttemptState.UNKNOWN, BatchState.UNKNOWN),
        (AttemptState.OVERRIDDEN, BatchState.PENDING),
    ):
        in_state = and_(attempt.c.id == name, attempt.c.state == state)
        if connection.execute(update(attempt).where(in_state).values(state=AttemptState.CONFIRMED)).rowcount:
            return _move(connection, name, (batch_state,), to=BatchState.ACCEPTED)
    return False


def _move(connection: Connection, name: str, states: Collection[BatchState], *, to: BatchState) -> bool:
    """Move the batch of an attempt out of one of these states."""
    number = select(attempt.c.batch).where(attempt.c.id == name).scalar_subquery()
    in_states = and_(batch.c.id == number, batch.c.state.in_(states))
    return bool(connection.execute(update(batch).where(in_states).values(state=to, tries=0)).rowcount)
