"""Late outcomes: another run, an event or an operator has already settled the attempt, because this run seemed dead.

That happens when PostgreSQL restarts, or when a machine loses its connection to PostgreSQL and not to the provider. A
late outcome is proof. `Accepted` makes the batch accepted, whatever its state is now. Any other outcome settles a batch
that is unknown only because this outcome was missing. All functions run in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from digest.deliver.outcome import Accepted, Outcome, PerRecipient, Unknown
from digest.errors import StoreError
from digest.models import AttemptState, BatchState
from digest.store.schema import attempt, batch
from digest.store.sending import attempts, batches

# States that recovery, `resume` and operators give an attempt in flight. The provider's response takes precedence over
# them.
_ASSUMED = (
    AttemptState.UNKNOWN,
    AttemptState.RETRYABLE,
    AttemptState.NOT_SENT,
    AttemptState.PER_RECIPIENT,
    AttemptState.OVERRIDDEN,
)
# Only the run that made the attempt writes these.
_FINAL = (AttemptState.ACCEPTED, AttemptState.REJECTED, AttemptState.SPLIT)
_SERVED = (AttemptState.ACCEPTED, AttemptState.CONFIRMED)
# States of attempts that reached the recipients, may have, or may still do so.
_MAY_REACH = (
    AttemptState.SUBMITTING,
    AttemptState.UNKNOWN,
    AttemptState.RETRYABLE,
    AttemptState.CANCELLING,
    AttemptState.RESTORED,
    *_SERVED,
)
_WAITING = (BatchState.PENDING, BatchState.UNKNOWN)


def settle(connection: Connection, name: str, outcome: Outcome, now: datetime) -> None:
    """Apply the late outcome of an attempt that was settled before. Repeating it changes nothing.

    Raises StoreError if the attempt is missing, or if its own run has settled it in another way.
    """
    of = attempt.c
    columns = select(of.id, of.batch, of.state, of.detail, of.provider_id, batch.c.edition)
    # Locked: another run may settle a later attempt of the batch now.
    this_attempt = columns.join(batch, batch.c.id == of.batch).where(of.id == name).with_for_update()
    found = connection.execute(this_attempt).one_or_none()
    if found is None:
        raise attempts.lost(name)
    if found.state in _FINAL and (found.state, found.detail, found.provider_id) != attempts.values_of(outcome):
        raise StoreError(f"attempt {name} was settled already; two runs can't both own it")
    if isinstance(outcome, Accepted):
        if found.state in _ASSUMED:
            state, detail, provider_id = attempts.values_of(outcome)
            values = {"state": state, "detail": detail, "provider_id": provider_id, "ended_at": now}
            connection.execute(update(attempt).where(of.id == name).values(values))
            _accept_waiting(connection, found.edition, found.batch)
    elif found.state == AttemptState.PER_RECIPIENT and isinstance(outcome, PerRecipient):
        _accept_recipients(connection, found.edition, found.batch, outcome.accepted)
    elif found.state == AttemptState.UNKNOWN and not isinstance(outcome, Unknown) and _reopen(connection, found):
        attempts.end_attempt(connection, name, outcome, now)
        batches.apply_outcome(connection, found.batch, outcome)


def accept_if_served(connection: Connection, number: int, outcome: Outcome) -> None:
    """Accept the rest of an attempt's batch if a late outcome showed that another attempt reached all recipients."""
    if isinstance(outcome, Accepted):
        return
    served = select(batch.c.edition).join(attempt, attempt.c.batch == batch.c.id)
    edition = connection.execute(served.where(batch.c.id == number, attempt.c.state.in_(_SERVED)).limit(1)).scalar()
    if edition is not None:
        _accept_waiting(connection, edition, number)


def _reopen(connection: Connection, found: Any) -> bool:
    """Put an unknown attempt and its batch back in flight. False if the batch has changed, or has other attempts."""
    others = select(attempt.c.id).where(attempt.c.batch == found.batch, attempt.c.id != found.id)
    if connection.execute(others.where(attempt.c.state.in_(_MAY_REACH)).limit(1)).first() is not None:
        return False
    is_unknown = and_(batch.c.id == found.batch, batch.c.state == BatchState.UNKNOWN)
    if not connection.execute(update(batch).where(is_unknown).values(state=BatchState.SUBMITTING)).rowcount:
        return False
    connection.execute(update(attempt).where(attempt.c.id == found.id).values(state=AttemptState.SUBMITTING))
    return True


def _accept_waiting(connection: Connection, edition: str, number: int) -> None:
    """Accept the batch and those split off it, except those that another run is sending now."""
    numbers = _with_parts(connection, edition, number)
    waiting = and_(batch.c.id.in_(numbers), batch.c.state.in_(_WAITING))
    connection.execute(update(batch).where(waiting).values(state=BatchState.ACCEPTED, tries=0))


def _accept_recipients(connection: Connection, edition: str, number: int, accepted: Collection[int]) -> None:
    """Accept these recipients where a batch that was split off from this one has them as unknown."""
    unknown = and_(batch.c.id.in_(_with_parts(connection, edition, number)), batch.c.state == BatchState.UNKNOWN)
    for part in connection.execute(select(batch.c.id).where(unknown).with_for_update()).scalars().all():
        ids = [id for id, _email in batches.batch_recipients(connection, part)]
        served = [id for id in ids if id in accepted]
        if served:
            settled = part if len(served) == len(ids) else batches.take_out(connection, part, served)
            connection.execute(update(batch).where(batch.c.id == settled).values(state=BatchState.ACCEPTED, tries=0))


def _with_parts(connection: Connection, edition: str, number: int) -> list[int]:
    """Return the batch and all batches split off it, directly or indirectly."""
    rows = select(batch.c.id, batch.c.parent).where(batch.c.edition == edition, batch.c.parent.is_not(None))
    # A part is always younger than what it was split off from.
    numbers = {number}
    for id, parent in connection.execute(rows.order_by(batch.c.id)).all():
        if parent in numbers:
            numbers.add(id)
    return sorted(numbers)
