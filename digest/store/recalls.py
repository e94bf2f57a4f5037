"""Attempts whose outcome is unknown, made definite: recalled under their fence, or proved by the provider's own word.

Inside a transaction that the caller holds. An attempt goes `unknown → recalling → recalled`, or to `proved` from
`submitting` or `unknown`; its batch goes from `unknown` to `pending` or `accepted`. What the provider took and
holds for later is recalled in the same way when the edition is stopped.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, func, select, update

from digest.deliver.ports import Fence, Recall
from digest.store.schema import attempt, batch


def begin(
    connection: Connection, edition: str, fence: Fence, now: datetime, but: Collection[str], *, taken: bool = False
) -> Recall | None:
    """As `ports.Ledger.begin_recall`; with `taken` also what the provider surely holds. Only one caller at a time, or
    the provider's limit is passed."""
    states = ("unknown", "accepted") if taken else ("unknown",)
    open_ = (
        select(attempt.c.id, attempt.c.batch, attempt.c.fence, attempt.c.state)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition, batch.c.state.in_(states))
        .where(attempt.c.transport == fence.name, attempt.c.fence != "", attempt.c.send_at > now + fence.closes)
        .where(attempt.c.state.in_((*states, "recalling")), attempt.c.id.not_in(but))
        .order_by(attempt.c.state.desc(), attempt.c.send_at, attempt.c.id)
    )
    # A recall counts at the provider until its time to send, in whatever edition it was made.
    counted = and_(
        attempt.c.transport == fence.name,
        attempt.c.state.in_(("recalling", "recalled")),
        attempt.c.send_at > now,
    )
    room = fence.most_open - connection.execute(select(func.count()).where(counted)).scalar_one()
    for row in connection.execute(open_).all():
        if row.state == "recalling" or room > 0:  # what was begun goes on: it is counted already
            connection.execute(update(attempt).where(attempt.c.id == row.id).values(state="recalling"))
            return Recall(row.id, row.batch, row.fence)
    return None


def end(connection: Connection, name: str, now: datetime) -> None:
    """As `ports.Ledger.end_recall`. The batch begins afresh: that it was in doubt says nothing against it."""
    mine = and_(attempt.c.id == name, attempt.c.state == "recalling")
    if connection.execute(update(attempt).where(mine).values(state="recalled", ended_at=now)).rowcount:
        _move(connection, name, out_of=("unknown", "accepted"), to="pending")


def held_ahead(connection: Connection, edition: str, now: datetime) -> int:
    """How many readers' letters a provider holds until a time that is still to come."""
    held = (
        select(func.coalesce(func.sum(batch.c.size), 0))
        .join(attempt, attempt.c.batch == batch.c.id)
        .where(batch.c.edition == edition, batch.c.state == "accepted")
        .where(attempt.c.state.in_(("accepted", "recalling")), attempt.c.fence != "", attempt.c.send_at > now)
    )
    return int(connection.execute(held).scalar_one())


def prove(connection: Connection, name: str) -> bool:
    """As `SqlLedger.prove`. An attempt that is being recalled proves nothing: the provider may have taken it and yet
    never let it go."""
    mine = and_(attempt.c.id == name, attempt.c.state.in_(("submitting", "unknown")))
    if not connection.execute(update(attempt).where(mine).values(state="proved")).rowcount:
        return False
    return _move(connection, name, out_of=("submitting", "unknown"), to="accepted")


def _move(connection: Connection, name: str, *, out_of: Collection[str], to: str) -> bool:
    number = select(attempt.c.batch).where(attempt.c.id == name).scalar_subquery()
    mine = and_(batch.c.id == number, batch.c.state.in_(out_of))
    return bool(connection.execute(update(batch).where(mine).values(state=to, tries=0)).rowcount)
