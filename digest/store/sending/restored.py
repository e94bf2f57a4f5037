"""Hold the batches of a restored store that may have been sent after its copy was made.

If the replaced store can be read, it knows what was sent, and the copy takes that over (`take_over_sends`). Nothing is
held then.

One rule ensures that nobody gets an edition twice: **everything that may have been sent since the copy is unknown, and
only an operator, an event or the provider's log changes that** (`digest reconcile`).

- Unsettled batches of the copy become unknown. So do accepted batches that were scheduled for later, because the
  edition may have been stopped since.
- New batches are unknown from the start if their edition may have been sent since (`find_hold_reason`), as all editions
  up to the day of the restore may.

Such a batch is held: it has an attempt in the state `restored`, which stands for all attempts that this store never
saw. `delivery.on_unknown` does not apply to it, and a cancellation at the provider does not make it pending.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, or_, select, update

from digest.models import AttemptState, BatchState, EditionState
from digest.store import meta
from digest.store.database import Database
from digest.store.schema import attempt, batch, inline_image, metadata, rate_window
from digest.store.schema import edition as editions
from digest.store.schema import meta as values
from digest.store.sending.decisions import Decision, DecisionGrounds, record_decision
from digest.store.statements import chunks

_NAME = "restored"
# A special edition has no day in its key, so it is held for this long: an operator may send it again because the
# restored store lacks it.
SPECIALS = timedelta(days=7)
# Rows in memory at once.
_CHUNK = 1_000
# Tables with rows of an edition, each after the tables that it refers to.
_TABLES = tuple(table for table in metadata.sorted_tables if table is attempt or "edition" in table.c)
_STOPPED = (EditionState.CANCELLED, EditionState.PAUSED)


@dataclass(frozen=True)
class RestoredStore:
    """When the store was restored, kept in the table `meta`. The times are in the newsletter's zone."""

    copied_at: datetime
    restored_at: datetime
    # The day of `restored_at` in the newsletter's zone.
    day: date
    # Editions of a later day that were in the copy.
    later: tuple[str, ...] = ()
    # Editions that had not been sent when the store was restored, by the word of an operator.
    not_sent: tuple[str, ...] = ()

    def covers(self, key: str, day: date) -> bool:
        """Whether the edition may have been sent between the copy and the restore."""
        if key in self.not_sent:
            return False
        special = not key.startswith(day.isoformat())
        return day <= self.day + (SPECIALS if special else timedelta(0)) or key in self.later


@dataclass(frozen=True, slots=True)
class SentSince:
    """An edition that was sent after the copy was made, and how many more recipients may have it."""

    edition: str
    recipients: int


