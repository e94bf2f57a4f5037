"""The list of all subscribers for the desk, with filters, search and pages.

It stays fast with a million subscribers. Each filter either has its own index, or matches many subscribers, so a page
is full after few rows. Several filters together may match few, so a page examines a limited number of rows. A search
matches the beginning of the address, of its domain, of the name, and of each later word of the name. `@paper` matches
domains only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    any_,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED
from digest.store.database import StorePart
from digest.store.people.preferences import ERASED, PreferenceStore, StoredSubscriber
from digest.store.people.suppressions import is_stopped_by_admin
from digest.store.schema import batch, delivery, edition, preference, segment, signup, subscriber, suppression
from digest.store.sending.enqueue import comparable
from digest.store.statements import distinct_texts

# The most results of a search. Whoever needs others types more of the name.
MAX_FOUND = 100
# The most subscribers that are filtered row by row. A filter that matches more of them fills a page after few rows
# anyway.
_FEW = 2000
# The most rows of the list that a page examines, in a tenth of a second.
_SPAN = 300_000
# The most combinations of topics that are examined.
_MAX_COMBINATIONS = 1000
_NEWEST = select(func.max(subscriber.c.id))
# The last code point. It turns a search for a prefix into a range.
_LAST = "\U0010ffff"


class SubscriberState(StrEnum):
    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"
    PAUSED = "paused"
    BOUNCED = "bounced"
    LEFT = "left"
    COMPLAINED = "complained"
    REMOVED = "removed"


_REASONS = {
    SubscriberState.BOUNCED: ("bounced", "blocked"),
    SubscriberState.LEFT: (UNSUBSCRIBED,),
    SubscriberState.COMPLAINED: (COMPLAINED,),
}


@dataclass(frozen=True, slots=True)
class SubscriberFilter:
    """Filter of the list. '' and None match everybody. `origin` is the name of an import, '-' for the list file."""

    search: str = ""
    state: SubscriberState | None = None
    topic: str = ""
    frequency: str = ""
    timezone: str = ""
    origin: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class SubscriberLine:
    """One row of the list.

    `state` says what keeps the subscriber from getting mail; `last` is the outcome of the last edition. An admin who
    stopped somebody's email makes the state LEFT, too.
    """

    subscriber: StoredSubscriber
    state: SubscriberState
    last: str | None = None
    stopped_by_admin: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    filter: SubscriberFilter


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a filter: its plain condition, and the query that finds its subscribers by an index, if it has one.

    `rows` has as many rows or more, and is read from an index alone: a filter that matches many is given up at once.
    """

    condition: ColumnElement[bool]
    ids: Select[Any] | None = None
    rows: Select[Any] | None = None


