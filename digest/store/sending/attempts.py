"""Rows of attempts: which run owns them, how they end, which may be retried.

All functions run in the caller's transaction. Accepted batches are the common case: on PostgreSQL each takes one
statement, because a statement is a round trip.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, text, update

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.ports import Claim
from digest.errors import StoreError, TakenOver
from digest.models import AttemptState, BatchState
from digest.store.database import Database
from digest.store.schema import attempt, batch
from digest.utils.clock import utc_now

_accept_attempts = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values(state=AttemptState.ACCEPTED, ended_at=bindparam("at"), provider_id=bindparam("provider_id"))
)
_accept_batches = (
    update(batch)
    .where(batch.c.id == bindparam("number"), batch.c.state == BatchState.SUBMITTING)
    .values(state=BatchState.ACCEPTED)
)
# Returns the batch if the attempt was in flight, and whether the batch was in flight too. Takes one attempt at a time:
# with a list PostgreSQL would scan all attempts while the table is small.
_accept_both = text(f"""
    WITH ended AS (
        UPDATE attempt SET state = '{AttemptState.ACCEPTED}', ended_at = :at, provider_id = :provider_id
        WHERE id = :name AND state = '{AttemptState.SUBMITTING}' RETURNING batch
    ), moved AS (
        UPDATE batch SET state = '{BatchState.ACCEPTED}'
        WHERE id = (SELECT batch FROM ended) AND state = '{BatchState.SUBMITTING}' RETURNING id
    )
    SELECT batch, EXISTS (SELECT FROM moved) FROM ended
""")  # noqa: S608
# See `ProgressLog`.
STEP = 25

_record = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values(current_recipient=bindparam("recipient"), current_at=bindparam("at"))
)


def update_in_flight(connection: Connection, name: str, **values: Any) -> int:
    """Update an attempt in flight and return its batch. Raises TakenOver if another run has settled it."""
    submitting = and_(attempt.c.id == name, attempt.c.state == AttemptState.SUBMITTING)
    if not connection.execute(update(attempt).where(submitting).values(**values)).rowcount:
        raise taken_over(name)
    return int(connection.execute(select(attempt.c.batch).where(attempt.c.id == name)).scalar_one())


def taken_over(name: str) -> TakenOver:
    return TakenOver(f"attempt {name} was taken over by another digest process, so it ends here")


def check_stored(connection: Connection, names: Collection[str]) -> None:
    """Raise StoreError if one of these attempts is missing. Another run may have settled them."""
    stored = set(connection.execute(select(attempt.c.id).where(attempt.c.id.in_(names))).scalars())
    for name in names:
        if name not in stored:
            raise lost(name)


def lost(name: str) -> StoreError:
    return StoreError(
        f"the store lost attempt {name}, which it had saved; this run stops. Was an older copy put back, or does "
        "PostgreSQL run with synchronous_commit=off? See the provider's log before you send again"
    )


def move_to_run(connection: Connection, names: Collection[str], run: str) -> None:
    """Make the attempts that are in flight belong to the run."""
    submitting = and_(attempt.c.id.in_(names), attempt.c.state == AttemptState.SUBMITTING)
    connection.execute(update(attempt).where(submitting).values(run=run))


def in_flight_but(connection: Connection, run: str, names: Collection[str]) -> Sequence[str]:
    """Return the run's attempts in flight, except these."""
    others = and_(attempt.c.run == run, attempt.c.state == AttemptState.SUBMITTING, attempt.c.id.not_in(names))
    return connection.execute(select(attempt.c.id).where(others)).scalars().all()


def retryable_elsewhere(transport: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that only another transport may retry the batch, because its provider recognises it."""
    retryable = select(attempt.c.id).where(attempt.c.batch == batch.c.id, attempt.c.state == AttemptState.RETRYABLE)
    return retryable.where(attempt.c.transport != transport).exists()


def retryable_before(connection: Connection, number: int, moment: datetime) -> bool:
    """Whether a batch has a retryable attempt that started at or before this time."""
    retryable = select(attempt.c.id).where(attempt.c.batch == number, attempt.c.state == AttemptState.RETRYABLE)
    return connection.execute(retryable.where(attempt.c.started_at <= moment).limit(1)).first() is not None


def give_up_retrying(connection: Connection, number: int) -> bool:
    """Make a batch's retryable attempts unknown. False if there are none."""
    return _set_state(connection, number, (AttemptState.RETRYABLE,), AttemptState.UNKNOWN)


def override(connection: Connection, number: int) -> None:
    """Record an operator's decision that no attempt of the batch has reached anybody."""
    open_ = (AttemptState.UNKNOWN, AttemptState.CANCELLING, AttemptState.RETRYABLE, AttemptState.RESTORED)
    _set_state(connection, number, open_, AttemptState.OVERRIDDEN)


def _set_state(connection: Connection, number: int, states: Sequence[str], to: str) -> bool:
    open_ = and_(attempt.c.batch == number, attempt.c.state.in_(states))
    return bool(connection.execute(update(attempt).where(open_).values(state=to)).rowcount)


def copy_retryable(connection: Connection, number: int, child: int) -> None:
    """Copy retryable attempts to a batch that was split off, because its recipients may have the email too."""
    retryable = select(attempt).where(attempt.c.batch == number, attempt.c.state == AttemptState.RETRYABLE)
    for row in connection.execute(retryable).all():
        values = {**row._mapping, "id": secrets.token_hex(8), "batch": child}
        connection.execute(insert(attempt).values(values))


_end = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values({name: bindparam(f"new_{name}") for name in ("state", "ended_at", "detail", "provider_id", "last_reply")})
    .returning(attempt.c.batch)
)


