"""History of one subscriber: consents, changes of the list, and each edition with the reason why they got it or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from digest.messages import Message, joined
from digest.models import CORRECTION, GIVEN_UP_STATES, LETTERS_TO_SOME, AttemptState, BatchState
from digest.store.database import Database
from digest.store.people.erasure import Erasures
from digest.store.people.signups import JOINED, ORIGIN
from digest.store.people.suppressions import SIGNED_UP, is_by_admin, is_stopped_by_admin
from digest.store.schema import (
    answer,
    attempt,
    batch,
    consent,
    delivery,
    delivery_event,
    edition,
    erased,
    signup,
    subscriber,
    suppression,
)
from digest.store.sending.partitions import has_place
from digest.store.sending.recovery import Orphan
from digest.subscribers.imports.formats import FIELDS as LIST_FIELDS
from digest.subscribers.list_file import FILE_NAME

# Editions from this long before a subscriber was added are listed too.
_BEFORE = timedelta(days=7)
# The store follows an edit of the list file within this time.
_ECHO = timedelta(minutes=1)
_AGAIN = "asked again"
NOBODY_GOT_IT = "nobody got it"
"""How the reason of an edition begins that was skipped or given up."""
_ON_PAGE = Message("from the sign-up page")


class HistoryKind(StrEnum):
    """What an entry of a history is about."""

    # A change of the list.
    LIST = "list"
    # What somebody agreed to, or decided themselves.
    CONSENT = "consent"
    # Whether they got an edition.
    EDITION = "letter"
    # The outcome of an edition for them.
    EVENT = "event"
    # They get no more mail.
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened to a subscriber."""

    at: datetime
    kind: HistoryKind
    what: str
    # '' if there is no reason.
    why: str = ""
    edition: str | None = None
    # Whether an admin or an operator ended the person's email. `why` has the name.
    stopped_by_admin: bool = False


class SubscriberHistory:
    def __init__(self, database: Database, erasures: Erasures) -> None:
        self.database = database
        self.erasures = erasures

    def entries(self, address: str, zone: tzinfo = UTC, orphans: Mapping[int, Orphan] = {}) -> list[HistoryEntry]:
        """Return everything known about an address, oldest first, with times in sentences in `zone`."""
        hashed = self.erasures.hash_address(address)
        found: list[HistoryEntry] = []
        with self.database.read() as connection:
            row = connection.execute(select(subscriber).where(subscriber.c.address == address)).first()
            if row:
                found.append(HistoryEntry(row.added_at, HistoryKind.LIST, "added", _first_seen(row.origin)))
                found += _deliveries(connection, row.id, zone, orphans)
                found += _absences(connection, row.id, row.added_at)
                found += _folded_line(connection, row.added_at)
                found += _events(connection, row.id)
                found += _answers(connection, row.id)
            found += _consents(connection, address, hashed, row.added_at if row else None)
            found += _pending_signups(connection, address, known=bool(found))
            found += _suppressions(connection, address, hashed)
        return sorted(_without_echoes(found), key=lambda event: event.at)


def _without_echoes(events: Sequence[HistoryEntry]) -> Iterator[HistoryEntry]:
    """Leave out entries of the list file if a command or page made the same change: its entry names the user."""
    acts = [each for each in events if each.kind == HistoryKind.LIST and not _is_of_file(each)]
    for each in events:
        if not (_is_of_file(each) and any(_is_echo(each, act) for act in acts)):
            yield each


def _is_echo(event: HistoryEntry, act: HistoryEntry) -> bool:
    """Whether a change in the file only repeats an act that wrote it: the same change, or one of the same fields."""
    if event.what != act.what or abs(event.at - act.at) >= _ECHO:
        return False
    return event.what != "changed" or _fields(event) <= _fields(act)


def _fields(event: HistoryEntry) -> set[str]:
    """Return the names of the fields that an entry about a change names."""
    return {name for name in LIST_FIELDS if re.search(rf"\b{name}\b", event.why)}


def _is_of_file(event: HistoryEntry) -> bool:
    if event.kind != HistoryKind.LIST or event.what not in ("added", "removed", "changed"):
        return False
    return event.why in (FILE_NAME, _first_seen("")) or event.why.startswith(f"{FILE_NAME}; ")


def _first_seen(origin: str) -> str:
    if origin == ORIGIN:
        return Message("came from the sign-up page")
    return Message("first seen in %(origin)s", origin=origin or FILE_NAME)