class SubscriberDirectory(StorePart):
    def page(
        self, wanted: SubscriberFilter, *, now: datetime, limit: int, before: int | None = None, last: str | None = None
    ) -> tuple[list[SubscriberLine], int | None]:
        """Return a page of subscribers, newest first, and the number that the next page starts `before`.

        `last` is the key of the edition whose outcome the rows show. A search has one page of at most `MAX_FOUND` rows.
        A page that is not full may have a next one: several filters that match many subscribers each, and few together,
        are looked for in `_SPAN` rows of the list.
        """
        with self.database.read() as connection:
            conditions, is_indexed = self._conditions(connection, wanted, now)
            if wanted.search:
                ids: Sequence[int] = self._search(connection, wanted, conditions)
                more = None
            else:
                of, top = subscriber.c.id, before or 1 + (connection.execute(_NEWEST).scalar() or 0)
                # The first id is 1.
                end = top - _SPAN if top - _SPAN > 1 and not is_indexed else 0
                rows = select(of).where(*conditions, of < top).order_by(of.desc()).limit(limit + 1)
                found = connection.execute(rows.where(of >= end)).scalars().all()
                if end and len(found) <= limit:
                    # Ids have gaps, for example after a restore: look on until `_SPAN` rows are examined.
                    examined, last_row = end, select(of).where(of < top).order_by(of.desc()).offset(_SPAN - 1).limit(1)
                    end = connection.execute(last_row).scalar() or 0
                    if end < examined:
                        rest = rows.where(of < examined, of >= end).limit(limit + 1 - len(found))
                        found = [*found, *connection.execute(rest).scalars()]
                ids, more = (found[:limit], found[limit - 1]) if len(found) > limit else (found, end or None)
            lines = {line.subscriber.id: line for line in self._lines(connection, ids, now, last)}
        return [lines[id] for id in ids if id in lines], more

    def addresses(self, wanted: SubscriberFilter, *, now: datetime) -> frozenset[str]:
        """Return the comparable addresses of all subscribers who match a filter.

        People who have not confirmed are excluded.
        """
        return frozenset(self._all(subscriber.c.address, wanted, now, None))

    def ids(self, wanted: SubscriberFilter, *, now: datetime, limit: int) -> list[int]:
        """Return the numbers of at most `limit` subscribers who match a filter; like `addresses`."""
        return self._all(subscriber.c.id, wanted, now, limit)

    def _all(self, column: Column[Any], wanted: SubscriberFilter, now: datetime, limit: int | None) -> list[Any]:
        if wanted.state is SubscriberState.UNCONFIRMED:
            return []
        with self.database.read() as connection:
            conditions, _ = self._conditions(connection, wanted, now)
            rows = select(column).where(*conditions).limit(limit)
            values: dict[str, str] = {}
            if wanted.search:
                columns, values = _beginnings(wanted.search.lower(), sqlite=self.database.sqlite)
                rows = rows.where(or_(*(condition for _, condition in columns)))
            return list(connection.execute(rows, values).scalars())

    def count(self, wanted: SubscriberFilter, *, now: datetime) -> int:
        """Count the subscribers who match a filter without a search. Takes a second or two with a million of them."""
        with self.database.read() as connection:
            conditions, _ = self._conditions(connection, wanted, now)
            return int(connection.execute(select(func.count()).select_from(subscriber).where(*conditions)).scalar_one())

    def count_with_topic(self, topic: str) -> int:
        """Count the subscribers on the list who have a topic, by the list or by their own choice."""
        with self.database.read() as connection:
            chosen, _condition = self._with_topic(connection, topic)
            listed = select(func.count()).where(subscriber.c.id.in_(chosen), subscriber.c.listed)
            return int(connection.execute(listed).scalar_one())

    def unconfirmed(self, limit: int) -> list[tuple[str, datetime]]:
        """Return (email, time of request) of sign-ups that were not confirmed, newest first."""
        rows = select(signup.c.email, signup.c.asked_at).where(signup.c.confirmed_at.is_(None))
        found = self.database.query(rows.order_by(signup.c.asked_at.desc()).limit(limit))
        return [(row.email, row.asked_at) for row in found]

    def counts(self, now: datetime) -> dict[SubscriberState, int]:
        """Count the subscribers of each state. Takes a moment with a million of them."""
        state = SubscriberState
        kinds = {reason: kind for kind, reasons in _REASONS.items() for reason in reasons}
        of_reason = (
            select(suppression.c.reason, func.count())
            .join(subscriber, subscriber.c.address == suppression.c.address)
            .where(subscriber.c.listed)
            .group_by(suppression.c.reason)
        )
        with self.database.read() as connection:

            def count(rows: Select[Any]) -> int:
                return int(connection.execute(rows).scalar_one())

            everybody = count(select(func.count()).select_from(subscriber))
            unlisted = count(select(func.count()).where(not_(subscriber.c.listed)))
            erased = count(select(func.count()).where(subscriber.c.status == ERASED, subscriber.c.status != "active"))
            found: dict[SubscriberState, int] = dict.fromkeys(state, 0)
            for reason, number in connection.execute(of_reason):
                if reason in kinds:
                    found[kinds[reason]] += number
            found[state.PAUSED] = count(select(func.count()).where(*_of_state(state.PAUSED, now)))
            found[state.UNCONFIRMED] = count(select(func.count()).where(signup.c.confirmed_at.is_(None)))
        found[state.REMOVED] = unlisted - erased
        suppressed = found[state.BOUNCED] + found[state.LEFT] + found[state.COMPLAINED]
        found[state.ACTIVE] = everybody - unlisted - suppressed - found[state.PAUSED]
        return found

    def origins(self) -> list[str]:
        """Return the names of the imports that subscribers came by."""
        return distinct_texts(self.database, subscriber.c.origin)

    def last_enqueued(self) -> str | None:
        """Return the key of the edition that was enqueued last; None if none was."""
        return next(iter(self.enqueued(1)), None)

    def enqueued(self, limit: int) -> list[str]:
        """Return the keys of the editions that were enqueued, newest first, without folded ones."""
        whole = and_(edition.c.frozen_at.is_not(None), edition.c.folded_at.is_(None))
        rows = select(edition.c.key).where(whole).order_by(edition.c.frozen_at.desc()).limit(limit)
        return list(self.database.query(rows).scalars())

    def segments(self) -> list[Segment]:
        rows = self.database.query(select(segment.c.name, segment.c.filter).order_by(segment.c.name))
        return [Segment(row.name, filter_from(row.filter)) for row in rows]

    def save_segment(self, connection: Connection, name: str, wanted: SubscriberFilter, now: datetime) -> None:
        """Keep a filter under a name, in the caller's transaction. An older one of this name is replaced."""
        connection.execute(segment.delete().where(segment.c.name == name))
        connection.execute(insert(segment).values(name=name, filter=wanted.as_json(), created_at=now))

    def drop_segment(self, connection: Connection, name: str) -> bool:
        return bool(connection.execute(segment.delete().where(segment.c.name == name)).rowcount)

    def _conditions(
        self, connection: Connection, wanted: SubscriberFilter, now: datetime
    ) -> tuple[list[ColumnElement[bool]], bool]:
        """Return the conditions of a filter, and whether they use an index.

        A part of the filter that matches few subscribers uses its index, and the other parts are compared row by row.
        If every part matches many, no index is used: a page is full after few rows.
        """
        few: Sequence[int] | None = None
        found = []
        for part in self._parts(connection, wanted, now):
            found.append(part.condition)
            if few is None and part.ids is not None and not _are_many(connection, part.rows):
                ids = connection.execute(part.ids.limit(_FEW + 1)).scalars().all()
                few = ids if len(ids) <= _FEW else None
        return (found, False) if few is None else ([self._among(few), *found], True)

    def _among(self, ids: Sequence[int]) -> ColumnElement[bool]:
        """Return the condition that the subscriber is one of these subscribers.

        PostgreSQL gets one array, instead of two thousand parameters.
        """
        of = subscriber.c.id
        return of.in_(ids) if self.database.sqlite else of == any_(literal(list(ids), ARRAY(of.type)))

    def _parts(self, connection: Connection, wanted: SubscriberFilter, now: datetime) -> Iterator[_Part]:
        of, ids = subscriber.c, select(subscriber.c.id)
        for condition in _of_state(wanted.state, now):
            yield _state_part(wanted.state, condition, now)
        for name, usual in (("frequency", "daily"), ("timezone", "Asia/Kolkata")):
            if value := getattr(wanted, name):
                # The same text as in the partial index.
                partial = ids.where(of[name] == value, text(f"subscriber.{name} <> '{usual}'"))
                condition = self._without_index(name) == value
                yield (
                    _Part(condition, partial, partial.with_only_columns(of[name]))
                    if value != usual
                    else _Part(condition)
                )
        if wanted.origin:
            value = "" if wanted.origin == "-" else wanted.origin
            same = ids.where(of.origin == value)
            yield _Part(self._without_index("origin") == value, same, same.with_only_columns(of.origin))
        if wanted.topic:
            chosen, condition = self._with_topic(connection, wanted.topic)
            yield _Part(condition, chosen)

    def _without_index(self, name: str) -> ColumnElement[Any]:
        """Return a column whose index SQLite does not use. PostgreSQL chooses well by its statistics."""
        return literal_column(f"+subscriber.{name}") if self.database.sqlite else subscriber.c[name]

    def _with_topic(self, connection: Connection, topic: str) -> tuple[Select[Any], ColumnElement[bool]]:
        """Return the query for the subscribers with a topic, by the list or by their own choice, and the condition.

        Few combinations of topics are in use.
        """
        quoted, own = json.dumps(topic, ensure_ascii=False), comparable(preference.c.topics)
        chosen = select(preference.c.subscriber).where(own.contains(quoted, autoescape=True))
        column: ColumnElement[str] = literal_column("topics" if self.database.sqlite else "topics::text", Text)
        combinations = [""]
        while len(combinations) < _MAX_COMBINATIONS:
            # Each takes one step in the index. The second comparison repeats the text of the partial index.
            after = and_(column > combinations[-1], column != literal_column("'[]'"))
            following = connection.execute(select(func.min(column)).select_from(subscriber).where(after)).scalar()
            if following is None:
                break
            combinations.append(following)
        having = [each for each in combinations if quoted in each]
        listed = select(subscriber.c.id).where(column.in_(having), column != literal_column("'[]'"))
        both = union_all(listed, chosen).subquery()
        # The first half is cheap, and spares most subscribers the look at their own choice.
        maybe = or_(column.in_(having), subscriber.c.id.in_(chosen))
        return select(both.c[0]), and_(maybe, _has_topic(topic))

    def _search(
        self, connection: Connection, wanted: SubscriberFilter, own: Sequence[ColumnElement[bool]]
    ) -> list[int]:
        """Return the subscribers whose address, domain or name begins like this, best first."""
        found: dict[int, None] = {}
        columns, values = _beginnings(wanted.search.lower(), sqlite=self.database.sqlite)
        if not self.database.sqlite and wanted != SubscriberFilter(wanted.search):
            # PostgreSQL expects 5,000 subscribers for any word. With a filter it would read and sort all of a large
            # domain, instead of following the index until the page is full.
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        for column, condition in columns:
            rows = select(subscriber.c.id).where(condition, *own).order_by(text(column)).limit(MAX_FOUND)
            found |= dict.fromkeys(connection.execute(rows, values).scalars())
        return list(found)[:MAX_FOUND]

    def _lines(
        self, connection: Connection, ids: Sequence[int], now: datetime, key: str | None
    ) -> list[SubscriberLine]:
        if not ids:
            return []
        last = _became_of(connection, ids, key) if key else {}
        stopped = _stopped_by_admin(connection, ids)
        lines = []
        for own in PreferenceStore(self.database).several(connection, ids).values():
            state = state_of(own, now)
            lines.append(SubscriberLine(own, state, last.get(own.id), own.id in stopped))
        return lines


