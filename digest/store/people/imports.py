"""Importing a list of subscribers: all of it or nothing.

The rows go to a temporary table first, so that the store is locked only for the merge. The merge is one transaction of
set-based SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
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
from digest.messages import Message, joined
from digest.models import Actor, Subscriber
from digest.store.database import Database, copy_rows, format_topics
from digest.store.desk import audit
from digest.store.desk.audit import ActKind
from digest.store.people.consent import queue_counts_event
from digest.store.people.erasure import Erasures
from digest.store.people.import_undo import remember
from digest.store.people.moves import new_addresses
from digest.store.people.suppressions import is_stopped_together
from digest.store.schema import Id, Moment, consent, preference, subscriber, suppression
from digest.store.sending.enqueue import comparable
from digest.store.statements import chunks
from digest.subscribers.imports.rows import Incoming

_CHUNK = 10_000
# The most addresses of stopped, and of changed subscribers, in a result.
_FIRST = 5
# SQLite stores times without a zone.
_NO_ZONE = len("2026-11-23 07:00:00.000000")
_FIELDS = ("name", "topics", "frequency", "timezone", "hour", "format", "status", "editions")

_incoming = Table(
    "arriving",
    MetaData(),
    # As the key, so that rows need no sorting.
    Column("line", Id, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
    Column("email", Text, nullable=False),
    *(Column(name, subscriber.c[name].type) for name in _FIELDS),
    Column("suppressed", String(32)),
    Column("agreed_at", Moment),
    Column("detail", Text, nullable=False),
    Column("paused_until", Moment),
    prefixes=["TEMPORARY"],
)
# Created after the rows, which is three times as fast.
_INDEX = text("CREATE INDEX arriving_address ON arriving (address, line)")

# Called with line, address and reason of each rejected row.
Rejects = Callable[[int, str, str], None]


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """The name of an import, its words in the consent log, and whether it updates imported subscribers."""

    origin: str
    source: str
    # For who joins.
    wording: str = ""
    update: bool = True


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Numbers of subscribers. The first five and `already_suppressed` add up to the rows that were not rejected.

    `already_suppressed` counts rows whose subscriber was suppressed before and stays so. `still_suppressed` counts the
    subscribers among the first four numbers who were suppressed before. `stopped` counts subscribers who get email now
    and are suppressed by the import. `first_stopped` and `first_changed` are addresses.
    """

    added: int
    returned: int
    changed: int
    kept: int
    suppressed: int
    still_suppressed: int
    stopped: int = 0
    already_suppressed: int = 0
    first_stopped: tuple[str, ...] = ()
    first_changed: tuple[str, ...] = ()
    # Its number in the log; None for a dry run.
    act: int | None = field(default=None, compare=False)


class SubscriberImport:
    def __init__(self, database: Database, erasures: Erasures) -> None:
        self.database = database
        self.erasures = erasures

    def run(
        self,
        rows: Iterable[Incoming],
        terms: ImportTerms,
        by: Actor,
        *,
        now: datetime,
        rejected: Rejects,
        dry_run: bool = False,
        where: Callable[[int], str] = "line {}".format,
    ) -> ImportResult:
        """Import the rows.

        - A new address is listed, a removed one is listed again.
        - A subscriber of an import is updated, unless the terms say otherwise. One of subscribers.yaml is not: the file
          counts.
        - A pause is imported for new subscribers, and for imported ones without their own preferences.
        - An unsubscribed or bounced row suppresses the address.
        - Of several rows with one address, the most severe suppression counts, else the first row.
        - Erased addresses are rejected.

        With `dry_run`, the merge is rolled back. `where` names a line in messages. The log of acts gets an entry of
        `by`, and what was replaced is kept for `ImportUndo`.
        """
        with (
            self.database.translate_errors(),
            self.database.engine.connect() as connection,
            self.database.larger_cache(connection),
        ):
            try:
                # This transaction locks only the temporary table.
                with connection.begin():
                    _incoming.create(connection, checkfirst=False)
                    self._stage(connection, rows, rejected)
                    for line, address, first in _take_out_repeated(connection):
                        rejected(line, address, Message("the same address as on %(where)s", where=where(first)))
                connection.execution_options(writes=True)
                with self.database.write_lock(), connection.begin() as transaction:
                    self.database.advisory_lock(connection, "subscriber")
                    act = audit.add(connection, by, ActKind.SUBSCRIBERS_IMPORTED, f"import {terms.origin}", now=now)
                    done = _merge(connection, terms, act, now)
                    came = {"added": done.added + done.returned, "changed": done.changed, "suppressed": done.suppressed}
                    queue_counts_event(connection, f"import {terms.origin}", now, **came)
                    audit.set_detail(connection, act, _detail(done))
                    if dry_run:
                        transaction.rollback()
                    else:
                        done = replace(done, act=act)
            finally:
                connection.execution_options(writes=False)
                with connection.begin():
                    _incoming.drop(connection, checkfirst=True)
        return done

    def _stage(self, connection: Connection, rows: Iterable[Incoming], rejected: Rejects) -> None:
        sqlite = self.database.sqlite
        values = (_to_columns(row, sqlite=sqlite) for row in self._without_erased(rows, rejected))
        copy_rows(connection, _incoming, values)
        connection.execute(_INDEX)

    def _without_erased(self, rows: Iterable[Incoming], rejected: Rejects) -> Iterator[Incoming]:
        with self.database.read() as connection:
            moved = new_addresses(connection)
        if not moved and not self.erasures.any():
            yield from rows
            return
        for part in chunks(rows, _CHUNK):
            erased = self.erasures.among(row.address for row in part)
            for row in part:
                if row.address in moved:
                    rejected(row.line, row.email, Message("changed their address themselves and gets email there"))
                    continue
                if row.address in erased:
                    rejected(
                        row.line, row.email, Message("was erased at the person's request and is not imported again")
                    )
                else:
                    yield row


