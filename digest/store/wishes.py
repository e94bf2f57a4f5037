"""What readers decide themselves: leaving, coming back, pausing, choosing. Laid over the list, and outlives its edits.

Each call is one durable transaction that holds the entry in the log of consent too. Decides nothing about who is due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from digest.events.rules import COMPLAINED, LEFT
from digest.store import barring, bulk, consent
from digest.store.consent import Consent
from digest.store.database import Database
from digest.store.schema_readers import subscriber, suppression, wish

ERASED = "erased"
"""The status of a row whose person was forgotten: nobody is behind it any more."""


@dataclass(frozen=True, slots=True)
class Reader:
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
class Said:
    """For the log of consent: where a reader said something, in answer to which words, and what else is known."""

    source: str
    wording: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Leaving:
    """That the reader of an id leaves."""

    id: int
    said: Said


class WishStore:
    """Readers' own decisions over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def reader(self, id: int) -> Reader | None:
        with self.database.read() as connection:
            return _reader(connection.execute(readers().where(subscriber.c.id == id)).one_or_none())

    def at(self, address: str) -> Reader | None:
        """The reader of a comparable address."""
        with self.database.read() as connection:
            return _reader(connection.execute(readers().where(subscriber.c.address == address)).one_or_none())

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

    def leave(self, id: int, said: Said, *, now: datetime) -> bool:
        """`leave_all` of one reader."""
        return self.leave_all([Leaving(id, said)], now=now)[0]

    def leave_all(self, leavings: Sequence[Leaving], *, now: datetime) -> list[bool]:
        """Bars the readers' addresses at their own wish, which stands above any reason but a complaint: all of them in
        one transaction, durable when it returns, or none. For each, in their order, true when they are out, now or
        since before; false when nobody has this id."""
        new: dict[str, Said] = {}
        other: dict[str, Said] = {}
        with self.database.write(area="suppression") as connection:
            held = _held(connection, [each.id for each in leavings])
            for each in leavings:
                address, reason = held.get(each.id, ("", LEFT))
                if reason is None:
                    new.setdefault(address, each.said)
                elif reason != LEFT and not (
                    reason == COMPLAINED and barring.left_since_complaint(connection, address)
                ):
                    other.setdefault(address, each.said)
            at = bulk.taker(connection, suppression.c.at)(now)
            bulk.add(connection, suppression, ("address", "reason", "detail", "at"), [(x, LEFT, "", at) for x in new])
            for address in other:
                barring.bar(connection, address, LEFT, at=now)
            new.update(other)
            _note_all(connection, new, LEFT, now)
        return [each.id in held for each in leavings]

    def come_back(self, id: int, said: Said, *, now: datetime, paused_until: datetime | None = None) -> bool:
        """Takes back the reader's own leaving, if that was the reason; with `paused_until` they pause instead. False
        when there was nothing to take back."""
        with self.database.write(area="suppression") as connection:
            address = _address(connection, id)
            if address is None or not barring.take_back(connection, address):
                return False
            _put(connection, id, {"paused_until": paused_until})
            _note(connection, address, barring.CAME_BACK, said, now)
            return True

    def set(self, id: int, wishes: Mapping[str, Any], said: Said, *, now: datetime) -> bool:
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

    def note(self, id: int, what: str, said: Said, *, now: datetime) -> None:
        """Writes down what a reader said that changes nothing."""
        with self.database.write() as connection:
            address = _address(connection, id)
            if address is not None:
                _note(connection, address, what, said, now)


_HELD = (
    select(subscriber.c.id, subscriber.c.address, suppression.c.reason)
    .outerjoin(suppression, suppression.c.address == subscriber.c.address)
    .where(subscriber.c.id.in_(bindparam("readers", expanding=True)), subscriber.c.status != ERASED)
)


_HELD_PACKED = select(func.json_group_array(func.json_array(*_HELD.subquery().c)))


def _held(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Id → comparable address, and why no mail may go there, if so; on SQLite in one step (`bulk.add` says why)."""
    if connection.dialect.name == "sqlite":
        rows = orjson.loads(connection.execute(_HELD_PACKED, {"readers": ids}).scalar_one())
    else:
        rows = connection.execute(_HELD, {"readers": ids}).all()
    return {id: (address, reason) for id, address, reason in rows}


def _known(connection: Connection, address: str, reason: str) -> bool:
    return reason == COMPLAINED and barring.left_since_complaint(connection, address)


def _address(connection: Connection, id: int) -> str | None:
    """The comparable address of a reader; None for who is not known or was erased."""
    mine = (subscriber.c.id == id) & (subscriber.c.status != ERASED)
    return connection.execute(select(subscriber.c.address).where(mine)).scalar()


def _put(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    if not connection.execute(update(wish).where(wish.c.subscriber == id).values(values)).rowcount:
        connection.execute(insert(wish).values(subscriber=id, **values))


def _note(connection: Connection, address: str, what: str, said: Said, now: datetime) -> None:
    _note_all(connection, {address: said}, what, now)


def _note_all(connection: Connection, said: Mapping[str, Said], what: str, now: datetime) -> None:
    """Address → what was said about it there, into the log of consent."""
    entries = [Consent(who, what, now, each.source, each.wording, each.detail) for who, each in said.items()]
    consent.append(connection, entries)


def readers() -> Select[Any]:
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


def laid_over(row: Row[Any]) -> dict[str, Any]:
    """Topics, frequency, hour and format of a row that holds the list's columns and the wishes as `wish_…`."""
    chosen = {
        name: getattr(row, name) if (own := getattr(row, f"wish_{name}")) is None else own
        for name in ("topics", "frequency", "hour", "format")
    }
    hour = time.fromisoformat(chosen["hour"]) if chosen["hour"] else None
    return {**chosen, "topics": tuple(chosen["topics"]), "hour": hour}


def _reader(row: Row[Any] | None) -> Reader | None:
    if row is None:
        return None
    plain = ("id", "address", "email", "name", "timezone", "listed", "status", "paused_until")
    return Reader(**{name: getattr(row, name) for name in plain}, **laid_over(row), suppressed=row.suppressed or "")
