"""Taking a list of readers into the store: all of it or nothing.

The rows are staged in a temporary table first, so that the store is locked for the merge alone and a send that is at
work goes on; the merge is set-based SQL in one transaction. Owns the rule of what becomes of a reader who is there
already. What a file means is `subscribers.importing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from digest.feedback.rules import SEVERITY
from digest.models import Subscriber
from digest.store.database import Database, copy_rows, format_topics
from digest.store.people.erasure import Erasures
from digest.store.schema import Id, Moment, consent, subscriber, suppression, wish
from digest.subscribers.imports.rows import Incoming

_CHUNK = 10_000
_NO_ZONE = len("2026-11-23 07:00:00.000000")
_FIELDS = ("name", "topics", "frequency", "timezone", "hour", "format", "status")

_incoming = Table(
    "arriving",
    MetaData(),
    Column("line", Id, primary_key=True, autoincrement=False),  # so that their order needs no sorting
    Column("address", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("name", Text),
    Column("topics", JSON(none_as_null=True)),
    Column("frequency", String(16)),
    Column("timezone", String(64)),
    Column("hour", String(5)),
    Column("format", String(8)),
    Column("status", String(16)),
    Column("barred", String(32), nullable=False),
    Column("agreed_at", Moment),
    Column("detail", Text, nullable=False),
    Column("paused_until", Moment),
    prefixes=["TEMPORARY"],
)
_INDEX = text("CREATE INDEX arriving_address ON arriving (address, line)")  # after the rows: thrice as fast

Rejects = Callable[[int, str, str], None]
"""Is told (line, address, reason) of each row that is not taken."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, in readers: new ones, listed again, changed, left as they are, and addresses barred by
    what the file says of them; `still_suppressed` of those taken are barred from mail by what was known before."""

    added: int
    returned: int
    changed: int
    kept: int
    suppressed: int
    still_suppressed: int


class SubscriberImport:
    """Imports over an open store."""

    def __init__(self, database: Database, erasures: Erasures) -> None:
        self.database = database
        self.erasures = erasures

    def run(
        self,
        rows: Iterable[Incoming],
        origin: str,
        *,
        source: str,
        now: datetime,
        existing: Literal["update", "keep"] = "update",
        rejected: Rejects,
        dry_run: bool = False,
        where: Callable[[int], str] = "line {}".format,
    ) -> ImportResult:
        """Takes the rows in under the name `origin`, which the consent log says they came from together with `source`.

        A new address is listed. A reader of an import gets what the row says (`update`) or stays (`keep`); one of
        subscribers.yaml stays, as the file is the truth; one that was taken off the list is listed again. A pause is
        taken over for who comes, and for who is known and has chosen nothing here. A row that
        says its reader left or bounced bars the address. Twice in the list: the gravest row that bars wins, else the
        first. Whoever was erased is rejected. With `dry_run` all is done and taken back. `where` tells a
        row's place in words.
        """
        with (
            self.database.translate_errors(),
            self.database.engine.connect() as connection,
            self.database.larger_cache(connection),
        ):
            try:
                with connection.begin():  # locks nothing but the temporary table
                    _incoming.create(connection, checkfirst=False)
                    self._stage(connection, rows, rejected)
                    for line, address, first in _repeated(connection):
                        rejected(line, address, f"the same address as on {where(first)}")
                connection.execution_options(writes=True)
                with self.database.write_lock, connection.begin() as transaction:
                    self.database.advisory_lock(connection, "subscriber")
                    done = _merge(connection, origin, source=source, now=now, update_listed=existing == "update")
                    if dry_run:
                        transaction.rollback()
            finally:
                connection.execution_options(writes=False)
                with connection.begin():
                    _incoming.drop(connection, checkfirst=True)
        return done

    def _stage(self, connection: Connection, rows: Iterable[Incoming], rejected: Rejects) -> None:
        lite = connection.dialect.name == "sqlite"
        copy_rows(connection, _incoming, (_as_kept(row, lite=lite) for row in self._allowed(rows, rejected)))
        connection.execute(_INDEX)

    def _allowed(self, rows: Iterable[Incoming], rejected: Rejects) -> Iterator[Incoming]:
        if not self.erasures.any():
            yield from rows
            return
        for part in _chunks(rows):
            gone = self.erasures.among(row.address for row in part)
            for row in part:
                if row.address in gone:
                    rejected(row.line, row.email, "was erased at the person's wish and is not taken in again")
                else:
                    yield row


def _as_kept(row: Incoming, *, lite: bool) -> Sequence[Any]:
    """A row as the driver takes it."""
    topics = None if row.topics is None else format_topics(tuple(row.topics))
    return (*row[:4], topics, *row[5:11], _moment(row.agreed_at, lite), row.detail, _moment(row.paused_until, lite))


def _moment(when: datetime | None, lite: bool) -> Any:
    # As SQLAlchemy writes a moment to SQLite.
    return when.isoformat(" ", "microseconds")[:_NO_ZONE] if when is not None and lite else when


def _chunks(rows: Iterable[Incoming]) -> Iterator[Sequence[Incoming]]:
    waiting = iter(rows)
    while part := list(islice(waiting, _CHUNK)):
        yield part


def _repeated(connection: Connection) -> list[Any]:
    """(line, email, line of the one that counts) of rows whose address has another row; takes them out."""
    i = _incoming.c
    twice = select(i.address).group_by(i.address).having(func.count() > 1)
    gravest = case({reason: -place for place, reason in enumerate(SEVERITY)}, value=i.barred, else_=1)
    order: dict[str, Any] = {"partition_by": i.address, "order_by": (i.barred == "", gravest, i.line)}
    ranked = (
        select(i.line, i.email, func.row_number().over(**order).label("rank"), func.first_value(i.line).over(**order))
        .where(i.address.in_(twice))
        .subquery()
    )
    found = connection.execute(
        select(ranked.c[0], ranked.c[1], ranked.c[3]).where(ranked.c.rank > 1).order_by(ranked.c[0])
    ).all()
    lines = [row[0] for row in found]
    for start in range(0, len(lines), _CHUNK):
        connection.execute(_incoming.delete().where(i.line.in_(lines[start : start + _CHUNK])))
    return list(found)


def _merge(connection: Connection, origin: str, *, source: str, now: datetime, update_listed: bool) -> ImportResult:
    i, s = _incoming.c, subscriber.c
    mailed = i.barred == ""
    barred = _bar(connection, source, now)
    met = and_(mailed, s.address == i.address)
    is_new = and_(mailed, ~exists().where(s.address == i.address))
    comes = or_(is_new, exists().where(met, s.listed.is_(False)))
    still = _count(connection, select(i.line).where(mailed, exists().where(suppression.c.address == i.address)))
    known = _count(connection, select(i.line).where(met, s.listed))
    pausing = _count(connection, select(i.line).where(i.paused_until.is_not(None)))
    if pausing:
        unchosen = and_(met, s.listed, s.origin != "", ~exists().where(wish.c.subscriber == s.id))
        may = or_(comes, exists().where(unchosen)) if update_listed else comes
        connection.execute(update(_incoming).where(~and_(mailed, may)).values(paused_until=None))
    _log(connection, "agreed", i.agreed_at, source, and_(comes, mailed, i.agreed_at.is_not(None)))
    _log(connection, "imported", literal(now, Moment), source, and_(comes, mailed))
    changed = 0
    if update_listed:
        differs = or_(*(and_(i[name].is_not(None), _text(s[name]) != _text(i[name])) for name in _FIELDS))
        brought = {name: func.coalesce(i[name], s[name]) for name in _FIELDS}
        whose = and_(met, s.listed, s.origin != "", differs)
        pauses = and_(i.paused_until > now, ~comes)
        _log(connection, "changed", literal(now, Moment), source, and_(mailed, or_(exists().where(whose), pauses)))
        changed = connection.execute(update(subscriber).where(whose).values(brought)).rowcount
    again = {name: func.coalesce(i[name], s[name]) for name in _FIELDS}
    returned = connection.execute(
        update(subscriber)
        .where(met, s.listed.is_(False))
        .values({**again, "email": i.email, "listed": True, "origin": origin})
    ).rowcount
    names = ("address", "email", *_FIELDS, "listed", "added_at", "origin")
    usual = {name: func.coalesce(i[name], _usual(name)) for name in _FIELDS}
    fresh = select(
        i.address, i.email, *usual.values(), literal(True), literal(now, Moment), literal(origin)
    ).where(is_new)  # fmt: skip
    added = _insert(connection, subscriber, names, fresh.order_by(i.line))
    if pausing:
        _pause(connection, now)
    return ImportResult(added, returned, changed, known - changed, barred, still)


def _pause(connection: Connection, now: datetime) -> None:
    """Whom the file says to pause, for as long as it says."""
    i = _incoming.c
    who = and_(subscriber.c.address == i.address, i.paused_until > now)
    known = and_(who, wish.c.subscriber == subscriber.c.id)
    connection.execute(update(wish).where(known).values(paused_until=i.paused_until))
    fresh = select(subscriber.c.id, i.paused_until).where(who, ~exists().where(wish.c.subscriber == subscriber.c.id))
    _insert(connection, wish, ("subscriber", "paused_until"), fresh)


def _bar(connection: Connection, source: str, now: datetime) -> int:
    """Addresses that the file says left or bounced, and that are not barred yet; a graver reason than the one that
    holds takes its place."""
    i = _incoming.c
    for place, reason in enumerate(SEVERITY):
        lesser = and_(suppression.c.address == i.address, suppression.c.reason.in_(SEVERITY[:place]))
        _log(connection, reason, literal(now, Moment), source, and_(i.barred == reason, exists().where(lesser)))
        told = {"reason": reason, "detail": literal(f"{source}; before: ") + suppression.c.reason, "at": now}
        connection.execute(update(suppression).where(lesser, i.barred == reason).values(told))
    new = and_(i.barred != "", ~exists().where(suppression.c.address == i.address))
    _log(connection, i.barred, literal(now, Moment), source, new)
    rows = select(i.address, i.barred, literal(source), literal(now, Moment)).where(new)
    return _insert(connection, suppression, ("address", "reason", "detail", "at"), rows)


def _log(
    connection: Connection, what: str | ColumnElement[str], at: Any, source: str, where: ColumnElement[bool]
) -> None:
    i = _incoming.c
    rows: Select[Any] = select(
        i.address, literal(what) if isinstance(what, str) else what, at, literal(source), literal(""), i.detail
    ).where(where)
    _insert(connection, consent, ("address", "what", "at", "source", "wording", "detail"), rows.order_by(i.line))


def _insert(connection: Connection, table: Table, names: Sequence[str], rows: Select[Any]) -> int:
    statement = insert(table).from_select(names, rows).execution_options(preserve_rowcount=True)
    return connection.execute(statement).rowcount


def _count(connection: Connection, rows: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def _text(column: Any) -> Any:
    return cast(column, Text) if isinstance(column.type, JSON) else column


def _usual(name: str) -> ColumnElement[Any]:
    """What a reader has of whom the file says nothing."""
    value = getattr(Subscriber(""), name)
    plain = list(value) if isinstance(value, tuple) else value or ""
    return literal(plain, subscriber.c[name].type)