@dataclass(frozen=True, slots=True)
class HoldReason:
    """Why the batches of an edition are held, and since when its sends are not known."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldEdition:
    """An edition with held batches. Counts are of this restore."""

    edition: str
    batches: int
    recipients: int


def is_held() -> ColumnElement[bool]:
    """Return the condition that the batch may have been sent by attempts that this store never saw."""
    mark = select(attempt.c.id).where(attempt.c.batch == batch.c.id, attempt.c.state == AttemptState.RESTORED)
    return mark.correlate(batch).exists()


def how_to(key: str) -> str:
    """Return the sentence that tells operators how to settle the edition."""
    return (
        "find out whether it was sent, at your provider or in the log of your mail server, then run "
        f"`digest reconcile {key}`."
    )


def hold_unsettled(connection: Connection, restored: RestoredStore) -> list[HeldEdition]:
    """Make every batch unknown that may have been sent since the copy, and record that the store was restored."""
    hold_reason = _hold_reason(restored)
    rows = (
        select(batch.c.id, batch.c.edition, batch.c.size)
        .join(editions, editions.c.key == batch.c.edition)
        # A cancelled edition is never sent again.
        .where(_is_unsettled(restored.copied_at), batch.c.size > 0, editions.c.state != EditionState.CANCELLED)
        .order_by(batch.c.edition, batch.c.id)
    )
    found = connection.execute(rows).all()
    numbers = [row.id for row in found]
    for part in chunks(numbers):
        open_ = and_(
            attempt.c.batch.in_(part),
            or_(
                attempt.c.state.in_((AttemptState.SUBMITTING, AttemptState.RETRYABLE)),
                _is_scheduled_after(restored.copied_at),
            ),
        )
        ended = func.coalesce(attempt.c.ended_at, restored.restored_at)
        connection.execute(
            update(attempt).where(open_).values(state=AttemptState.UNKNOWN, ended_at=ended, detail=hold_reason.reason)
        )
        connection.execute(update(batch).where(batch.c.id.in_(part)).values(state=BatchState.UNKNOWN, tries=0))
    hold(connection, numbers, hold_reason)
    _save(connection, replace(restored, later=_later_editions(connection, restored.day)))
    sizes: dict[str, list[int]] = {}
    for row in found:
        sizes.setdefault(row.edition, []).append(row.size)
    return [HeldEdition(key, len(parts), sum(parts)) for key, parts in sizes.items()]


def hold(connection: Connection, numbers: Collection[int], hold_reason: HoldReason) -> None:
    """Mark unknown batches as held."""
    same = {"transport": "", "state": AttemptState.RESTORED, "started_at": hold_reason.at, "ended_at": hold_reason.at}
    rows = [{"id": secrets.token_hex(8), "batch": number, "detail": hold_reason.reason, **same} for number in numbers]
    if rows:
        connection.execute(insert(attempt), rows)


def unsettled_editions(copy: Connection, copied_at: datetime) -> set[str]:
    """Return the editions that were not completely settled when the copy was made."""
    return set(copy.execute(select(batch.c.edition).where(_is_unsettled(copied_at)).distinct()).scalars())


def sent_since(newer: Connection, copy: Connection) -> list[SentSince] | None:
    """Return the editions that the newer store has handed over since the copy.

    Every attempt is stored before its first byte is sent, so the newer store knows every edition since the copy. None
    if it may lack attempts: if one of the stores was restored before, or the copy has attempts that the newer store
    lacks.
    """
    if _load(newer) or _load(copy):
        return None
    known, present = _attempts(copy), _attempts(newer)
    if not known.keys() <= present.keys():
        return None
    keys = sorted({edition for id, edition in present.items() if id not in known})
    before, after = _handed_over(copy), _handed_over(newer)
    return [SentSince(key, max(0, after.get(key, 0) - before.get(key, 0))) for key in keys]


def _attempts(connection: Connection) -> dict[str, str]:
    """Return attempt → edition."""
    rows = select(attempt.c.id, batch.c.edition).join(batch, batch.c.id == attempt.c.batch)
    return dict(connection.execute(rows).all())


def _handed_over(connection: Connection) -> dict[str, int]:
    """Return edition → number of recipients who have it, or may have it."""
    states = (BatchState.ACCEPTED, BatchState.UNKNOWN, BatchState.SUBMITTING)
    rows = select(batch.c.edition, func.sum(batch.c.size)).where(batch.c.state.in_(states)).group_by(batch.c.edition)
    return {key: int(recipients) for key, recipients in connection.execute(rows)}


def find_hold_reason(connection: Connection, key: str, day: date | None = None) -> HoldReason | None:
    """Return why the edition must be held; None if it need not be. `day` is the edition's day if its key is not in the
    store.
    """
    restored = _load(connection)
    if restored is None:
        return None
    stored: date | None = connection.execute(select(editions.c.day).where(editions.c.key == key)).scalar()
    known = stored or day
    return _hold_reason(restored) if known is not None and restored.covers(key, known) else None


def set_not_sent(database: Database, key: str, grounds: DecisionGrounds, now: datetime) -> None:
    """Record an operator's statement that the edition had not been sent when the store was restored."""
    with database.write(area="meta") as connection:
        restored = _load(connection)
        if restored is None:
            return
        _save(connection, replace(restored, not_sent=(*restored.not_sent, key)))
        if connection.execute(select(editions.c.key).where(editions.c.key == key)).first():
            record_decision(connection, key, Decision.NOT_SENT, grounds, now)


def doubtful_unsent(connection: Connection, since: date) -> list[str]:
    """Return editions since a day that may have been sent since the copy, without recipients in this store.

    Includes editions in the copy, and those planned since that it lacks.
    """
    restored = _load(connection)
    if restored is None:
        return []
    rows = connection.execute(select(editions.c.key, editions.c.day, editions.c.state)).all()
    recipients = set(connection.execute(select(batch.c.edition).distinct()).scalars())
    unsent = {
        row.key
        for row in rows
        if row.day >= since and row.key not in recipients and row.state != EditionState.CANCELLED
    }
    days = {
        (since + timedelta(days=past)).isoformat(): since + timedelta(days=past)
        for past in range((restored.day - since).days + 1)
    }
    known = {row.key: row.day for row in rows}
    possible = unsent | (days.keys() - known.keys())
    return sorted(key for key in possible if restored.covers(key, known.get(key) or days[key]))


def last_activity(connection: Connection) -> datetime | None:
    """Return the latest time in the store. A copy of unknown age cannot be older than that."""
    columns = (attempt.c.started_at, attempt.c.ended_at, editions.c.composed_at, editions.c.done_at)
    times = [connection.execute(select(func.max(column))).scalar() for column in columns]
    return max((time for time in times if time is not None), default=None)


