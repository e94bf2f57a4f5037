"""Readers in the store: the list as last read, and who may not be mailed whatever the list says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from digest.models import Subscriber
from digest.store import barring, meta
from digest.store.bulk import fill, measure, scratch, topics_text
from digest.store.database import Database
from digest.store.erasing import Erasures
from digest.store.freezing import Profile, comparable, profiles, topics_of, waiting, wished
from digest.store.schema_readers import consent, subscriber, suppression, wish
from digest.subscribers.due import Candidate
from digest.subscribers.listing import FILE_NAME

_CHUNK = 5000
_FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "format", "status")
_VERSION = "list"
_incoming = Table(
    "incoming",
    MetaData(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, unique=True),
    *(Column(name, subscriber.c[name].type) for name in _FIELDS),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class Synced:
    """What reading the list changed."""

    listed: int
    added: int
    removed: int


class ReaderStore:
    """Readers over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def sync(self, readers: Iterable[tuple[str, Subscriber]], *, now: datetime, version: str = "") -> Synced:
        """Makes the store's list the file's: (comparable address, reader) pairs, each address once. Who is no longer
        in it stays known but unlisted, so that history and suppressions outlive any edit. A reader of an import is the
        file's from when it lists them; one who was erased is not taken in. New readers get ids in the order of the
        list. `version` is kept for `synced`. One transaction, in which few readers are held at a time."""
        theirs = [_incoming.c[name] for name in _FIELDS]
        changed = tuple_(*map(comparable, theirs)) != tuple_(*(comparable(subscriber.c[name]) for name in _FIELDS))
        same = subscriber.c.address == _incoming.c.address
        listed = and_(subscriber.c.listed, subscriber.c.origin == "")
        ours = select(func.count()).select_from(subscriber).where(listed)
        with self.database.write(area="subscriber") as connection, scratch(connection, _incoming):
            fill(connection, _incoming, _rows(readers))
            measure(connection, _incoming)
            differs = and_(same, or_(~listed, changed))
            if _log(connection, "changed", select(subscriber.c.address, _difference()).where(differs), now):
                connection.execute(
                    update(subscriber)
                    .where(differs)
                    .values(listed=True, origin="", **{column.name: column for column in theirs})
                )
            self._leave_out_erased(connection, same)
            fresh = (
                select(_incoming.c.address, literal(True), literal(now, subscriber.c.added_at.type), *theirs)
                .where(~select(subscriber.c.id).where(same).exists())
                .order_by(_incoming.c.place)
            )
            new = insert(subscriber).from_select(["address", "listed", "added_at", *_FIELDS], fresh).inline()
            added = connection.execute(new.execution_options(preserve_rowcount=True)).rowcount
            total = connection.execute(select(func.count()).select_from(_incoming)).scalar_one()
            removed = 0
            if connection.execute(ours).scalar_one() > total:
                gone = and_(listed, subscriber.c.address.not_in(select(_incoming.c.address)))
                _log(connection, "removed", select(subscriber.c.address, literal("")).where(gone), now)
                removed = connection.execute(update(subscriber).where(gone).values(listed=False)).rowcount
            meta.put(connection, _VERSION, version)
        return Synced(listed=total, added=added, removed=removed)

    def _leave_out_erased(self, connection: Connection, same: ColumnElement[bool]) -> None:
        erasures = Erasures(self.database)
        if erasures.any():
            fresh = select(_incoming.c.address).where(~select(subscriber.c.id).where(same).exists())
            gone = erasures.among(connection.execute(fresh).scalars())
            connection.execute(delete(_incoming).where(_incoming.c.address.in_(gone)))

    def synced(self) -> str:
        """The version that `sync` was last told; '' before the first time."""
        return meta.get(self.database, _VERSION)

    def candidates(self, edition: str) -> Iterator[Candidate]:
        """Listed readers who have no place in the edition yet, in the order of their ids."""
        rows = waiting(edition).order_by(subscriber.c.id)
        with self.database.read() as connection:
            for id, email, *profile in connection.execution_options(yield_per=_CHUNK).execute(rows):
                yield Profile(*profile).candidate(id, email)

    def profiles(self, edition: str) -> list[Profile]:
        """Every profile that a listed reader without a place in the edition has."""
        with self.database.read() as connection:
            return profiles(connection, edition)

    def choices(self) -> list[tuple[tuple[str, ...], Literal["html", "text"]]]:
        """The topics and format of each kind of listed reader, those with a place in an edition too."""
        found = (
            select(wished("topics"), wished("format"))
            .outerjoin(wish, wish.c.subscriber == subscriber.c.id)
            .where(subscriber.c.listed)
            .distinct()
        )
        with self.database.read() as connection:
            return sorted((topics_of(topics), form) for topics, form in connection.execute(found))

    def any_beyond(self, domains: Iterable[str]) -> bool:
        """Whether anybody on the list has an address in none of these domains or those below them."""
        ends = [mark + domain for mark in "@." for domain in domains]
        within = or_(*(_ends_with(subscriber.c.address, end) for end in ends))
        with self.database.read() as connection:
            found = select(subscriber.c.id).where(subscriber.c.listed, not_(within)).limit(1)
            return connection.execute(found).first() is not None

    def email_of(self, id: int) -> str | None:
        """The address of a reader, listed or not."""
        with self.database.read() as connection:
            return connection.execute(select(subscriber.c.email).where(subscriber.c.id == id)).scalar()

    def suppress(self, address: str, reason: str, *, now: datetime, detail: str = "") -> bool:
        """Bars an address by the rules of `barring`, for what was said at `now`. True when it was not barred before."""
        with self.database.write(area="suppression") as connection:
            return barring.bar_heard(connection, address, reason, at=now, detail=detail)

    def lift(self, address: str) -> bool:
        """Takes a bar away. False when there was none."""
        with self.database.write(area="suppression") as connection:
            return bool(barring.lift(connection, address))

    def mailed_among(self, addresses: Collection[str]) -> set[str]:
        """Those of a few hundred addresses that are on the list and barred from nothing."""
        free = (
            select(subscriber.c.address)
            .outerjoin(suppression, suppression.c.address == subscriber.c.address)
            .where(subscriber.c.address.in_(addresses), subscriber.c.listed, suppression.c.address.is_(None))
        )
        with self.database.read() as connection:
            return set(connection.execute(free).scalars())

    def suppressed(self) -> dict[str, str]:
        """Address → reason of everyone barred."""
        with self.database.read() as connection:
            return dict(connection.execute(select(suppression.c.address, suppression.c.reason)).all())


