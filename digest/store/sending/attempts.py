"""Rows of attempts, inside a transaction that the caller holds: whose they are, how they end, who may redo them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.ports import Claim
from digest.errors import StoreError
from digest.models import AttemptState
from digest.store.schema import attempt, batch


def update_own(connection: Connection, name: str, **noted: Any) -> int:
    """The batch of an attempt that is still ours, with something noted of it. Raises StoreError when another run has
    settled it: whoever went on now would hand readers over a second time."""
    mine = and_(attempt.c.id == name, attempt.c.state == AttemptState.SUBMITTING)
    if not connection.execute(update(attempt).where(mine).values(**noted)).rowcount:
        raise StoreError(f"attempt {name} was taken over by another run; this one stops")
    return int(connection.execute(select(attempt.c.batch).where(attempt.c.id == name)).scalar_one())


def retryable_elsewhere(transport: ColumnElement[str]) -> ColumnElement[bool]:
    """That a batch may be with another transport's provider, which alone knows it again."""
    redone = select(attempt.c.id).where(attempt.c.batch == batch.c.id, attempt.c.state == AttemptState.REDO)
    return redone.where(attempt.c.transport != transport).exists()


def give_up_retrying(connection: Connection, number: int) -> bool:
    """What was to be redone is in doubt now. False when there was nothing to redo."""
    return _leave(connection, number, (AttemptState.REDO,), AttemptState.UNKNOWN)


def disown(connection: Connection, number: int) -> None:
    """An operator says that no attempt of this batch has reached anybody: nothing of them is recalled or waited for."""
    _leave(connection, number, (AttemptState.UNKNOWN, AttemptState.RECALLING, AttemptState.REDO), AttemptState.DECIDED)


def _leave(connection: Connection, number: int, states: Sequence[str], to: str) -> bool:
    mine = and_(attempt.c.batch == number, attempt.c.state.in_(states))
    return bool(connection.execute(update(attempt).where(mine).values(state=to)).rowcount)


def copy_unknown(connection: Connection, number: int, child: int) -> None:
    """Readers who part from a batch that may be with a provider already are, in their new one, no less so."""
    for held in connection.execute(
        select(attempt).where(attempt.c.batch == number, attempt.c.state == AttemptState.REDO)
    ).all():
        own = {**held._mapping, "id": secrets.token_hex(8), "batch": child}
        connection.execute(insert(attempt).values(own))


_end = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values({name: bindparam(f"new_{name}") for name in ("state", "ended_at", "detail", "provider_id")})
    .returning(attempt.c.batch)
)


def end_attempt(connection: Connection, name: str, outcome: Outcome, now: datetime) -> int | None:
    """Writes down how it ended and answers its batch; None where the provider's events were faster than its answer.
    Raises StoreError when it was settled already."""
    state, detail, provider_id = _words(outcome)
    ended = {"new_state": state, "new_ended_at": now, "new_detail": detail, "new_provider_id": provider_id}
    number: int | None = connection.execute(_end, {"name": name, **ended}).scalar()
    if (
        number is None
        and connection.execute(select(attempt.c.state).where(attempt.c.id == name)).scalar() != AttemptState.PROVED
    ):
        raise StoreError(f"attempt {name} was settled already; two runs can't both own it")
    return number


_accept = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values(state=AttemptState.ACCEPTED, ended_at=bindparam("at"), provider_id=bindparam("known_as"))
)


def accept_attempts(connection: Connection, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> list[int]:
    """As `end` of each: their batches, without those that the provider's events have proved already."""
    if not accepted:
        return []
    rows = [{"name": claim.attempt, "known_as": outcome.provider_id, "at": now} for claim, outcome in accepted]
    changed = connection.execute(_accept, rows).rowcount
    if changed == len(rows):
        return [claim.batch for claim, _outcome in accepted]
    names = [claim.attempt for claim, _outcome in accepted]
    proved = set(
        connection.execute(
            select(attempt.c.id).where(attempt.c.id.in_(names), attempt.c.state == AttemptState.PROVED)
        ).scalars()
    )
    if changed + len(proved) != len(rows):
        raise StoreError(f"one of attempts {', '.join(names)} was settled already; two runs can't both own it")
    return [claim.batch for claim, _outcome in accepted if claim.attempt not in proved]


def _words(outcome: Outcome) -> tuple[str, str, str]:
    match outcome:
        case Accepted(provider_id):
            return AttemptState.ACCEPTED, "", provider_id
        case Rejected(readers):
            return AttemptState.REJECTED, f"{len(readers)} readers refused", ""
        case Split(reason):
            return AttemptState.HALVED, reason, ""
        case NotSent(reason):
            return AttemptState.NOT_SENT, reason, ""
        case Retryable(reason):
            return AttemptState.REDO, reason, ""
        case Unknown(reason):
            return AttemptState.UNKNOWN, reason, ""
        case PerRecipient():
            said = outcome.not_sent_reason or next(iter(outcome.unknown.values()), "")
            return AttemptState.MIXED, said, ""