def _is_unsettled(copied_at: datetime) -> ColumnElement[bool]:
    """Return the condition that the copy does not contain the final outcome of the batch."""
    scheduled = select(attempt.c.id).where(attempt.c.batch == batch.c.id, _is_scheduled_after(copied_at))
    return or_(
        batch.c.state.in_((BatchState.PENDING, BatchState.SUBMITTING, BatchState.UNKNOWN)),
        and_(batch.c.state == BatchState.ACCEPTED, scheduled.exists()),
    )


def _is_scheduled_after(moment: datetime) -> ColumnElement[bool]:
    return and_(
        attempt.c.state.in_((AttemptState.ACCEPTED, AttemptState.CONFIRMED)),
        attempt.c.schedule_id != "",
        attempt.c.send_at > moment,
    )


def _later_editions(connection: Connection, day: date) -> tuple[str, ...]:
    return tuple(connection.execute(select(editions.c.key).where(editions.c.day > day)).scalars())


def _hold_reason(restored: RestoredStore) -> HoldReason:
    made = f"{restored.copied_at:%Y-%m-%d %H:%M}"
    return HoldReason(
        f"the store was restored from a copy of {made}, and this may have been sent since", restored.restored_at
    )


def _load(connection: Connection) -> RestoredStore | None:
    stored = connection.execute(select(values.c.value).where(values.c.name == _NAME)).scalar()
    if stored is None:
        return None
    found: dict[str, Any] = json.loads(stored)
    return RestoredStore(
        datetime.fromisoformat(found["copied_at"]),
        datetime.fromisoformat(found["restored_at"]),
        date.fromisoformat(found["day"]),
        tuple(found["later"]),
        tuple(found["not_sent"]),
    )


def _save(connection: Connection, restored: RestoredStore) -> None:
    meta.put(connection, _NAME, json.dumps(asdict(restored), default=lambda time: time.isoformat()))


def take_over_sends(newer: Connection, copy: Connection, sent: Collection[str], copied_at: datetime) -> None:
    """Replace the copy's rows of editions by the newer store's, if they were sent, settled or stopped since.

    `sent` are the editions that were sent since the copy (`restored.sent_since`).
    """
    keys = sorted({*sent, *unsettled_editions(copy, copied_at), *_stopped_since(newer, copy)})
    _insert_images(newer, copy)
    for key in keys:
        for table in (*reversed(_TABLES), editions):
            copy.execute(delete(table).where(_belongs_to(table, key)))
        for table in (editions, *_TABLES):
            for rows in _rows(newer, table, key):
                copy.execute(insert(table), rows)
    # The provider has counted the emails that were sent since.
    copy.execute(delete(rate_window))
    for rows in _rows(newer, rate_window):
        copy.execute(insert(rate_window), rows)


def left_behind(newer: Connection, copy: Connection) -> list[str]:
    """Return the editions that the copy lacks, or has in another state or with other contents than the newer store."""
    columns = (editions.c.key, editions.c.state, editions.c.composed_at, editions.c.editorial_changes)
    present, known = ({row.key: tuple(row) for row in each.execute(select(*columns))} for each in (newer, copy))
    return sorted(key for key, row in present.items() if known.get(key) != row)


def _stopped_since(newer: Connection, copy: Connection) -> set[str]:
    states = select(editions.c.key, editions.c.state)
    before: dict[str, str] = dict(copy.execute(states).all())
    stopped: dict[str, str] = dict(newer.execute(states.where(editions.c.state.in_(_STOPPED))).all())
    return {key for key, state in stopped.items() if before.get(key, state) != state}


def _belongs_to(table: Table, key: str) -> ColumnElement[bool]:
    """Return the condition that the row belongs to the edition."""
    if table is editions:
        return editions.c.key == key
    if table is attempt:
        return attempt.c.batch.in_(select(batch.c.id).where(batch.c.edition == key))
    return table.c.edition == key


def _rows(connection: Connection, table: Table, key: str | None = None) -> Iterator[list[dict[str, Any]]]:
    wanted = select(table) if key is None else select(table).where(_belongs_to(table, key))
    found = connection.execute(wanted.execution_options(yield_per=_CHUNK)).mappings()
    for part in chunks(found, _CHUNK):
        yield [dict(row) for row in part]


def _insert_images(newer: Connection, copy: Connection) -> None:
    known = set(copy.execute(select(inline_image.c.cid)).scalars())
    missing = set(newer.execute(select(inline_image.c.cid)).scalars()) - known
    for part in chunks(sorted(missing)):
        rows = newer.execute(select(inline_image).where(inline_image.c.cid.in_(part))).mappings().all()
        copy.execute(insert(inline_image), [dict(row) for row in rows])