def _consents(connection: Connection, address: str, hashed: str, since: datetime | None) -> list[HistoryEntry]:
    """Read the consent log. `since` is when the subscriber was first listed."""
    rows = select(consent).where(consent.c.address.in_((address, hashed))).order_by(consent.c.at, consent.c.id)
    found: list[HistoryEntry] = []
    for row in connection.execute(rows):
        is_of_list = row.what in ("added", "changed", "removed")
        kind = HistoryKind.LIST if is_of_list else HistoryKind.CONSENT
        # A sign-up of somebody known.
        again = row.what == SIGNED_UP and (found or (since is not None and since < row.at))
        source = _ON_PAGE if row.source == JOINED else row.source
        why = _join(source, row.wording, row.detail)
        by_admin = is_by_admin(row.what, row.source)
        found.append(HistoryEntry(row.at, kind, _AGAIN if again else row.what, why, stopped_by_admin=by_admin))
    return found


def _pending_signups(connection: Connection, address: str, *, known: bool) -> list[HistoryEntry]:
    rows = select(signup.c.asked_at).where(signup.c.address == address, signup.c.confirmed_at.is_(None))
    why = _join(_ON_PAGE, Message("the link in the mail was not followed yet"))
    return [
        HistoryEntry(at, HistoryKind.CONSENT, _AGAIN if known or number else "asked", why)
        for number, at in enumerate(connection.execute(rows.order_by(signup.c.asked_at)).scalars())
    ]


def _suppressions(connection: Connection, address: str, hashed: str) -> list[HistoryEntry]:
    suppressed = connection.execute(select(suppression).where(suppression.c.address == address)).first()
    gone = connection.execute(select(erased).where(erased.c.hash == hashed)).first()
    found = []
    if suppressed:
        why = _join(suppressed.detail, Message("gets no mail from here on"))
        by_admin = is_stopped_by_admin(suppressed.reason, suppressed.detail)
        entry = HistoryEntry(suppressed.at, HistoryKind.BARRED, suppressed.reason, why, stopped_by_admin=by_admin)
        found.append(entry)
    if gone:
        found.append(
            HistoryEntry(gone.at, HistoryKind.BARRED, "erased", _join(gone.reason, Message("nothing but this is kept")))
        )
    return found


def _deliveries(connection: Connection, id: int, zone: tzinfo, orphans: Mapping[int, Orphan]) -> list[HistoryEntry]:
    # SQLite looks the person up in each edition. By a condition on the joined edition it would read all deliveries.
    whole = select(edition.c.key).where(edition.c.folded_at.is_(None))
    rows = (
        select(
            delivery,
            edition.c.day,
            edition.c.frozen_at,
            edition.c.composed_at,
            edition.c.state.label("edition_state"),
            batch.c.state,
            batch.c.due_at,
            batch.c.parent,
        )
        .join(edition, edition.c.key == delivery.c.edition)
        .outerjoin(batch, batch.c.id == delivery.c.batch)
        .where(delivery.c.subscriber == id, delivery.c.edition.in_(whole))
    )
    return [
        _delivery(row, _attempts(connection, row), zone, orphans.get(row.batch))
        for row in connection.execute(rows).all()
    ]


def _attempts(connection: Connection, row: Any) -> list[Any]:
    """Return the attempts of a delivery's batch, and of the batches that it was split off from."""
    if row.batch is None:
        return []
    numbers, parent = [row.batch], row.parent
    while parent is not None:
        numbers.append(parent)
        parent = connection.execute(select(batch.c.parent).where(batch.c.id == parent)).scalar()
    rows = select(attempt).where(attempt.c.batch.in_(numbers)).order_by(attempt.c.started_at, attempt.c.id)
    return list(connection.execute(rows).all())


def _delivery(row: Any, attempts: list[Any], zone: tzinfo, orphan: Orphan | None) -> HistoryEntry:
    last = attempts[-1] if attempts else None
    shown = {BatchState.SUBMITTING: BatchState.PENDING, BatchState.EMPTY: BatchState.PENDING}
    state = row.outcome or shown.get(row.state, row.state)
    if orphan and not row.outcome:
        state = orphan.state_of(row.subscriber)
    at = (last and (last.ended_at or last.started_at)) or row.frozen_at or row.due_at or row.composed_at
    at = at or datetime.combine(row.day, time(0), UTC)
    why = _why(row, attempts, zone, orphan)
    if not row.outcome and state == BatchState.PENDING and row.edition_state in GIVEN_UP_STATES:
        state, why = "none", Message("the edition was given up: %(state)s", state=row.edition_state)
    return HistoryEntry(at, HistoryKind.EDITION, state, why, row.edition)


