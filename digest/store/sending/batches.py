"""Rows of batches and their deliveries, inside a transaction that the caller holds: making, moving, splitting.

Owns the rule that `batch.size` is the number of deliveries that still hang on the batch, so that an edition can be
counted without touching a row per reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Text, and_, bindparam, case, func, insert, or_, select, update

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.errors import StoreError
from digest.models import BatchState, DeliveryOutcome
from digest.store.schema import batch, delivery, subscriber, suppression, wish
from digest.store.sending import attempts

_CHUNK = 500  # readers named in one statement; SQLite's oldest limit is 999 variables


def apply_outcome(connection: Connection, number: int, outcome: Outcome) -> None:
    """Moves the batch of an ended attempt on: whole to one state, or split so that each part has its own."""
    match outcome:
        case Accepted():
            _set_state(connection, BatchState.ACCEPTED, number)
        case NotSent(not_started=True):
            _set_state(connection, BatchState.PENDING, number)
            connection.execute(update(batch).where(batch.c.id == number).values(tries=batch.c.tries - 1))
        case NotSent() | Retryable():
            _set_state(connection, BatchState.PENDING, number)
        case Unknown():
            _set_state(connection, BatchState.UNKNOWN, number)
        case Split():
            _halve(connection, number)
        case Rejected(readers):
            _split(connection, number, PerRecipient(rejected=readers))
        case PerRecipient():
            _split(connection, number, outcome)


_move = (
    update(batch)
    .where(batch.c.id == bindparam("number"), batch.c.state == BatchState.SUBMITTING)
    .values(state=bindparam("to"))
)


def _set_state(connection: Connection, state: BatchState, *numbers: int) -> None:
    if not numbers:
        return
    changed = connection.execute(_move, [{"number": number, "to": state} for number in numbers]).rowcount
    if changed != len(numbers):
        told = ", ".join(map(str, numbers))
        raise StoreError(f"batch {told} was not being submitted; two runs can't both own it")


def accept_batches(connection: Connection, numbers: Sequence[int]) -> None:
    """As `apply` of Accepted to each."""
    _set_state(connection, BatchState.ACCEPTED, *numbers)


def _split(connection: Connection, number: int, outcome: PerRecipient) -> None:
    """The accepted stay in the batch; the rejected part from it; the unknown and the rest get a batch each."""
    ids = [id for id, _email in batch_recipients(connection, number)]
    parts = {
        BatchState.ACCEPTED: [id for id in ids if id in outcome.accepted],
        BatchState.UNKNOWN: [id for id in ids if id in outcome.unknown],
        BatchState.PENDING: [
            id for id in ids if id not in outcome.accepted | outcome.unknown.keys() | outcome.rejected.keys()
        ],
    }
    old = connection.execute(select(batch).where(batch.c.id == number)).one()
    for id in ids:
        if id in outcome.rejected:
            update_deliveries(
                connection, old.edition, [id], outcome=DeliveryOutcome.REJECTED, reason=outcome.rejected[id]
            )
    for state in (BatchState.UNKNOWN, BatchState.PENDING):
        if parts[state]:
            # Where somebody was served, the rest has lost no try: the transport takes a part at a time.
            tries = 0 if parts[BatchState.ACCEPTED] else old.tries
            child = new_batch(
                connection,
                old.edition,
                old.variant,
                old.due_at,
                state,
                len(parts[state]),
                parent=number,
                tries=tries,
            )
            attempts.copy_unknown(connection, number, child)
            update_deliveries(connection, old.edition, parts[state], batch=child)
    if outcome.rejected and not outcome.accepted and parts[BatchState.PENDING] and not parts[BatchState.UNKNOWN]:
        # A refused batch says nothing against the rest of it: they start afresh.
        connection.execute(
            update(batch).where(batch.c.parent == number, batch.c.state == BatchState.PENDING).values(tries=0)
        )
    _set_state(connection, BatchState.ACCEPTED if parts[BatchState.ACCEPTED] else BatchState.EMPTY, number)
    connection.execute(update(batch).where(batch.c.id == number).values(size=len(parts[BatchState.ACCEPTED])))


def _halve(connection: Connection, number: int) -> None:
    """Two pending batches in the place of one; whom the provider refuses is alone in the end."""
    ids = [id for id, _email in batch_recipients(connection, number)]
    middle = (len(ids) + 1) // 2
    old = connection.execute(select(batch).where(batch.c.id == number)).one()
    for half in (ids[:middle], ids[middle:]):
        if half:
            child = new_batch(
                connection, old.edition, old.variant, old.due_at, BatchState.PENDING, len(half), parent=number
            )
            attempts.copy_unknown(connection, number, child)
            update_deliveries(connection, old.edition, half, batch=child)
    _set_state(connection, BatchState.EMPTY, number)
    connection.execute(update(batch).where(batch.c.id == number).values(size=0))


def detach(connection: Connection, number: int, reader: int, **values: Any) -> None:
    """One reader parts from a batch that is being handed over: refused, or put off to another batch."""
    mine = and_(delivery.c.batch == number, delivery.c.subscriber == reader, delivery.c.outcome.is_(None))
    if connection.execute(update(delivery).where(mine).values(**values)).rowcount:
        connection.execute(update(batch).where(batch.c.id == number).values(size=batch.c.size - 1))


def deferred_batch(connection: Connection, number: int) -> int:
    """A pending batch for one more reader who parts from batch `number`: the one begun for others, or a new one."""
    old = connection.execute(select(batch).where(batch.c.id == number)).one()
    begun = and_(batch.c.parent == number, batch.c.state == BatchState.PENDING, batch.c.size < 1000)
    room = connection.execute(select(batch.c.id).where(begun).limit(1).with_for_update()).scalar()
    if room is None:
        return new_batch(
            connection, old.edition, old.variant, old.due_at, BatchState.PENDING, 1, parent=number, tries=old.tries
        )
    connection.execute(update(batch).where(batch.c.id == room).values(size=batch.c.size + 1))
    return int(room)


_new = insert(batch)
_new_ones = insert(batch).returning(batch.c.id)


def new_batch(
    connection: Connection,
    edition: str,
    variant: str,
    due_at: datetime,
    state: BatchState,
    size: int,
    *,
    parent: int | None = None,
    tries: int = 0,
) -> int:
    values = {
        "edition": edition,
        "variant": variant,
        "due_at": due_at,
        "state": state,
        "size": size,
        "parent": parent,
        "tries": tries,
    }
    key = connection.execute(_new, values).inserted_primary_key
    if key is None:
        raise StoreError("the store gave a new batch no number")
    return int(key[0])


def new_batches(
    connection: Connection,
    edition: str,
    variant: str,
    due_at: datetime,
    sizes: Sequence[int],
) -> list[int]:
    """Pending batches of these sizes; answers their numbers, in their order."""
    same = {"edition": edition, "variant": variant, "due_at": due_at, "state": BatchState.PENDING}
    made = connection.execute(_new_ones, [{**same, "size": size} for size in sizes])
    return sorted(made.scalars())


def update_deliveries(connection: Connection, edition: str, ids: Sequence[int], **values: Any) -> None:
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        rows = and_(delivery.c.edition == edition, delivery.c.subscriber.in_(part))
        connection.execute(update(delivery).where(rows).values(**values))


_here = and_(delivery.c.batch == bindparam("number"), delivery.c.outcome.is_(None))
_carried = select(subscriber.c.id, subscriber.c.email).join(delivery, delivery.c.subscriber == subscriber.c.id)
_gone = or_(
    suppression.c.address.is_not(None),
    subscriber.c.listed.is_(False),
    subscriber.c.status != "active",
    wish.c.paused_until > bindparam("now", type_=wish.c.paused_until.type),
)
_looked_at = (
    delivery.join(subscriber, delivery.c.subscriber == subscriber.c.id)
    .outerjoin(suppression, suppression.c.address == subscriber.c.address)
    .outerjoin(wish, wish.c.subscriber == subscriber.c.id)
)
_unmailable = (
    select(subscriber.c.id, subscriber.c.listed, suppression.c.reason).select_from(_looked_at).where(_here, _gone)
)


@cache
def _as_one(dialect: str) -> Select[str, str, int]:
    """The ids and addresses of a batch's readers as two arrays, and how many of them may no longer be mailed. One row:
    a driver lets go of Python's lock for every row, and gets it back late where another thread makes a request."""
    array = {"sqlite": func.json_group_array, "postgresql": func.json_agg}[dialect]
    columns = array(subscriber.c.id, type_=Text), array(subscriber.c.email, type_=Text), func.count(case((_gone, 1)))
    return select(*columns).select_from(_looked_at).where(_here)


