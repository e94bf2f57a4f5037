"""What readers decide themselves: leaving, coming back, pausing, choosing. Laid over the list, and outlives its edits.

Each call is one durable transaction that holds the entry in the log of consent too. Decides nothing about who is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, insert, select, update

from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED
from digest.store.database import Database
from digest.store.people import consent, suppressions
from digest.store.people.consent import Consent
from digest.store.schema import subscriber, suppression, wish

ERASED = "erased"
"""The status of a row whose person was forgotten: nobody is behind it any more."""


@dataclass(frozen=True, slots=True)
class StoredSubscriber:
    """A reader as the pages show them: the list with their wishes over it. `topics` empty: everything; `hour` None:
    the newsletter's; `suppressed` is the reason for which no mail may go, or ''."""

    id: int
    address: str
    email: str
    name: str
    topics: tuple[str, ...]
    frequency: str
    hour: time | None
    timezone: str
    format: Literal["html", "text"]
    listed: bool
    status: str
    suppressed: str
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentContext:
    """For the log of consent: where a reader said something, in answer to which words, and what else is known."""

    source: str
    wording: str = ""
    detail: str = ""


class PreferenceStore:
    """Readers' own decisions over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, id: int) -> StoredSubscriber | None:
        with self.database.read() as connection:
            return _reader(connection.execute(stored_subscribers().where(subscriber.c.id == id)).one_or_none())

    def find(self, address: str) -> StoredSubscriber | None:
        """The reader of a comparable address."""
        with self.database.read() as connection:
            return _reader(
                connection.execute(stored_subscribers().where(subscriber.c.address == address)).one_or_none()
            )

    def paused(self, now: datetime) -> dict[str, datetime]:
        """Address → until when, of all who pause now."""
        rows = select(subscriber.c.address, wish.c.paused_until).join(wish, wish.c.subscriber == subscriber.c.id)
        with self.database.read() as connection:
            return dict(connection.execute(rows.where(wish.c.paused_until > now)).all())

    def chosen(self) -> dict[str, dict[str, Any]]:
        """Address → topics, frequency, hour ("07:00"; "" for the newsletter's) and format, as far as its reader has
        chosen them over the list."""
        names = ("topics", "frequency", "hour", "format")
        rows = select(subscriber.c.address, *(wish.c[name] for name in names))
        rows = rows.join(wish, wish.c.subscriber == subscriber.c.id)
        with self.database.read() as connection:
            found = {
                row.address: {name: value for name in names if (value := getattr(row, name)) is not None}
                for row in connection.execute(rows)
            }
        return {address: chosen for address, chosen in found.items() if chosen}

    def unsubscribe(self, id: int, said: ConsentContext, *, now: datetime) -> bool:
        """Suppress the subscriber's address at their own request, durably when this returns.

        Only a complaint outranks this reason. False when nobody has this id.
        """
        with self.database.write(area="suppression") as connection:
            address = _address(connection, id)
            if address is None:
                return False
            reason = connection.execute(select(suppression.c.reason).where(suppression.c.address == address)).scalar()
            # A repeated request changes nothing, so it gets no second entry in the log of consent.
            repeated = reason == UNSUBSCRIBED or (
                reason == COMPLAINED and suppressions.unsubscribed_since_complaint(connection, address)
            )
            if not repeated:
                suppressions.suppress(connection, address, UNSUBSCRIBED, at=now)
                _note(connection, address, UNSUBSCRIBED, said, now)
            return True

    def resubscribe(
        self, id: int, said: ConsentContext, *, now: datetime, paused_until: datetime | None = None
    ) -> bool:
        """Takes back the reader's own leaving, if that was the reason; with `paused_until` they pause instead. False
        when there was nothing to take back."""
        with self.database.write(area="suppression") as connection:
            address = _address(connection, id)
            if address is None or not suppressions.undo_unsubscribe(connection, address):
                return False
            _put(connection, id, {"paused_until": paused_until})
            _note(connection, address, suppressions.CAME_BACK, said, now)
            return True

    def set(self, id: int, wishes: Mapping[str, Any], said: ConsentContext, *, now: datetime) -> bool:
        """Keeps wishes: columns of `wish` by name; None gives the word back to the list. False when nobody has this
        id."""
        with self.database.write(area="wish") as connection:
            address = _address(connection, id)
            if address is None:
                return False
            if wishes:
                _put(connection, id, wishes)
                _note(connection, address, "changed", said, now)
            return True

    def record(self, id: int, what: str, said: ConsentContext, *, now: datetime) -> None:
        """Writes down what a reader said that changes nothing."""
        with self.database.write() as connection:
            address = _address(connection, id)
            if address is not None:
                _note(connection, address, what, said, now)


def _address(connection: Connection, id: int) -> str | None:
    """The comparable address of a reader; None for who is not known or was erased."""
    mine = (subscriber.c.id == id) & (subscriber.c.status != ERASED)
    return connection.execute(select(subscriber.c.address).where(mine)).scalar()


def _put(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    if not connection.execute(update(wish).where(wish.c.subscriber == id).values(values)).rowcount:
        connection.execute(insert(wish).values(subscriber=id, **values))


def _note(connection: Connection, address: str, what: str, said: ConsentContext, now: datetime) -> None:
    consent.append(connection, [Consent(address, what, now, said.source, said.wording, said.detail)])


def stored_subscribers() -> Select[Any]:
    """Everyone whom the store knows: the list's columns, `suppressed`, `paused_until` and the wishes as `wish_…`."""
    return (
        select(
            subscriber,
            suppression.c.reason.label("suppressed"),
            wish.c.paused_until,
            *(wish.c[name].label(f"wish_{name}") for name in ("topics", "frequency", "hour", "format")),
        )
        .outerjoin(suppression, suppression.c.address == subscriber.c.address)
        .outerjoin(wish, wish.c.subscriber == subscriber.c.id)
    )


def effective(row: Row[Any]) -> dict[str, Any]:
    """Topics, frequency, hour and format of a row that holds the list's columns and the wishes as `wish_…`."""
    chosen = {
        name: getattr(row, name) if (own := getattr(row, f"wish_{name}")) is None else own
        for name in ("topics", "frequency", "hour", "format")
    }
    hour = time.fromisoformat(chosen["hour"]) if chosen["hour"] else None
    return {**chosen, "topics": tuple(chosen["topics"]), "hour": hour}


def _reader(row: Row[Any] | None) -> StoredSubscriber | None:
    if row is None:
        return None
    plain = ("id", "address", "email", "name", "timezone", "listed", "status", "paused_until")
    return StoredSubscriber(
        **{name: getattr(row, name) for name in plain}, **effective(row), suppressed=row.suppressed or ""
    )
