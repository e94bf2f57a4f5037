"""What of a reader decides about a letter: the few hundred profiles that a million readers have, and who has which.

Most readers are plain: nothing holds for them but the list's own columns. They are told by an index of these columns
(migration 0011) without a look at the readers themselves. Who chose something, is barred or has a row in
the edition already is apart, and looked at one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    type_coerce,
    union,
)

from digest.store.bulk import measure, scratch
from digest.store.schema import attempt, delivery
from digest.store.schema_readers import subscriber, suppression, wish
from digest.subscribers.due import Candidate

PLAIN = ("topics", "frequency", "timezone", "hour", "format", "status")
"""The fields of a profile that are columns of the list."""
_FEW = 50


class Profile(NamedTuple):
    """All of a reader that decides whether, when and in which form an edition goes to them, as the store writes it: a
    million readers have a few hundred of these."""

    topics: str
    frequency: str
    timezone: str
    hour: str
    format: str
    status: str
    suppressed: str
    paused_until: str

    def candidate(self, id: int = 0, email: str = "") -> Candidate:
        return Candidate(
            id=id,
            email=email,
            topics=topics_of(self.topics),
            frequency=self.frequency,
            timezone=self.timezone,
            hour=time.fromisoformat(self.hour) if self.hour else None,
            format="text" if self.format == "text" else "html",
            status=self.status,
            suppressed=self.suppressed,
            paused_until=_moment(self.paused_until),
        )


def waiting(edition: str) -> Select[Any]:
    """Listed readers who have no place in the edition yet: id, email and the fields of their Profile, their wishes
    over the list."""
    return (
        select(
            subscriber.c.id,
            subscriber.c.email,
            *(wished(name) for name in ("topics", "frequency")),
            subscriber.c.timezone,
            *(wished(name) for name in ("hour", "format")),
            subscriber.c.status,
            func.coalesce(suppression.c.reason, "").label("suppressed"),
            func.coalesce(cast(wish.c.paused_until, Text), "").label("paused_until"),
        )
        .outerjoin(suppression, suppression.c.address == subscriber.c.address)
        .outerjoin(wish, wish.c.subscriber == subscriber.c.id)
        .outerjoin(delivery, (delivery.c.edition == edition) & (delivery.c.subscriber == subscriber.c.id))
        .where(subscriber.c.listed)
        .where(or_(delivery.c.subscriber.is_(None), and_(delivery.c.outcome == "excluded", ~_may_have_it())))
    )


def _may_have_it() -> ColumnElement[bool]:
    """That a reader left between two tries of a batch of which the first may have reached them: coming back does not
    give them a second place."""
    redone = select(attempt.c.id).where(attempt.c.batch == delivery.c.batch, attempt.c.state == "redo")
    return redone.correlate(delivery).exists()


_apart = Table(
    "apart",
    MetaData(),
    Column("reader", delivery.c.subscriber.type, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)


@contextmanager
def told_apart(connection: Connection, edition: str) -> Iterator[bool]:
    """Within the block of a write transaction: `plain` and `others` tell the listed readers apart. Whether anybody is
    not plain."""
    barred = select(subscriber.c.id).where(subscriber.c.address.in_(select(suppression.c.address)))
    placed = select(delivery.c.subscriber).where(delivery.c.edition == edition)
    who = union(select(wish.c.subscriber), barred, placed).subquery()
    with scratch(connection, _apart):
        connection.execute(insert(_apart).from_select(["reader"], select(who.c[0])))
        measure(connection, _apart)
        yield connection.execute(select(_apart.c.reader).limit(1)).first() is not None


def profiles(connection: Connection, edition: str) -> list[Profile]:
    """Every profile that a listed reader without a place in the edition has."""
    with told_apart(connection, edition) as any_apart:
        found = plain_ones(connection, any_apart)
        if any_apart:
            rows = others(edition).subquery()
            theirs = select(*(rows.c[name] for name in Profile._fields)).distinct()
            found |= {Profile(*row) for row in connection.execute(theirs)}
    return sorted(found)


def plain_ones(connection: Connection, any_apart: bool) -> set[Profile]:
    """Every profile that a plain reader has."""
    rows = _few(connection, any_apart) if connection.dialect.name == "sqlite" else None
    if rows is None:
        own = select(*_columns(connection.dialect.name)).where(plain(any_apart)).distinct()
        rows = list(connection.execute(own))
    return {Profile(*map(str, row), "", "") for row in rows}  # type: ignore[call-arg]


def _few(connection: Connection, any_apart: bool) -> list[Any] | None:
    """The columns of every profile that a plain reader has, from one to the next of the index, or None where they are
    many: then one look at all readers costs less. SQLite does not skip through an index by itself."""
    found: list[Any] = []
    while len(found) < _FEW:
        last = tuple(found[-1]) if found else ()
        # Those that differ in the last column only come first, then those that differ in the one before it.
        asked = (
            connection.execute(_following(any_apart, alike), dict(zip(PLAIN, last, strict=False))).first()
            for alike in (range(len(PLAIN) - 1, -1, -1) if last else [-1])
        )
        following = next((row for row in asked if row is not None), None)
        if following is None:
            return found
        found.append(following)
    return None


@cache
def _following(any_apart: bool, alike: int) -> Select[Any]:
    """The next profile in the index that has so many of its first columns in common with the one given by parameters;
    the very first for -1."""
    columns: list[Any] = _columns("sqlite")
    found: Select[Any] = select(*columns).where(plain(any_apart)).order_by(*columns).limit(1)
    if alike < 0:
        return found
    given = [bindparam(name, type_=Text) for name in PLAIN]
    same = [column == value for column, value in zip(columns[:alike], given, strict=False)]
    return found.where(*same, columns[alike] > given[alike])


def plain(any_apart: bool = True) -> ColumnElement[bool]:
    """That a reader is listed and nothing holds for them but the list's own columns."""
    apart = select(_apart.c.reader).where(_apart.c.reader == subscriber.c.id).exists()
    return and_(subscriber.c.listed, ~apart) if any_apart else and_(subscriber.c.listed)


def others(edition: str) -> Select[Any]:
    """`waiting`, of all who are not plain."""
    return waiting(edition).where(subscriber.c.id.in_(select(_apart.c.reader)))


def _columns(dialect: str) -> list[ColumnElement[str]]:
    """The list's columns of a profile, as they can be compared and the index has them."""
    return [
        type_coerce(subscriber.c[name], Text) if dialect == "sqlite" else comparable(subscriber.c[name])
        for name in PLAIN
    ]


def of_profile(connection: Connection, profile: Profile) -> ColumnElement[bool]:
    """That a listed reader's own columns are those of a plain profile."""
    columns = zip(_columns(connection.dialect.name), profile, strict=False)
    return and_(subscriber.c.listed, *(column == value for column, value in columns))


def wished(name: str) -> ColumnElement[Any]:
    """The reader's own word on a column, else the list's."""
    return func.coalesce(comparable(wish.c[name]), comparable(subscriber.c[name])).label(name)


def comparable(column: Any) -> Any:
    """PostgreSQL compares no JSON; as text it is what `topics_text` gave."""
    return cast(column, Text) if column.name == "topics" else column


@lru_cache(maxsize=4096)
def topics_of(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))


def _moment(written: str) -> datetime | None:
    """A moment as either database writes it in text; SQLite's is UTC and says no zone."""
    if not written:
        return None
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
