"""Undo an import: restore all entries that it changed, except those that changed again since.

An import keeps the replaced values in `import_change`. Any later entry of the consent log counts as a change: by the
person, by an admin, by the list file or by another import.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from digest.feedback.rules import COMPLAINED, SEVERITY
from digest.store.database import StorePart
from digest.store.desk.audit import ActKind
from digest.store.people.consent import queue_counts_event
from digest.store.people.suppressions import LIFTED
from digest.store.schema import Moment, audit, consent, import_change, preference, subscriber, suppression
from digest.utils.text import mark_of

# How long an import can be undone. What it replaced is personal, so it is not kept longer.
KEPT = timedelta(days=30)
_VALUES = ("name", "topics", "frequency", "timezone", "hour", "format", "status", "editions", "origin")
_PREFIX = "import "
_CAME = ("added", "returned")


@dataclass(frozen=True, slots=True)
class UndoneImport:
    """The effects of undoing an import, by addresses in the order of the list.

    `kept` are the people whose entry changed again since. They stay as they are.
    """

    origin: str
    at: datetime
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    # They get mail again: only the import had suppressed them.
    mailed: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def mark(self) -> str:
        """A hash of its effects."""
        return mark_of((self.removed, self.changed, self.mailed, self.kept))


def remember(
    connection: Connection, incoming: Table, act: int, mailed: ColumnElement[bool], changes: ColumnElement[bool] | None
) -> None:
    """Keep the values that the import with this number in the log is about to replace.

    `incoming` has its rows. `mailed` tells which of them suppress nobody, and `changes` which of them change somebody
    on the list; None if none does.
    """
    i, s = incoming.c, subscriber.c
    _insert(
        connection,
        (),
        select(i.address, literal(act), literal("added")).where(mailed, ~exists().where(s.address == i.address)),
    )
    names = ("email", *_VALUES, "paused_until")
    before = [*(s[name] for name in names[:-1]), preference.c.paused_until]
    known = incoming.join(subscriber, s.address == i.address).outerjoin(preference, preference.c.subscriber == s.id)
    for what, where in (("returned", and_(mailed, s.listed.is_(False))), ("changed", changes)):
        if where is not None:
            rows = select(i.address, literal(act), literal(what), *before).select_from(known)
            _insert(connection, names, rows.where(where))
    ranks = {reason: place for place, reason in enumerate(SEVERITY)}
    held = incoming.outerjoin(suppression, suppression.c.address == i.address)
    worse = case(ranks, value=i.suppressed, else_=-1) > case(ranks, value=suppression.c.reason, else_=-1)
    stopped = select(i.address, literal(act), literal("suppressed"), suppression.c.reason).select_from(held)
    _insert(connection, ("reason",), stopped.where(i.suppressed.is_not(None), worse))


class ImportUndo(StorePart):
    def possible(self, acts: Collection[int] | None = None) -> list[int]:
        """Return the numbers of the imports that can be undone, newest first; only those among `acts`, if given."""
        rows = select(audit.c.id).where(
            audit.c.what == ActKind.SUBSCRIBERS_IMPORTED, exists().where(import_change.c.act == audit.c.id)
        )
        if acts is not None:
            rows = rows.where(audit.c.id.in_(acts))
        return list(self.database.query(rows.order_by(audit.c.id.desc())).scalars())

    def plan(self, act: int) -> UndoneImport | None:
        """Return what undoing the import would do now; None if it cannot be undone. `act` is its number in the log."""
        with self.database.read() as connection:
            return _plan(connection, act)

    def run(self, act: int, *, source: str, now: datetime) -> UndoneImport | None:
        """Undo an import, and return what was done; None if it cannot be undone."""
        with self.database.write(area="subscriber") as connection:
            plan = _plan(connection, act)
            if plan is not None:
                _undo(connection, act, plan, source, now)
        return plan

    def forget_old(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` rows of imports that are too old to be undone. Returns their number."""
        c = import_change.c
        with self.database.write() as connection:
            old = select(c.act).join(audit, audit.c.id == c.act).where(audit.c.at < now - KEPT)
            act = connection.execute(old.limit(1)).scalar()
            some = select(c.address).where(c.act == act).limit(limit)
            return connection.execute(delete(import_change).where(c.act == act, c.address.in_(some))).rowcount


