"""Freezing: readers become delivery rows, rows get a batch each. One transaction; freezing twice changes nothing.

The rows are moved inside the database: no more than a batch's edge comes to Python, however long the list is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Integer,
    MetaData,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from digest.store import batches
from digest.store.bulk import fill, measure, scratch
from digest.store.database import Database
from digest.store.departures import departures
from digest.store.readers import Profile, waiting
from digest.store.schema import batch, delivery
from digest.store.schema import edition as editions

_scratch = MetaData()
places = Table(  # who is to get a place, in the order of their ids within a group
    "places",
    _scratch,
    Column("grp", Integer, primary_key=True, autoincrement=False),
    Column("reader", delivery.c.subscriber.type, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
_profiles = Table(
    "profiles",
    _scratch,
    Column("grp", Integer),
    *(Column(name, delivery.c.reason.type) for name in Profile._fields),
    prefixes=["TEMPORARY"],
)
UNFORESEEN = -1
"""The group of readers on whose profile nobody has decided."""
_FEW = 8  # profiles that are told apart faster than looked up
_LAST = 2**63 - 1
_upsert: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Fate:
    """What a freeze makes of a reader: in a batch of `variant` due at `due_at`, or `excluded` with its reason."""

    variant: str = ""
    due_at: datetime | None = None
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """How many readers got a place in a batch, and how many were left as they are because nobody has decided on their
    profile: they changed while it was being decided."""

    readers: int
    unforeseen: int = 0


def freeze_listed(
    database: Database, edition: str, fates: Mapping[Profile, Fate], batch_size: int, *, now: datetime
) -> Placed:
    """Gives the listed readers without a place what `fates` says of their profile, and brings back the excluded who are
    now due; cuts batches of one variant and one due time. Who has a place in a batch already keeps it. In the same
    transaction the edition becomes `sending` when somebody waits in a batch."""
    groups = list(dict.fromkeys(fates.values()))
    numbers = {fate: number for number, fate in enumerate(groups)}
    rows = waiting(edition).subquery()
    with database.write(checked=False) as connection, scratch(connection, places), scratch(connection, _profiles):
        known = ((numbers[fate], *profile) for profile, fate in fates.items())
        if len(fates) <= _FEW:
            found = select(_told_apart(rows, known), rows.c.id)
        else:
            fill(connection, _profiles, known)
            alike = and_(*(rows.c[name] == _profiles.c[name] for name in Profile._fields))
            number = func.coalesce(_profiles.c.grp, UNFORESEEN)
            found = select(number, rows.c.id).select_from(rows.outerjoin(_profiles, alike))
        connection.execute(insert(places).from_select(["grp", "reader"], found).inline())
        return carry_out(connection, edition, groups, batch_size, now)


def _told_apart(rows: FromClause, known: Iterable[tuple[int, *tuple[str, ...]]]) -> ColumnElement[int]:
    """The group of a reader's profile, without a table to look it up in."""
    alike = [
        (and_(*(rows.c[name] == value for name, value in zip(Profile._fields, profile, strict=True))), number)
        for number, *profile in known
    ]
    return case(*alike, else_=UNFORESEEN) if alike else literal(UNFORESEEN)


def carry_out(
    connection: Connection, edition: str, groups: Sequence[Fate], batch_size: int, now: datetime | None
) -> Placed:
    """Makes of what `places` holds, a group for each fate, deliveries and batches."""
    measure(connection, places)
    counted = departures(connection)
    sizes: dict[int, int] = dict(connection.execute(select(places.c.grp, func.count()).group_by(places.c.grp)).all())
    placed = 0
    exclude = _put(connection, edition, outcome="excluded", reason=bindparam("why"))
    for number, fate in enumerate(groups):
        if fate.due_at is None:
            connection.execute(exclude, {"number": number, "after": -1, "last": _LAST, "why": fate.excluded})
    put = _put(connection, edition, batch=bindparam("own"))
    due = [(fate.due_at, fate.variant, number) for number, fate in enumerate(groups) if fate.due_at]
    for due_at, variant, number in sorted(due):
        after = -1
        for start in range(0, sizes.get(number, 0), batch_size):
            size = min(batch_size, sizes[number] - start)
            rest = {"number": number, "after": after}
            after = connection.execute(_edge, {**rest, "others": size - 1}).scalar_one()
            own = batches.new_batch(connection, edition, variant, due_at, "pending", size, departures=counted)
            connection.execute(put, {**rest, "last": after, "own": own})
            placed += size
    _begin_sending(connection, edition, now, placed=bool(placed))
    return Placed(placed, sizes.get(UNFORESEEN, 0))


_rest = and_(places.c.grp == bindparam("number"), places.c.reader > bindparam("after"))
_edge = select(places.c.reader).where(_rest).order_by(places.c.reader).offset(bindparam("others")).limit(1)


def _put(connection: Connection, edition: str, **values: Any) -> Executable:
    """Makes a delivery row for each reader of `places` in group `number` who comes after `after`, up to `last`: a new
    one, or the old one of who was excluded."""
    values = {"batch": None, "outcome": None, "reason": None, **values}
    columns = (cast(value, delivery.c[name].type) for name, value in values.items())
    which = and_(_rest, places.c.reader <= bindparam("last"))
    readers = select(literal(edition), places.c.reader, *columns).where(which).order_by(places.c.reader)
    rows = _upsert[connection.dialect.name](delivery).from_select(["edition", "subscriber", *values], readers)
    named = {name: rows.excluded[name] for name in values}
    changed = rows.on_conflict_do_update(
        index_elements=["edition", "subscriber"], set_=named, where=delivery.c.outcome == "excluded"
    )
    made: Executable = changed.inline()
    return made


def _has_a_place() -> Any:
    return func.coalesce(delivery.c.outcome, "") != "excluded"


def _begin_sending(connection: Connection, edition: str, now: datetime | None, *, placed: bool) -> None:
    mine = editions.c.key == edition
    if placed:
        connection.execute(update(editions).where(mine).values(frozen_at=now))
    connection.execute(
        update(editions).where(mine, editions.c.state.in_(("approved", "frozen"))).values(state="sending")
    )
    pending = select(batch.c.id).where(batch.c.edition == edition, batch.c.state == "pending", batch.c.size > 0)
    connection.execute(
        update(editions).where(mine, editions.c.state == "done", pending.exists()).values(state="sending")
    )