def end_attempt(connection: Connection, name: str, outcome: Outcome, now: datetime) -> int | None:
    """Store the outcome of an attempt in flight and return its batch. None if it ended before: see `late`."""
    state, detail, provider_id = values_of(outcome)
    last_reply = outcome.last_reply if isinstance(outcome, PerRecipient) else ""
    ended = {"new_state": state, "new_ended_at": now, "new_detail": detail, "new_provider_id": provider_id}
    ended["new_last_reply"] = last_reply
    number: int | None = connection.execute(_end, {"name": name, **ended}).scalar()
    return number


def last_detail(connection: Connection, number: int) -> str | None:
    """Return the last attempt's detail on the outcome of a batch; None without an attempt."""
    rows = select(attempt.c.detail).where(attempt.c.batch == number).order_by(attempt.c.started_at.desc())
    return connection.execute(rows.limit(1)).scalar() or None


def values_of(outcome: Outcome) -> tuple[str, str, str]:
    """Return the state, the detail and the provider's id, as they are stored: '' for none."""
    match outcome:
        case Accepted(provider_id):
            return AttemptState.ACCEPTED, "", provider_id or ""
        case Rejected(reasons):
            return AttemptState.REJECTED, f"{len(reasons)} recipients rejected", ""
        case Split(reason):
            return AttemptState.SPLIT, reason, ""
        case NotSent(reason):
            return AttemptState.NOT_SENT, reason, ""
        case Retryable(reason):
            return AttemptState.RETRYABLE, reason, ""
        case Unknown(reason):
            return AttemptState.UNKNOWN, reason, ""
        case PerRecipient():
            reason = outcome.not_sent_reason or next(iter(outcome.unknown.values()), "")
            return AttemptState.PER_RECIPIENT, reason, ""


def accept(connection: Connection, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> Sequence[int]:
    """End accepted attempts and their batches. Returns the batches of the attempts that were in flight."""
    if not accepted:
        return []
    rows: Sequence[Mapping[str, Any]] = [
        {"name": claim.attempt, "provider_id": outcome.provider_id or "", "at": now} for claim, outcome in accepted
    ]
    if connection.dialect.name == "postgresql":
        found = [row for values in rows for row in connection.execute(_accept_both, values)]
        moved = sum(row.exists for row in found)
        ended: Sequence[int] = [row.batch for row in found]
    else:
        ended = _accept_each(connection, accepted, rows)
        moved = connection.execute(_accept_batches, [{"number": number} for number in ended]).rowcount if ended else 0
    if moved != len(ended):
        raise StoreError(f"batch {', '.join(map(str, ended))} was not being submitted; two runs can't both own it")
    return ended


def _accept_each(
    connection: Connection, accepted: Sequence[tuple[Claim, Accepted]], rows: Sequence[Mapping[str, Any]]
) -> Sequence[int]:
    if connection.execute(_accept_attempts, rows).rowcount == len(rows):
        return [claim.batch for claim, _outcome in accepted]
    names = [claim.attempt for claim, _outcome in accepted]
    batches = select(attempt.c.batch).where(attempt.c.id.in_(names), attempt.c.state == AttemptState.ACCEPTED)
    return list(connection.execute(batches).scalars())


class ProgressLog:
    """Progress of this process's attempts that send to one recipient at a time. Threads may share it.

    After a crash one recipient is unknown, not a batch. On SQLite a commit that waits for the disk takes milliseconds,
    as long as an email. A commit that does not wait survives the death of this process, but perhaps not a power cut. So
    only every `STEP`th record waits, and the attempt stores the machine's boot id. If recovery finds another boot id,
    up to `STEP` recipients are unknown. On PostgreSQL, and on systems without a boot id, every record waits.
    """

    def __init__(self, database: Database, boot: str | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.database = database
        self.clock = clock
        # Empty where every record waits for the disk.
        self.boot = _boot_id(database) if boot is None else boot
        # Attempt → number of records.
        self._records: dict[str, int] = {}

    def record(self, name: str, recipient: int) -> None:
        """Record that the attempt sends to this recipient next.

        Raises TakenOver if another run has settled the attempt.
        """
        number = self._records.get(name, 0)
        with self.database.write(durable=not self.boot or number % STEP == 0) as connection:
            values = {"name": name, "recipient": recipient, "at": self.clock()}
            recorded = connection.execute(_record, values).rowcount
        if not recorded:
            raise taken_over(name)
        self._records[name] = number + 1

    def end(self, name: str) -> None:
        self._records.pop(name, None)


def unknown_recipients(last: int, ids: Sequence[int], *, same_boot: bool) -> list[int]:
    """Return the recipients of an interrupted attempt whose outcome is unknown.

    `ids` are in sending order, `last` is the one recorded last.
    """
    if same_boot:
        return [last] if last in ids else []
    return [id for id in ids if id >= last][:STEP]


def _boot_id(database: Database) -> str:
    if not database.sqlite:
        return ""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
