"""The log of who did what, when and to what. Rows are only added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from digest.models import Actor
from digest.store.database import Database
from digest.store.schema import audit


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


class AuditLog:
    def __init__(self, database: Database) -> None:
        self.database = database

    def record(self, actor: Actor, what: str, subject: str, detail: str = "", *, now: datetime) -> None:
        with self.database.write() as connection:
            add(connection, actor, what, subject, detail, now=now)

    def newest(
        self,
        limit: int | None,
        *,
        subject: str | None = None,
        before: int | None = None,
        after: int | None = None,
        search: str = "",
        acts: Sequence[str] = (),
    ) -> list[Act]:
        """Return acts, newest first.

        They can be limited to one subject, to acts before or after a given one, or to those that contain a text. `acts`
        are the values of `what` that the search finds too.
        """
        columns = [column for column in audit.c if column.name not in ("before", "after")]
        rows = select(*columns).order_by(audit.c.id.desc()).limit(limit)
        if subject is not None:
            rows = rows.where(audit.c.subject == subject)
        if before is not None:
            rows = rows.where(audit.c.id < before)
        if after is not None:
            rows = rows.where(audit.c.id > after)
        if search:
            texts = (audit.c.who, audit.c.via, audit.c.what, audit.c.subject, audit.c.detail)
            contains = (text.icontains(search, autoescape=True) for text in texts)
            rows = rows.where(or_(*contains, audit.c.what.in_(acts)))
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def last_change(self, edition: str) -> Act | None:
        """Return the last act that changed the content of an edition."""
        return next(iter(self.changes(edition, limit=1)), None)

    def changes(self, edition: str, *, limit: int) -> list[Act]:
        """Return the last acts that changed the content of an edition, newest first."""
        own = (audit.c.subject == edition) & audit.c.before.is_not(None)
        rows = select(audit).where(own).order_by(audit.c.id.desc()).limit(limit)
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