def _plan(connection: Connection, act: int) -> UndoneImport | None:
    c = import_change.c
    row = connection.execute(
        select(audit).where(audit.c.id == act, audit.c.what == ActKind.SUBSCRIBERS_IMPORTED)
    ).one_or_none()
    if row is None or connection.execute(select(c.act).where(c.act == act).limit(1)).first() is None:
        return None
    origin = row.subject.removeprefix(_PREFIX)
    stays = _stays(row.at, origin)

    def emails(*where: ColumnElement[bool]) -> tuple[str, ...]:
        rows = select(func.coalesce(subscriber.c.email, c.address)).outerjoin(
            subscriber, subscriber.c.address == c.address
        )
        return tuple(connection.execute(rows.where(c.act == act, *where).order_by(subscriber.c.id)).scalars())

    return UndoneImport(
        origin,
        row.at,
        removed=emails(c.what.in_(_CAME), ~stays),
        changed=emails(c.what == "changed", ~stays),
        mailed=emails(c.what == "suppressed", ~stays),
        kept=emails(stays),
    )


def _stays(at: datetime, origin: str) -> ColumnElement[bool]:
    """Return the condition that something was decided since, or the suppression has another reason now.

    A complaint stays too: only the person's own sign-up ends it.
    """
    c = import_change.c
    source = f"import {origin} of "
    of_import = and_(consent.c.at == at, consent.c.source.startswith(source, autoescape=True))
    # By its number too, because the clocks of two machines differ.
    last = select(func.max(consent.c.id)).where(of_import).scalar_subquery()
    later = or_(consent.c.at > at, consent.c.id > last)
    held = exists().where(
        suppression.c.address == c.address,
        suppression.c.at == at,
        suppression.c.detail.startswith(source, autoescape=True),
        suppression.c.reason != COMPLAINED,
    )
    return or_(exists().where(consent.c.address == c.address, later), and_(c.what == "suppressed", ~held))


def _undo(connection: Connection, act: int, plan: UndoneImport, source: str, now: datetime) -> None:
    c = import_change.c
    of_import = c.act == act
    # From here on the rows are exactly those to undo. The new entries of the consent log no longer matter.
    connection.execute(delete(import_change).where(of_import, _stays(plan.at, plan.origin)))
    detail = literal(f"import {plan.origin} undone")
    what = case({"added": "removed", "returned": "removed", "suppressed": LIFTED}, value=c.what, else_=c.what)
    entries = select(c.address, what, literal(now, Moment), literal(source), literal(""), detail).where(of_import)
    names = ("address", "what", "at", "source", "wording", "detail")
    connection.execute(insert(consent).from_select(names, entries))
    before = and_(of_import, c.what.in_(("returned", "changed")), subscriber.c.address == c.address)
    paused = preference.c.subscriber == subscriber.c.id
    connection.execute(update(preference).where(paused, before).values(paused_until=c.paused_until))
    connection.execute(update(subscriber).where(before).values({name: c[name] for name in ("email", *_VALUES)}))
    came = and_(of_import, c.what.in_(_CAME), subscriber.c.address == c.address)
    connection.execute(update(subscriber).where(came).values(listed=False))
    held = and_(of_import, c.what == "suppressed")
    ended = select(c.address).where(held, c.reason.is_(None))
    connection.execute(delete(suppression).where(suppression.c.address.in_(ended)))
    lesser = and_(held, c.reason.is_not(None), suppression.c.address == c.address)
    connection.execute(update(suppression).where(lesser).values(reason=c.reason))
    numbers = {"removed": len(plan.removed), "changed": len(plan.changed), "mailed": len(plan.mailed)}
    queue_counts_event(connection, f"import {plan.origin}", now, **numbers)
    connection.execute(delete(import_change).where(of_import))


def _insert(connection: Connection, names: Sequence[str], rows: Select[Any]) -> None:
    connection.execute(insert(import_change).from_select(("address", "act", "what", *names), rows))
