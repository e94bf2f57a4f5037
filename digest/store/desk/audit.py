"""The log of who did what, when and to what. Rows are only added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    collate,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from digest.models import Actor
from digest.store.database import Database
from digest.store.schema import Moment, audit


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the log. `before` and `after` are an edition's editorial changes, if it changed them."""

    id: int
    at: datetime
    who: str
    via: str
    what: str
    subject: str
    detail: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which acts to find. Empty values match all.

    `text` is in the subject or the details. What is found too: acts by the names `people`, acts of the kinds `kinds`,
    and acts on the `subjects`. `since` and `until` are moments; `until` is not included.
    """

    text: str = ""
    people: Sequence[str] = ()
    kinds: Sequence[str] = ()
    subjects: Sequence[str] = ()
    who: str = ""
    what: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


# The most rows in which one page looks for a text.
_SPAN = 25_000
_COLUMNS = [column for column in audit.c if column.name not in ("before", "after")]
_ORDER = (audit.c.at.desc(), audit.c.id.desc())


class AuditLog:
    def __init__(self, database: Database) -> None:
        self.database = database

    def record(self, actor: Actor, what: str, subject: str, detail: str = "", *, now: datetime) -> None:
        with self.database.write() as connection:
            add(connection, actor, what, subject, detail, now=now)

    def newest(self, limit: int | None, *, subject: str | None = None, after: int | None = None) -> list[Act]:
        """Return acts, newest first. They can be limited to one subject, and to acts after a given one."""
        rows = select(*_COLUMNS).order_by(audit.c.id.desc()).limit(limit)
        if subject is not None:
            rows = rows.where(audit.c.subject == subject)
        if after is not None:
            rows = rows.where(audit.c.id > after)
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def search(self, wanted: LogFilter, limit: int, before: int | None = None) -> tuple[list[Act], int | None]:
        """Return a page of acts, the newest first, and the number of the act that the next page starts `before`.

        A page that is not full may have a next one: a text is looked for in `_SPAN` rows at a time.
        """
        matching = self._conditions(wanted)
        with self.database.read() as connection:
            if before is not None:
                at = connection.execute(select(audit.c.at).where(audit.c.id == before)).scalar()
                matching.append(tuple_(audit.c.at, audit.c.id) < tuple_(literal(at, Moment), before))
            rows = select(*_COLUMNS).order_by(*_ORDER).limit(limit + 1)
            end = None
            if wanted.text:
                last = select(audit.c.at, audit.c.id).where(*matching).order_by(*_ORDER).offset(_SPAN - 1).limit(1)
                if (end := connection.execute(last).first()) is not None:
                    matching.append(tuple_(audit.c.at, audit.c.id) >= tuple_(literal(end.at, Moment), end.id))
                rows = rows.where(self._has_text(wanted))
            found = [Act(**row._mapping) for row in connection.execute(rows.where(*matching))]
        if len(found) > limit:
            return found[:limit], found[limit - 1].id
        return found, end.id if end else None

    @staticmethod
    def _conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.who:
            found.append(audit.c.who == wanted.who)
        if wanted.what:
            found.append(audit.c.what == wanted.what)
        if wanted.subject:
            found.append(audit.c.subject == wanted.subject)
        if wanted.since:
            found.append(audit.c.at >= wanted.since)
        if wanted.until:
            found.append(audit.c.at < wanted.until)
        return found

    def _has_text(self, wanted: LogFilter) -> ColumnElement[bool]:
        # One text is searched faster than two. What is looked for has no line break.
        text: ColumnElement[str] = audit.c.subject + "\n" + audit.c.detail
        if not self.database.sqlite:
            # SQLite's LIKE ignores the case of ASCII anyway. PostgreSQL is slow with letters of a locale.
            text = func.lower(collate(text, "C"))
        said = text.contains(wanted.text.lower(), autoescape=True)
        lists = ((audit.c.who, wanted.people), (audit.c.what, wanted.kinds), (audit.c.subject, wanted.subjects))
        return or_(said, *(column.in_(values) for column, values in lists if values))

    def several(self, ids: Collection[int]) -> list[Act]:
        """Return the acts with these numbers, the newest first."""
        rows = select(*_COLUMNS).where(audit.c.id.in_(ids)).order_by(*_ORDER)
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def names(self) -> list[str]:
        """Return everybody who did something, by name."""
        return self._distinct(audit.c.who)

    def kinds(self) -> list[str]:
        """Return the kinds of acts that the log has."""
        return self._distinct(audit.c.what)

    def _distinct(self, column: Column[str]) -> list[str]:
        found: list[str] = []
        with self.database.read() as connection:
            while True:
                # Each value takes one step in the index, however many acts have it.
                after = select(func.min(column)).where(column > (found[-1] if found else ""))
                following = connection.execute(after).scalar()
                if following is None:
                    return found
                found.append(following)

    def last_change(self, edition: str) -> Act | None:
        """Return the last act that changed the content of an edition."""
        return next(iter(self.changes(edition, limit=1)), None)

    def changes(self, edition: str, *, limit: int) -> list[Act]:
        """Return the last acts that changed the content of an edition, newest first."""
        of_edition = (audit.c.subject == edition) & audit.c.before.is_not(None)
        rows = select(audit).where(of_edition).order_by(audit.c.id.desc()).limit(limit)
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def is_done_by_others(self, subject: str, what: str, who: str) -> bool:
        """Whether somebody else than `who` did this to a subject."""
        done = (audit.c.subject == subject) & (audit.c.what == what) & (audit.c.who != who)
        return self.database.query(select(audit.c.id).where(done).limit(1)).first() is not None

    def details(self, subject: str, what: str, who: str) -> set[str]:
        """Return the details of each time that `who` did this to a subject."""
        done = (audit.c.subject == subject) & (audit.c.what == what) & (audit.c.who == who)
        return set(self.database.query(select(audit.c.detail).where(done)).scalars())


def add(
    connection: Connection,
    actor: Actor,
    what: str,
    subject: str,
    detail: str = "",
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Add a row in the caller's transaction, and return its number."""
    values = {"at": now, "who": actor.name, "via": actor.via, "what": what, "subject": subject, "detail": detail}
    done = connection.execute(insert(audit).values({**values, "before": before, "after": after}))
    key = done.inserted_primary_key
    return int(key[0]) if key else 0


def set_detail(connection: Connection, id: int, detail: str) -> None:
    """Complete a row that this transaction added."""
    connection.execute(update(audit).where(audit.c.id == id).values(detail=detail))