def _to_columns(row: Incoming, *, sqlite: bool) -> Sequence[Any]:
    """Convert a row to the driver's values."""
    topics = None if row.topics is None else format_topics(tuple(row.topics))
    times = [_to_driver(when, sqlite=sqlite) for when in (row.agreed_at, row.paused_until)]
    editions = None if row.editions is None else format_topics(tuple(row.editions))
    return (*row[:4], topics, *row[5:10], editions, row.suppressed, times[0], row.detail, times[1])


def _to_driver(when: datetime | None, *, sqlite: bool) -> Any:
    # As SQLAlchemy does it for SQLite.
    return when.isoformat(" ", "microseconds")[:_NO_ZONE] if when is not None and sqlite else when


def _take_out_repeated(connection: Connection) -> list[Any]:
    """Delete rows if another row of the same address counts more. Returns (line, email, line of the other) of each."""
    i = _incoming.c
    repeated = select(i.address).group_by(i.address).having(func.count() > 1)
    rank = case({reason: -place for place, reason in enumerate(SEVERITY)}, value=i.suppressed, else_=1)
    order: dict[str, Any] = {"partition_by": i.address, "order_by": (i.suppressed.is_(None), rank, i.line)}
    place, first = func.row_number().over(**order), func.first_value(i.line).over(**order)
    ranked = (
        select(i.line, i.email, place.label("place"), first.label("first")).where(i.address.in_(repeated)).subquery()
    )
    columns = ranked.c.line, ranked.c.email, ranked.c.first
    found = connection.execute(select(*columns).where(ranked.c.place > 1).order_by(ranked.c.line)).all()
    lines = [row.line for row in found]
    for part in chunks(lines):
        connection.execute(_incoming.delete().where(i.line.in_(part)))
    return list(found)


def _merge(connection: Connection, terms: ImportTerms, act: int, now: datetime) -> ImportResult:
    i, s = _incoming.c, subscriber.c
    mailed = i.suppressed.is_(None)
    stopping = and_(
        i.suppressed.is_not(None),
        exists().where(s.address == i.address, s.listed),
        ~exists().where(suppression.c.address == i.address),
    )
    stopped, first_stopped = _count(connection, select(i.line).where(stopping)), _first(connection, stopping)
    known = and_(mailed, s.address == i.address)
    is_new = and_(mailed, ~exists().where(s.address == i.address))
    joins = or_(is_new, exists().where(known, s.listed.is_(False)))
    still = _count(connection, select(i.line).where(mailed, exists().where(suppression.c.address == i.address)))
    listed = _count(connection, select(i.line).where(known, s.listed))
    pausing = _count(connection, select(i.line).where(i.paused_until.is_not(None)))
    if pausing:
        no_choice = and_(known, s.listed, s.origin != "", ~exists().where(preference.c.subscriber == s.id))
        may_pause = or_(joins, exists().where(no_choice)) if terms.update else joins
        connection.execute(update(_incoming).where(~and_(mailed, may_pause)).values(paused_until=None))
    differs = or_(*(and_(i[name].is_not(None), comparable(s[name]) != comparable(i[name])) for name in _FIELDS))
    updated = and_(known, s.listed, s.origin != "", differs)
    pauses = and_(i.paused_until > now, ~joins)
    changes = and_(known, s.listed, or_(updated, i.paused_until > now)) if terms.update else None
    remember(connection, _incoming, act, mailed, changes)
    suppressed = _suppress(connection, terms.source, now)
    already = _count(connection, select(i.line).where(i.suppressed.is_not(None))) - suppressed
    _log(connection, "agreed", i.agreed_at, terms.source, and_(joins, mailed, i.agreed_at.is_not(None)))
    _log(connection, "imported", literal(now, Moment), terms.source, and_(joins, mailed), terms.wording)
    changed = 0
    first_changed: tuple[str, ...] = ()
    if terms.update:
        values = {name: func.coalesce(i[name], s[name]) for name in _FIELDS}
        first_changed = _first(connection, and_(mailed, exists().where(updated)))
        _log(
            connection,
            "changed",
            literal(now, Moment),
            terms.source,
            and_(mailed, or_(exists().where(updated), pauses)),
        )
        changed = connection.execute(update(subscriber).where(updated).values(values)).rowcount
    again = {name: func.coalesce(i[name], s[name]) for name in _FIELDS}
    returned = connection.execute(
        update(subscriber)
        .where(known, s.listed.is_(False))
        .values({**again, "email": i.email, "listed": True, "origin": terms.origin})
    ).rowcount
    names = ("address", "email", *_FIELDS, "listed", "added_at", "origin")
    filled = [func.coalesce(i[name], _default(name)) for name in _FIELDS]
    new = select(i.address, i.email, *filled, literal(True), literal(now, Moment), literal(terms.origin)).where(is_new)
    added = _insert(connection, subscriber, names, new.order_by(i.line))
    if pausing:
        _pause(connection, now)
    return ImportResult(
        added, returned, changed, listed - changed, suppressed, still, stopped, already, first_stopped, first_changed
    )