def batch_recipients(connection: Connection, number: int) -> tuple[tuple[int, str], ...]:
    """(id, email) of the readers whom the batch still carries, in the order in which they are handed over."""
    carried = connection.execute(_carried.where(_here).order_by(subscriber.c.id), {"number": number})
    return tuple(carried.all())


def eligible_recipients(connection: Connection, number: int, now: datetime) -> tuple[tuple[int, str], ...]:
    """As `readers`. Between freeze and claim a reader may have left or paused beyond `now`: excluded here with the
    reason, never silently dropped."""
    asked = {"number": number, "now": now}
    ids, emails, gone = connection.execute(_as_one(connection.dialect.name), asked).one()
    if not gone:
        return tuple(sorted(zip(_list(ids), _list(emails), strict=True)))
    for row in connection.execute(_unmailable, asked).all():
        reason = row.reason or ("paused" if row.listed else "removed from the list")
        mine = and_(delivery.c.batch == number, delivery.c.subscriber == row.id)
        connection.execute(update(delivery).where(mine).values(outcome=DeliveryOutcome.EXCLUDED, reason=reason))
    left = batch_recipients(connection, number)
    connection.execute(update(batch).where(batch.c.id == number).values(size=len(left)))
    return left


def _list(found: Any) -> list[Any]:
    """SQLite gives an array as its text."""
    return orjson.loads(found) if isinstance(found, str) else found or []