def _stopped_by_admin(connection: Connection, ids: Sequence[int]) -> set[int]:
    rows = select(subscriber.c.id, suppression.c.reason, suppression.c.detail)
    rows = rows.join(suppression, suppression.c.address == subscriber.c.address).where(subscriber.c.id.in_(ids))
    return {row.id for row in connection.execute(rows) if is_stopped_by_admin(row.reason, row.detail)}


def state_of(held: StoredSubscriber, now: datetime) -> SubscriberState:
    """Return what keeps a subscriber from getting mail, the strongest reason first."""
    for state, reasons in _REASONS.items():
        if held.suppressed in reasons:
            return state
    if not held.listed:
        return SubscriberState.REMOVED
    if held.status != "active" or (held.paused_until and held.paused_until > now):
        return SubscriberState.PAUSED
    return SubscriberState.ACTIVE


def filter_from(given: Mapping[str, str]) -> SubscriberFilter:
    """Read a filter from fields, such as those of a query. Unknown fields and values are ignored."""
    names = ("search", "topic", "frequency", "timezone", "origin")
    texts = {name: " ".join(str(given.get(name, "")).split())[:200] for name in names}
    state = given.get("state", "")
    known = SubscriberState(state) if state in list(SubscriberState) else None
    return SubscriberFilter(**texts, state=known)