def _detail(done: ImportResult) -> str:
    """Return the words of the log about an import."""
    return joined(
        "; ",
        Message(
            "%(num)s new, %(again)s on the list again, %(changed)s changed",
            num=done.added,
            again=done.returned,
            changed=done.changed,
        ),
        Message("%(num)s suppressed", num=done.suppressed) if done.suppressed else "",
        Message("%(num)s get no more mail", num=done.stopped) if done.stopped else "",
    )


def _pause(connection: Connection, now: datetime) -> None:
    i = _incoming.c
    paused = and_(subscriber.c.address == i.address, i.paused_until > now)
    known = and_(paused, preference.c.subscriber == subscriber.c.id)
    connection.execute(update(preference).where(known).values(paused_until=i.paused_until))
    no_row = ~exists().where(preference.c.subscriber == subscriber.c.id)
    new = select(subscriber.c.id, i.paused_until).where(paused, no_row)
    _insert(connection, preference, ("subscriber", "paused_until"), new)


def _suppress(connection: Connection, source: str, now: datetime) -> int:
    """Apply the suppressions of the file as `suppressions.suppress` does. Returns the number of new ones."""
    i = _incoming.c
    for place, reason in enumerate(SEVERITY):
        is_lesser = suppression.c.reason.in_(SEVERITY[:place])
        changes = and_(suppression.c.address == i.address, or_(is_lesser, is_stopped_together))
        _log(connection, reason, literal(now, Moment), source, and_(i.suppressed == reason, exists().where(changes)))
        values = {
            "reason": case((is_lesser, reason), else_=suppression.c.reason),
            "detail": literal(f"{source}; before: ") + suppression.c.reason,
            "at": now,
        }
        connection.execute(update(suppression).where(changes, i.suppressed == reason).values(values))
    new = and_(i.suppressed.is_not(None), ~exists().where(suppression.c.address == i.address))
    _log(connection, i.suppressed, literal(now, Moment), source, new)
    rows = select(i.address, i.suppressed, literal(source), literal(now, Moment)).where(new)
    return _insert(connection, suppression, ("address", "reason", "detail", "at"), rows)


def _log(
    connection: Connection,
    what: str | ColumnElement[str],
    at: Any,
    source: str,
    where: ColumnElement[bool],
    wording: str = "",
) -> None:
    i = _incoming.c
    rows: Select[Any] = select(
        i.address, literal(what) if isinstance(what, str) else what, at, literal(source), literal(wording), i.detail
    ).where(where)
    _insert(connection, consent, ("address", "what", "at", "source", "wording", "detail"), rows.order_by(i.line))


def _insert(connection: Connection, table: Table, names: Sequence[str], rows: Select[Any]) -> int:
    statement = insert(table).from_select(names, rows).execution_options(preserve_rowcount=True)
    return connection.execute(statement).rowcount


def _count(connection: Connection, rows: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def _first(connection: Connection, where: ColumnElement[bool]) -> tuple[str, ...]:
    """Return the addresses of the first rows of the file that match."""
    i = _incoming.c
    return tuple(connection.scalars(select(i.email).where(where).order_by(i.line).limit(_FIRST)))


def _default(name: str) -> ColumnElement[Any]:
    value = getattr(Subscriber(""), name)
    return literal(list(value) if isinstance(value, tuple) else value or "", subscriber.c[name].type)