def _why(row: Any, attempts: list[Any], zone: tzinfo, orphan: Orphan | None) -> str:
    """Say why the recipient is in this state: the reason, the hour that it waits for, or the last attempt."""
    if row.outcome:
        return row.reason or ""
    if not attempts:
        return Message("due at %(moment)s", moment=f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")
    last = attempts[-1]
    # The `restored` mark has no transport, but an earlier attempt may have one.
    transport = next((each.transport for each in reversed(attempts) if each.transport), "")
    by = Message("batch %(num)s", num=row.batch)
    if transport:
        by = Message("by %(transport)s, batch %(num)s", transport=transport, num=row.batch)
        if last.provider_id:
            by = Message(
                "by %(transport)s, batch %(num)s, its id there %(id)s",
                transport=transport,
                num=row.batch,
                id=last.provider_id,
            )
    decided = row.state == BatchState.ACCEPTED and last.state in (AttemptState.OVERRIDDEN, AttemptState.RESTORED)
    # Its detail says why it was unknown before.
    command = f"`digest reconcile {row.edition} --history`"
    detail = Message("decided by an operator: %(command)s", command=command) if decided else last.detail
    tries = sum(1 for each in attempts if each.transport)
    return _join(by, orphan.reason if orphan else detail, Message("%(num)s tries", num=tries) if tries > 1 else "")


def _folded_line(connection: Connection, added_at: datetime) -> list[HistoryEntry]:
    """Return one line for all folded editions. Only their counts are left."""
    at = func.coalesce(edition.c.frozen_at, edition.c.composed_at)
    rows = select(func.count(), func.max(at)).where(edition.c.folded_at.is_not(None), at >= added_at - _BEFORE)
    number, last = connection.execute(rows).one()
    if not number or last is None:
        return []
    why = _join(
        Message("%(num)s editions until this time are counted only", num=number),
        Message("who got them is no longer kept (store.keep.deliveries)"),
    )
    return [HistoryEntry(last, HistoryKind.EDITION, "none", why)]


def _events(connection: Connection, id: int) -> list[HistoryEntry]:
    whole = select(edition.c.key).where(edition.c.folded_at.is_(None))
    rows = select(delivery_event).where(delivery_event.c.subscriber == id, delivery_event.c.edition.in_(whole))
    return [
        HistoryEntry(row.at, HistoryKind.EVENT, row.kind, row.reason, row.edition) for row in connection.execute(rows)
    ]


def _answers(connection: Connection, id: int) -> list[HistoryEntry]:
    rows = select(answer).where(answer.c.subscriber == id)
    return [
        HistoryEntry(row.at, HistoryKind.EVENT, "answered", _option(row), row.edition)
        for row in connection.execute(rows)
    ]


def _absences(connection: Connection, id: int, added_at: datetime) -> list[HistoryEntry]:
    """Return the editions without a place for the subscriber, from shortly before they were added."""
    at = func.coalesce(edition.c.frozen_at, edition.c.composed_at)
    rows = select(edition.c.key, edition.c.state, edition.c.reason, edition.c.frozen_at, at.label("at")).where(
        ~has_place(edition.c.key, id), edition.c.folded_at.is_(None), at >= added_at - _BEFORE
    )
    found = []
    for row in connection.execute(rows):
        if row.frozen_at is not None:
            why = "it was made ready before this subscriber was added"
            if row.frozen_at >= added_at:
                why = "was not on the list when it was made ready"
            if row.key.startswith(LETTERS_TO_SOME):
                # Only their own recipients get these editions, so other subscribers lack nothing.
                people = "people with the wrong text" if row.key.startswith(CORRECTION) else "the people concerned"
                why = f"it went only to {people}"
            found.append(HistoryEntry(row.frozen_at, HistoryKind.EDITION, "none", why, row.key))
        elif row.state in GIVEN_UP_STATES:
            found.append(
                HistoryEntry(
                    row.at, HistoryKind.EDITION, "none", _join(f"{NOBODY_GOT_IT}: {row.state}", row.reason), row.key
                )
            )
    return found


def _option(row: Any) -> Message:
    return Message("option %(num)s of the %(block)s", num=row.choice, block=row.block)


def _join(*parts: str) -> str:
    return joined("; ", *parts)
