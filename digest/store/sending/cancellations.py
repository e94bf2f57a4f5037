"""Attempts whose outcome is unknown, resolved: cancelled at the provider, or confirmed by it.

Inside a transaction that the caller holds. An attempt goes `unknown → recalling → recalled`, or to `proved` from
`submitting`, `unknown` or `decided` (an operator has disowned it); its batch goes from `unknown` to `pending` or
`accepted`. What the provider took and holds for later is recalled in the same way when the edition is stopped: from the
first word of it, it is in doubt.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from digest.deliver.ports import Cancellable, Cancellation
from digest.models import AttemptState, BatchState, EditionState
from digest.store.schema import attempt, batch
from digest.store.schema import edition as editions

_MAY_HAVE_REACHED = (
    AttemptState.SUBMITTING,
    AttemptState.UNKNOWN,
    AttemptState.RECALLING,
    AttemptState.ACCEPTED,
    AttemptState.PROVED,
)


class ScheduledRecipients(NamedTuple):
    """Numbers of readers whose letters a provider holds for later: accepted, and unknown."""

    accepted: int
    unknown: int


def begin_cancellation(
    connection: Connection,
    edition: str,
    transport: Cancellable,
    now: datetime,
    but: Collection[str],
    *,
    taken: bool = False,
) -> Cancellation | None:
    """As `ports.Ledger.begin_cancellation`; with `taken` also what the provider surely holds.

    Callers take turns; otherwise the provider's limit would be exceeded.
    """
    states = (AttemptState.UNKNOWN, AttemptState.ACCEPTED) if taken else (AttemptState.UNKNOWN,)
    open_ = (
        select(attempt.c.id, attempt.c.batch, attempt.c.schedule_id, attempt.c.state)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition, batch.c.state.in_(states))
        .where(
            attempt.c.transport == transport.name,
            attempt.c.schedule_id != "",
            attempt.c.send_at > now + transport.cancel_deadline,
        )
        .where(attempt.c.state.in_((*states, AttemptState.RECALLING)), attempt.c.id.not_in(but))
        # What is left out when there is no room for all is to be as few readers as can be.
        .order_by(attempt.c.state.desc(), attempt.c.send_at, batch.c.size.desc(), attempt.c.id)
    )
    room = (
        transport.max_open_cancellations
        - connection.execute(select(func.count()).where(_counted(transport, now))).scalar_one()
    )
    for row in connection.execute(open_).all():
        if row.state == AttemptState.RECALLING or room > 0:  # what was begun goes on: it is counted already
            connection.execute(update(attempt).where(attempt.c.id == row.id).values(state=AttemptState.RECALLING))
            _move(connection, row.id, out_of=(BatchState.ACCEPTED,), to=BatchState.UNKNOWN)
            return Cancellation(row.id, row.batch, row.schedule_id)
    return None


def _counted(transport: Cancellable, now: datetime) -> ColumnElement[bool]:
    """A recall counts at the provider until its time to send, in whatever edition it was made."""
    return and_(
        attempt.c.transport == transport.name,
        attempt.c.state.in_((AttemptState.RECALLING, AttemptState.RECALLED, AttemptState.DECIDED)),
        attempt.c.send_at > now,
    )


def next_free_cancellation(connection: Connection, transport: Cancellable, now: datetime) -> datetime | None:
    """When the first of the recalls that are open now counts no more; None where none is open."""
    return connection.execute(select(func.min(attempt.c.send_at)).where(_counted(transport, now))).scalar()


def confirm_cancellation(connection: Connection, name: str, now: datetime) -> None:
    """As `ports.Ledger.confirm_cancellation`. The batch starts again with all its tries.

    It stays unknown while another attempt of it may have reached its recipients, such as one made by an operator.
    """
    mine = and_(attempt.c.id == name, attempt.c.state == AttemptState.RECALLING)
    if not connection.execute(update(attempt).where(mine).values(state=AttemptState.RECALLED, ended_at=now)).rowcount:
        return
    number = select(attempt.c.batch).where(attempt.c.id == name).scalar_subquery()
    other = select(attempt.c.id).where(attempt.c.batch == number, attempt.c.state.in_(_MAY_HAVE_REACHED))
    if connection.execute(other.limit(1)).first() is None:
        _move(connection, name, out_of=(BatchState.UNKNOWN, BatchState.ACCEPTED), to=BatchState.PENDING)


def scheduled_recipients(connection: Connection, edition: str, now: datetime) -> ScheduledRecipients:
    """How many readers' letters a provider holds until a time that is still to come."""
    rows = (
        select(batch.c.state, func.sum(batch.c.size))
        .where(batch.c.edition == edition, _held_until_after(now))
        .group_by(batch.c.state)
    )
    found: dict[str, int] = dict(connection.execute(rows).all())
    return ScheduledRecipients(int(found.get(BatchState.ACCEPTED, 0)), int(found.get(BatchState.UNKNOWN, 0)))


def stopped_with_scheduled(connection: Connection, now: datetime) -> list[str]:
    """Stopped editions of which a provider holds letters for a time that is still to come."""
    mine = (
        select(editions.c.key)
        .join(batch, batch.c.edition == editions.c.key)
        .where(editions.c.state.in_((EditionState.PAUSED, EditionState.CANCELLED)), _held_until_after(now))
    )
    return list(connection.execute(mine.distinct().order_by(editions.c.key)).scalars())


def _held_until_after(now: datetime) -> ColumnElement[bool]:
    """That a provider surely or perhaps holds a batch for a time that is still to come."""
    held = select(attempt.c.id).where(
        attempt.c.batch == batch.c.id,
        attempt.c.state.in_((AttemptState.ACCEPTED, AttemptState.UNKNOWN, AttemptState.RECALLING)),
        attempt.c.schedule_id != "",
        attempt.c.send_at > now,
    )
    return and_(batch.c.state.in_((BatchState.ACCEPTED, BatchState.UNKNOWN)), held.exists())


def confirm_accepted(connection: Connection, name: str) -> bool:
    """As `SqlLedger.confirm_accepted`.

    An attempt that is being cancelled confirms nothing: the provider may have taken it and still never send it. One
    that an operator has disowned settles its batch only until another attempt has it.
    """
    for state, out_of in (
        (AttemptState.SUBMITTING, BatchState.SUBMITTING),
        (AttemptState.UNKNOWN, BatchState.UNKNOWN),
        (AttemptState.DECIDED, BatchState.PENDING),
    ):
        mine = and_(attempt.c.id == name, attempt.c.state == state)
        if connection.execute(update(attempt).where(mine).values(state=AttemptState.PROVED)).rowcount:
            return _move(connection, name, out_of=(out_of,), to=BatchState.ACCEPTED)
    return False


def _move(connection: Connection, name: str, *, out_of: Collection[str], to: str) -> bool:
    number = select(attempt.c.batch).where(attempt.c.id == name).scalar_subquery()
    mine = and_(batch.c.id == number, batch.c.state.in_(out_of))
    return bool(connection.execute(update(batch).where(mine).values(state=to, tries=0)).rowcount)