def _are_many(connection: Connection, rows: Select[Any] | None) -> bool:
    return rows is not None and connection.execute(rows.offset(_FEW).limit(1)).first() is not None


def _state_part(state: SubscriberState | None, condition: ColumnElement[bool], now: datetime) -> _Part:
    """Return the part of a filter for a state. Only addresses of the list are suppressed."""
    if state in _REASONS:
        suppressed = suppression.c.reason.in_(_REASONS[state])
        rows = select(subscriber.c.id).join(suppression, suppression.c.address == subscriber.c.address)
        return _Part(condition, rows.where(suppressed), select(suppression.c.reason).where(suppressed))
    if state is SubscriberState.REMOVED:
        unlisted = text("NOT subscriber.listed")
        return _Part(condition, select(subscriber.c.id).where(unlisted), select(subscriber.c.listed).where(unlisted))
    if state is SubscriberState.PAUSED:
        by_list = select(subscriber.c.id).where(text("subscriber.status <> 'active'"))
        by_own = select(preference.c.subscriber).where(_is_paused(now))
        both = union_all(by_list, by_own).subquery()
        return _Part(condition, select(both.c[0]))
    # Most subscribers are in it.
    return _Part(condition)


def _is_paused(now: datetime) -> ColumnElement[bool]:
    return and_(preference.c.paused_until.is_not(None), preference.c.paused_until > now)