def _ends_with(column: ColumnElement[str], end: str) -> ColumnElement[bool]:
    """As LIKE says it, in half the time."""
    return func.substr(column, func.length(column) - len(end) + 1) == end


def _log(connection: Connection, what: str, who: Select[Any], now: datetime) -> int:
    """Writes down what the file did to whom: (address, detail) rows. Answers how many."""
    of = who.subquery()
    rows = select(
        of.c[0], literal(what), literal(now, consent.c.at.type), literal(FILE_NAME), literal(""), of.c[1]
    )  # fmt: skip
    names = ("address", "what", "at", "source", "wording", "detail")
    log = insert(consent).from_select(names, rows).execution_options(preserve_rowcount=True)
    return connection.execute(log).rowcount


def _difference() -> ColumnElement[str]:
    """What of a reader is new, as `hour: 07:00 → 08:30; `; a name or an address is only named, not told."""
    parts = []
    for name in _FIELDS:
        old, new = comparable(subscriber.c[name]), comparable(_incoming.c[name])
        told = literal("; ") if name in ("name", "email") else literal(": ") + old + " → " + new + "; "
        parts.append(case((old != new, literal(name) + told), else_=""))
    again = case((~subscriber.c.listed, "on the list again; "), else_="")
    return func.rtrim(reduce(add, parts, again), "; ")


def _rows(readers: Iterable[tuple[str, Subscriber]]) -> Iterator[tuple[Any, ...]]:
    for place, (address, reader) in enumerate(readers):
        hour = reader.hour.isoformat("minutes") if reader.hour else ""
        topics = topics_text(reader.topics)
        yield (
            place, address, reader.email, reader.name, topics, reader.frequency, reader.timezone, hour, reader.format,
            reader.status,
        )  # fmt: skip
