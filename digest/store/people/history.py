"""One reader's story in the order of time: what they agreed to, what the list did, each letter and why or why not.

Owns reading it from the tables; changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, func, select

from digest.models import BatchState, EditionState
from digest.store.database import Database
from digest.store.people.erasure import Erasures
from digest.store.people.signups import JOINED, ORIGIN
from digest.store.people.suppressions import SIGNED_UP
from digest.store.schema import (
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
from digest.store.sending.recovery import Orphan

_BEFORE = timedelta(days=7)
_AGAIN = "asked again"
_ON_PAGE = "from the sign-up page"
_NOT_SENT = (EditionState.SKIPPED, EditionState.CANCELLED, EditionState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `kind`: list, consent, letter, event or barred; `what` in a word or two, `why` in a
    sentence or ''; `edition` where it concerns one."""

    at: datetime
    kind: str
    what: str
    why: str = ""
    edition: str = ""


class SubscriberHistory:
    """Stories over an open store."""

    def __init__(self, database: Database, erasures: Erasures) -> None:
        self.database = database
        self.erasures = erasures

    def entries(self, address: str, zone: tzinfo = UTC, orphans: Mapping[int, Orphan] = {}) -> list[Event]:
        """All that is known of a comparable address, the oldest first; nothing for one that is unknown. `zone` is that
        of times within a sentence, `orphans` what killed runs left in flight."""
        mark = self.erasures.hash_address(address)
        told: list[Event] = []
        with self.database.read() as connection:
            row = connection.execute(select(subscriber).where(subscriber.c.address == address)).first()
            if row:
                told.append(Event(row.added_at, "list", "added", _first_seen(row.origin)))
                told += _letters(connection, row, zone, orphans)
                told += _absences(connection, row)
                told += _heard(connection, row)
            told += _agreements(connection, address, mark, row.added_at if row else None)
            told += _asked(connection, address, known=bool(told))
            told += _barred(connection, address, mark)
        return sorted(told, key=lambda one: one.at)


def _first_seen(origin: str) -> str:
    return "came from the sign-up page" if origin == ORIGIN else f"first seen in {origin or 'subscribers.yaml'}"


def _agreements(connection: Connection, address: str, mark: str, since: datetime | None) -> list[Event]:
    """The log of consent; who signs up though something was known of them before has asked again. `since` is when the
    reader was first on the list."""
    rows = select(consent).where(consent.c.address.in_((address, mark))).order_by(consent.c.at, consent.c.id)
    told: list[Event] = []
    for row in connection.execute(rows):
        kind = "list" if row.what in ("added", "changed", "removed") else "consent"
        again = row.what == SIGNED_UP and (told or (since is not None and since < row.at))
        source = _ON_PAGE if row.source == JOINED else row.source
        told.append(Event(row.at, kind, _AGAIN if again else row.what, _joined(source, row.wording, row.detail)))
    return told


def _asked(connection: Connection, address: str, *, known: bool) -> list[Event]:
    """A sign-up that waits for its click."""
    rows = select(signup.c.asked_at).where(signup.c.address == address, signup.c.confirmed_at.is_(None))
    why = _joined(_ON_PAGE, "the link in the mail was not followed yet")
    return [
        Event(at, "consent", _AGAIN if known or number else "asked", why)
        for number, at in enumerate(connection.execute(rows.order_by(signup.c.asked_at)).scalars())
    ]


def _barred(connection: Connection, address: str, mark: str) -> list[Event]:
    bar = connection.execute(select(suppression).where(suppression.c.address == address)).first()
    gone = connection.execute(select(erased).where(erased.c.mark == mark)).first()
    told = [Event(bar.at, "barred", bar.reason, _joined(bar.detail, "gets no mail from here on"))] if bar else []
    if gone:
        told.append(Event(gone.at, "barred", "erased", _joined(gone.reason, "nothing but this is kept")))
    return told


def _letters(connection: Connection, reader: Any, zone: tzinfo, orphans: Mapping[int, Orphan]) -> list[Event]:
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
        .where(delivery.c.subscriber == reader.id)
    )
    return [
        _letter(row, _tries(connection, row), zone, orphans.get(row.batch)) for row in connection.execute(rows).all()
    ]


def _tries(connection: Connection, row: Any) -> list[Any]:
    """The attempts at a letter's batch, of one that was split off those of the batch it came from too."""
    if row.batch is None:
        return []
    numbers, parent = [row.batch], row.parent
    while parent is not None:
        numbers.append(parent)
        parent = connection.execute(select(batch.c.parent).where(batch.c.id == parent)).scalar()
    tried = select(attempt).where(attempt.c.batch.in_(numbers)).order_by(attempt.c.started_at, attempt.c.id)
    return list(connection.execute(tried).all())


def _letter(row: Any, tries: list[Any], zone: tzinfo, orphan: Orphan | None) -> Event:
    last = tries[-1] if tries else None
    state = row.outcome or {BatchState.SUBMITTING: BatchState.PENDING, BatchState.EMPTY: BatchState.PENDING}.get(
        row.state, row.state
    )
    if orphan and not row.outcome:
        state = orphan.state_of(row.subscriber)
    at = (last and (last.ended_at or last.started_at)) or row.frozen_at or row.due_at or row.composed_at
    at = at or datetime.combine(row.day, time(0), UTC)
    if row.outcome:
        why = row.reason or ""
    elif state == BatchState.PENDING and row.edition_state in _NOT_SENT:
        state, why = "none", f"the edition was given up: {row.edition_state}"
    elif last is None:
        why = f"due at {row.due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    else:
        number = f", its id there {last.provider_id}" if last.provider_id else ""
        why = _joined(f"by {last.transport}, batch {row.batch}{number}", orphan.reason if orphan else last.detail)
        if len(tries) > 1:
            why += f"; {len(tries)} tries"
    return Event(at, "letter", state, why, row.edition)


def _heard(connection: Connection, reader: Any) -> list[Event]:
    """What the provider, or a mail server, told later."""
    rows = select(delivery_event).where(delivery_event.c.subscriber == reader.id)
    return [Event(row.at, "event", row.kind, row.reason, row.edition) for row in connection.execute(rows)]


def _absences(connection: Connection, reader: Any) -> list[Event]:
    """Editions around and after the reader's coming in which there was no place for them."""
    when = func.coalesce(edition.c.frozen_at, edition.c.composed_at)
    mine = select(delivery.c.edition).where(delivery.c.subscriber == reader.id)
    rows = select(edition.c.key, edition.c.state, edition.c.reason, edition.c.frozen_at, when.label("at")).where(
        edition.c.key.not_in(mine), when >= reader.added_at - _BEFORE
    )
    told = []
    for row in connection.execute(rows):
        if row.frozen_at is not None:
            early = row.frozen_at < reader.added_at
            why = "it was made ready before this reader came" if early else "was not on the list when it was made ready"
            told.append(Event(row.frozen_at, "letter", "none", why, row.key))
        elif row.state in _NOT_SENT:
            told.append(Event(row.at, "letter", "none", _joined(f"nobody got it: {row.state}", row.reason), row.key))
    return told


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
