"""Rows of batches and their deliveries: creating, moving, splitting. All functions run in the caller's transaction.

`batch.size` is always the number of the batch's deliveries without an outcome. An edition can therefore be counted
without reading a row per recipient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Executable,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.errors import StoreError
from digest.models import BatchState, DeliveryOutcome
from digest.store.schema import batch, delivery, preference, subscriber, suppression
from digest.store.sending import attempts
from digest.store.statements import chunks

# The size of a batch of deferred recipients.
_MAX_DEFERRED = 1000


def apply_outcome(connection: Connection, number: int, outcome: Outcome) -> None:
    """Move the batch of an ended attempt to its next state, or split it so that each part has one."""
    match outcome:
        case Accepted():
            _set_state(connection, BatchState.ACCEPTED, number)
        case NotSent() | Retryable():
            _set_state(connection, BatchState.PENDING, number)
        case Unknown():
            _set_state(connection, BatchState.UNKNOWN, number)
        case Split():
            _halve(connection, number)
        case Rejected(reasons):
            _split(connection, number, PerRecipient(rejected=reasons))
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
        names = ", ".join(map(str, numbers))
        raise StoreError(f"batch {names} was not being submitted; two runs can't both own it")


def _split(connection: Connection, number: int, outcome: PerRecipient) -> None:
    """Keep the accepted recipients in the batch. Unknown and remaining ones get a batch each, rejected ones none."""
    ids = [id for id, _email in batch_recipients(connection, number)]
    accepted = [id for id in ids if id in outcome.accepted]
    unknown = [id for id in ids if id in outcome.unknown]
    settled = outcome.accepted | outcome.unknown.keys() | outcome.rejected.keys()
    remaining = [id for id in ids if id not in settled]
    old = _get(connection, number)
    for id in ids:
        if id in outcome.rejected:
            values = {"outcome": DeliveryOutcome.REJECTED, "reason": outcome.rejected[id]}
            update_deliveries(connection, old.edition, [id], **values)
    # If somebody was served, the remaining recipients have lost no attempt: the transport takes a part at a time. The
    # same holds if some were only rejected.
    tries = 0 if accepted or (outcome.rejected and not outcome.accepted and not unknown) else old.tries
    _split_off(connection, old, unknown, BatchState.UNKNOWN, tries=tries)
    _split_off(connection, old, remaining, BatchState.PENDING, tries=tries)
    _set_state(connection, BatchState.ACCEPTED if accepted else BatchState.EMPTY, number)
    _set_size(connection, number, len(accepted))


def _halve(connection: Connection, number: int) -> None:
    """Replace the batch by two pending halves. Repeated splitting isolates a recipient that the provider rejects."""
    ids = [id for id, _email in batch_recipients(connection, number)]
    middle = (len(ids) + 1) // 2
    old = _get(connection, number)
    for half in (ids[:middle], ids[middle:]):
        _split_off(connection, old, half, BatchState.PENDING, tries=0)
    _set_state(connection, BatchState.EMPTY, number)
    _set_size(connection, number, 0)


def _split_off(connection: Connection, old: Any, ids: Sequence[int], state: BatchState, *, tries: int) -> None:
    """Move these recipients of the batch `old` to a new one."""
    if ids:
        child = _new_batch(connection, old, state, len(ids), tries=tries)
        attempts.copy_retryable(connection, old.id, child)
        update_deliveries(connection, old.edition, ids, batch=child)


def take_out(connection: Connection, number: int, ids: Sequence[int]) -> int:
    """Move some recipients of an unknown batch to a new unknown one, and return it."""
    old = _get(connection, number)
    child = _new_batch(connection, old, BatchState.UNKNOWN, len(ids), tries=0)
    update_deliveries(connection, old.edition, ids, batch=child)
    _set_size(connection, number, old.size - len(ids))
    return child


def _get(connection: Connection, number: int) -> Any:
    return connection.execute(select(batch).where(batch.c.id == number)).one()


def _edition(connection: Connection, number: int) -> str | None:
    return connection.execute(select(batch.c.edition).where(batch.c.id == number)).scalar()


def _set_size(connection: Connection, number: int, size: int) -> None:
    connection.execute(update(batch).where(batch.c.id == number).values(size=size))


def is_open(connection: Connection, number: int, recipient: int) -> bool:
    """Whether the recipient is in the batch and has no outcome."""
    of = delivery.c
    rows = select(of.subscriber).where(of.edition == _edition(connection, number), of.subscriber == recipient)
    return connection.execute(rows.where(of.batch == number, of.outcome.is_(None))).first() is not None


def detach(connection: Connection, number: int, recipient: int, **values: Any) -> None:
    """Take a rejected or deferred recipient out of a batch in flight. `values` are set in their delivery."""
    of = delivery.c
    of_recipient = update(delivery).where(of.edition == _edition(connection, number), of.subscriber == recipient)
    if connection.execute(of_recipient.where(of.batch == number, of.outcome.is_(None)).values(**values)).rowcount:
        connection.execute(update(batch).where(batch.c.id == number).values(size=batch.c.size - 1))


def exclude_expired(connection: Connection, edition: str, number: int) -> tuple[int, int]:
    """Exclude the recipients of an expired batch. Returns how many receivers had deferred, and how many others."""
    of = delivery.c
    open_ = and_(of.edition == edition, of.batch == number, of.outcome.is_(None))
    excluded = update(delivery).where(open_)
    # Kept by `detach`: what the receiver said.
    deferred = excluded.where(of.reason.is_not(None)).values(
        outcome=DeliveryOutcome.EXCLUDED, reason=literal("its mail server deferred it until it expired: ") + of.reason
    )
    others = excluded.values(outcome=DeliveryOutcome.EXCLUDED, reason="expired before it could be sent")
    return connection.execute(deferred).rowcount, connection.execute(others).rowcount


def deferred_batch(connection: Connection, number: int) -> int:
    """Return the pending batch for one more recipient deferred from batch `number`. Creates it if necessary."""
    begun = and_(batch.c.parent == number, batch.c.state == BatchState.PENDING, batch.c.size < _MAX_DEFERRED)
    found = connection.execute(select(batch.c.id).where(begun).limit(1).with_for_update()).scalar()
    if found is None:
        old = _get(connection, number)
        return _new_batch(connection, old, BatchState.PENDING, 1, tries=old.tries)
    connection.execute(update(batch).where(batch.c.id == found).values(size=batch.c.size + 1))
    return int(found)


_new = insert(batch)
_new_ones = insert(batch).returning(batch.c.id)


def _new_batch(connection: Connection, old: Any, state: BatchState, size: int, *, tries: int) -> int:
    same = {"edition": old.edition, "variant": old.variant, "due_at": old.due_at, "parent": old.id}
    key = connection.execute(_new, {**same, "state": state, "size": size, "tries": tries}).inserted_primary_key
    if key is None:
        raise StoreError("the store returned no number for a new batch")
    return int(key[0])


def new_batches(
    connection: Connection, edition: str, variant: str, due_at: datetime, sizes: Sequence[int], state: BatchState
) -> list[int]:
    """Create batches of these sizes. Returns their numbers in this order."""
    same = {"edition": edition, "variant": variant, "due_at": due_at, "state": state}
    created = connection.execute(_new_ones, [{**same, "size": size} for size in sizes])
    return sorted(created.scalars())


def update_deliveries(connection: Connection, edition: str, ids: Sequence[int], **values: Any) -> None:
    for part in chunks(ids):
        rows = and_(delivery.c.edition == edition, delivery.c.subscriber.in_(part))
        connection.execute(update(delivery).where(rows).values(**values))


# The edition says in which partition they are.
_in_batch = and_(
    delivery.c.edition == bindparam("edition"), delivery.c.batch == bindparam("number"), delivery.c.outcome.is_(None)
)
_recipients = select(subscriber.c.id, subscriber.c.email).join(delivery, delivery.c.subscriber == subscriber.c.id)
_ineligible = or_(
    suppression.c.address.is_not(None),
    subscriber.c.listed.is_(False),
    subscriber.c.status != "active",
    preference.c.paused_until > bindparam("now", type_=preference.c.paused_until.type),
)
_with_state = (
    delivery.join(subscriber, delivery.c.subscriber == subscriber.c.id)
    .outerjoin(suppression, suppression.c.address == subscriber.c.address)
    .outerjoin(preference, preference.c.subscriber == subscriber.c.id)
)
_ineligible_recipients = (
    select(subscriber.c.id, subscriber.c.listed, suppression.c.reason)
    .select_from(_with_state)
    .where(_in_batch, _ineligible)
)


# A batch's ids and addresses as two arrays, and the number of ineligible recipients. One row is fast: a driver releases
# Python's lock for each row, and getting it back takes long while other threads make requests.
_as_one_row: Mapping[str, Executable] = {
    "sqlite": select(
        func.json_group_array(subscriber.c.id, type_=Text),
        func.json_group_array(subscriber.c.email, type_=Text),
        func.count(case((_ineligible, 1))),
    )
    .select_from(_with_state)
    .where(_in_batch),
    # Scans each index once for all recipients; a join would start one scan for each.
    "postgresql": text("""
        WITH member AS MATERIALIZED (
            SELECT subscriber FROM delivery WHERE edition = :edition AND batch = :number AND outcome IS NULL
        ), person AS MATERIALIZED (
            SELECT id, email, address, listed AND status = 'active' AS active FROM subscriber
            WHERE id = ANY(ARRAY(SELECT subscriber FROM member))
        )
        SELECT json_agg(id)::text, json_agg(email)::text, count(*) FILTER (WHERE NOT active)
            + (SELECT count(*) FROM suppression WHERE address = ANY(ARRAY(SELECT address FROM person)))
            + (SELECT count(*) FROM preference
               WHERE paused_until > :now AND subscriber = ANY(ARRAY(SELECT subscriber FROM member)))
        FROM person
    """),
}


def batch_recipients(connection: Connection, number: int) -> tuple[tuple[int, str], ...]:
    """Return (id, email) of the batch's recipients, in sending order."""
    values = {"edition": _edition(connection, number), "number": number}
    found = connection.execute(_recipients.where(_in_batch).order_by(subscriber.c.id), values)
    return tuple(found.all())


def eligible_recipients(
    connection: Connection, edition: str, number: int, now: datetime
) -> tuple[tuple[int, str], ...]:
    """Like `batch_recipients`, after excluding those who left or paused since they were enqueued, with the reason."""
    values = {"edition": edition, "number": number, "now": now}
    ids, emails, ineligible = connection.execute(_as_one_row[connection.dialect.name], values).one()
    if not ineligible:
        return tuple(sorted(zip(_list(ids), _list(emails), strict=True)))
    for row in connection.execute(_ineligible_recipients, values).all():
        reason = row.reason or ("paused" if row.listed else "removed from the list")
        update_deliveries(connection, edition, [row.id], outcome=DeliveryOutcome.EXCLUDED, reason=reason)
    eligible = batch_recipients(connection, number)
    _set_size(connection, number, len(eligible))
    return eligible


def _list(array: str | None) -> list[Any]:
    """Parse an array. It is NULL for a batch without recipients."""
    return list(orjson.loads(array)) if array else []
