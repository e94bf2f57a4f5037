"""Requests of subscribers that they confirm by email, and changes that they can undo.

A forwarded email contains its links, so these need a link that is sent to the mailbox.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from digest.store.database import StorePart
from digest.store.schema import person_request
from digest.store.statements import row_of

# How long a link works, and how long a request is stored: as long as a change can be undone.
PENDING, KEPT = timedelta(days=3), timedelta(days=30)
_DAY = timedelta(days=1)


class RequestKind(StrEnum):
    ADDRESS = "address"
    DATA = "data"
    ERASE = "erase"
    NOMINEE = "nominee"
    # Shows the whole preferences page.
    CHOOSE = "choose"
    # Opened by the change itself.
    UNDO = "undo"
    # An edition that was sent again. It needs no confirmation, so it is stored when it is done.
    AGAIN = "again"


class MailboxSide(StrEnum):
    """The mailbox that a link was sent to: the present address or the new one."""

    PRESENT = "present"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A request of a subscriber, or a change that can be undone."""

    id: int
    subscriber: int
    kind: RequestKind
    # The new address, normalised and as written; '' if the request is about something else.
    address: str
    email: str
    asked_at: datetime
    # When the owner of the present mailbox agreed, and the owner of the new one.
    confirmed_at: datetime | None
    confirmed_new_at: datetime | None
    done_at: datetime | None
    # What an undo restores: `left`, whether the subscriber had left before. `edition`: the one that was sent again.
    undo: Mapping[str, Any] | None = None

    @property
    def edition(self) -> str:
        """The edition that was sent again; '' for other requests."""
        return (self.undo or {}).get("edition", "") if self.kind == RequestKind.AGAIN else ""

    @property
    def until(self) -> datetime:
        """The time at which its links expire."""
        return self.asked_at + _lifetime(self.kind)

    @property
    def is_confirmed(self) -> bool:
        """Whether the owners of all mailboxes that it concerns have agreed."""
        sides = (self.confirmed_at, self.confirmed_new_at if self.kind == RequestKind.ADDRESS else self.confirmed_at)
        return None not in sides


# Built once, because each change on a page opens one.
_insert = insert(person_request)
_undo_times = select(person_request.c.id, person_request.c.asked_at).where(
    person_request.c.subscriber == bindparam("id"), person_request.c.kind == RequestKind.UNDO
)


class RequestStore(StorePart):
    def open(
        self, subscriber: int, kind: RequestKind, *, now: datetime, address: str = "", email: str = ""
    ) -> PersonRequest:
        """Store a request. Its id is the number in its links.

        It replaces an earlier request of the same kind. Only links to the preferences work side by side: somebody who
        asks twice opens either email.
        """
        opened = PersonRequest(secrets.randbits(62), subscriber, kind, address, email, now, None, None, None)
        with self.database.write(area="signup") as connection:
            table = person_request.c
            earlier = (table.subscriber == subscriber) & (table.kind == kind) & table.done_at.is_(None)
            if kind == RequestKind.CHOOSE:
                earlier &= table.asked_at < now - _DAY
            connection.execute(delete(person_request).where(earlier | (table.asked_at < now - KEPT)))
            connection.execute(_insert, row_of(opened))
        return opened

    def open_undo(
        self, subscriber: int, undo: Mapping[str, Any], *, now: datetime, most: int | None
    ) -> PersonRequest | None:
        """Store the values that a change replaces. None if there were `most` changes in the last day."""
        opened = PersonRequest(secrets.randbits(62), subscriber, RequestKind.UNDO, "", "", now, None, None, None, undo)
        with self.database.write() as connection:
            earlier = connection.execute(_undo_times, {"id": subscriber}).all()
            if most is not None and sum(row.asked_at > now - _DAY for row in earlier) >= most:
                return None
            if old := [row.id for row in earlier if row.asked_at < now - KEPT]:
                connection.execute(delete(person_request).where(person_request.c.id.in_(old)))
            connection.execute(_insert, row_of(opened))
        return opened

    def record_again(self, subscriber: int, edition: str, now: datetime) -> None:
        done = PersonRequest(
            secrets.randbits(62), subscriber, RequestKind.AGAIN, "", "", now, None, None, now, {"edition": edition}
        )
        with self.database.write() as connection:
            connection.execute(delete(person_request).where(person_request.c.asked_at < now - KEPT))
            connection.execute(_insert, row_of(done))

    def get(self, id: int, kind: RequestKind, now: datetime) -> PersonRequest | None:
        """Return a request of this kind, done or not; None if it is unknown or too old."""
        columns = [person_request.c[name] for name in PersonRequest.__slots__]
        this_request = (person_request.c.id == id) & (person_request.c.kind == kind)
        row = self.database.query(select(*columns).where(this_request)).one_or_none()
        if row is None or (row.done_at is None and row.asked_at < now - _lifetime(kind)):
            return None
        return PersonRequest(**{**row._mapping, "kind": RequestKind(row.kind)})

    def of(self, subscriber: int) -> list[PersonRequest]:
        """Return the stored requests of a subscriber, by time."""
        columns = [person_request.c[name] for name in PersonRequest.__slots__]
        rows = select(*columns).where(person_request.c.subscriber == subscriber).order_by(person_request.c.asked_at)
        found = self.database.query(rows)
        return [PersonRequest(**{**row._mapping, "kind": RequestKind(row.kind)}) for row in found]

    def withdraw(self, subscriber: int, kind: RequestKind) -> None:
        """Delete the subscriber's requests of a kind, so that their links end."""
        of_kind = (person_request.c.subscriber == subscriber) & (person_request.c.kind == kind)
        self.database.change(delete(person_request).where(of_kind), area="signup")

    def confirm(self, id: int, side: MailboxSide, now: datetime) -> None:
        """Record that the owner of one mailbox agreed. Only the first time counts."""
        column = person_request.c.confirmed_at if side == MailboxSide.PRESENT else person_request.c.confirmed_new_at
        unconfirmed = (person_request.c.id == id) & column.is_(None)
        self.database.change(update(person_request).where(unconfirmed).values({column.name: now}), area="signup")

    def finish(self, id: int, now: datetime) -> bool:
        """Record that a request was carried out. False if it was already."""
        not_done = (person_request.c.id == id) & person_request.c.done_at.is_(None)
        return bool(self.database.change(update(person_request).where(not_done).values(done_at=now), area="signup"))


def _lifetime(kind: RequestKind) -> timedelta:
    """Return how long the links of a request work.

    Undo links last long, because the subscriber may be away when somebody else makes a change. Links to the preferences
    are needed at once, and their email may be forwarded later.
    """
    return {RequestKind.UNDO: KEPT, RequestKind.CHOOSE: _DAY}.get(kind, PENDING)