def _of_state(state: SubscriberState | None, now: datetime) -> list[ColumnElement[bool]]:
    of = subscriber.c
    # A scalar subquery: PostgreSQL would join a condition with EXISTS, and may compare all addresses with all others.
    reason = select(suppression.c.reason).where(suppression.c.address == of.address).scalar_subquery()
    own_pause = exists().where(preference.c.subscriber == of.id, _is_paused(now))
    if state is None or state is SubscriberState.UNCONFIRMED:
        return [of.status != ERASED]
    if state is SubscriberState.REMOVED:
        return [and_(~of.listed, of.status != ERASED, reason.is_(None))]
    if state is SubscriberState.PAUSED:
        return [and_(or_(of.status != "active", own_pause), of.listed, reason.is_(None))]
    if state is SubscriberState.ACTIVE:
        return [and_(of.listed, of.status == "active", reason.is_(None), ~own_pause)]
    return [reason.in_(_REASONS[state])]


def _has_topic(topic: str) -> ColumnElement[bool]:
    """Return the condition that the subscriber chose this topic. JSON has it in quotes."""
    part = json.dumps(topic, ensure_ascii=False)
    chosen = select(comparable(preference.c.topics)).where(preference.c.subscriber == subscriber.c.id).scalar_subquery()
    listed = comparable(subscriber.c.topics)
    return func.coalesce(chosen, listed).contains(part, autoescape=True)


def _beginnings(word: str, *, sqlite: bool) -> tuple[list[tuple[str, ColumnElement[bool]]], dict[str, str]]:
    """Return (expression to sort by, condition) for each index of beginnings, and the values of the conditions."""
    position = "instr" if sqlite else "strpos"
    least, below = (">=", "<") if sqlite else ("~>=~", "~<~")
    rest = f"substr(lower(name), {position}(name, ' ') + 1)"
    address = "address" if sqlite else "lower(address)"
    domain = (f"substr({address}, {position}(address, '@') + 1)", "address <> ''")
    columns: Sequence[tuple[str, str]] = (
        (address, "address <> ''"),
        ("lower(name)", "name <> ''"),
        (rest, f"{position}(name, ' ') > 0"),
        domain,
    )
    if word.startswith("@"):
        columns, word = (domain,), word.removeprefix("@")
    using = "" if sqlite else " USING ~<~"
    found: list[tuple[str, ColumnElement[bool]]] = [
        (f"{column}{using}", text(f"{column} {least} :low AND {column} {below} :high AND {condition}"))  # type: ignore[misc]
        for column, condition in columns
    ]
    return found, {"low": word, "high": word + _LAST}


def _became_of(connection: Connection, ids: Sequence[int], key: str) -> dict[int, str]:
    """Map subscribers to the result of an edition for them: an outcome with its reason, or the state of the batch."""
    rows = (
        select(delivery.c.subscriber, delivery.c.outcome, delivery.c.reason, batch.c.state)
        .outerjoin(batch, batch.c.id == delivery.c.batch)
        .where(delivery.c.edition == key, delivery.c.subscriber.in_(ids))
    )
    return {
        row.subscriber: f"{row.outcome}: {row.reason}" if row.outcome and row.reason else row.outcome or row.state or ""
        for row in connection.execute(rows)
    }
