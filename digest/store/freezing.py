"""Freezing: readers become delivery rows, rows get a batch each. One transaction; freezing twice changes nothing.

The rows are moved inside the database: no more than a batch's edge comes to Python, however long the list is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Executable,
    Integer,
    MetaData,
    Select,
    Table,
    and_,
    bindparam,
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
from digest.store.profiles import Profile, of_profile, others, plain, plain_ones, told_apart
from digest.store.schema import batch, delivery
from digest.store.schema import edition as editions
from digest.store.schema_readers import subscriber

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
    decided = [(numbers[fate], profile, fate) for profile, fate in fates.items()]
    with (
        database.write(checked=False) as connection,
        scratch(connection, places),
        told_apart(connection, edition) as any_apart,
    ):
        place = _Plain(connection, edition, plain(any_apart), batch_size)
        for number, profile, fate in decided:
            place.give(number, profile, fate)
        left = _unforeseen(connection, fates, any_apart)
        if any_apart:
            left += _others(connection, edition, [(number, profile) for number, profile, _fate in decided])
        rest = carry_out(connection, edition, groups, batch_size, now, placed=place.placed)
        return Placed(place.placed + rest, left)


class _Plain:
    """Gives plain readers their places, profile by profile, as they lie in the index: whole batches at once, the rest
    by `places`, where it meets the rest of other profiles."""

    def __init__(self, connection: Connection, edition: str, mine: ColumnElement[bool], batch_size: int) -> None:
        self.connection, self.edition, self.mine, self.batch_size = connection, edition, mine, batch_size
        self.departures = departures(connection)
        self.placed = 0

    def give(self, number: int, profile: Profile, fate: Fate) -> None:
        if profile.suppressed or profile.paused_until:
            return  # of readers apart
        alike = and_(self.mine, of_profile(self.connection, profile))
        id, after = subscriber.c.id, -1
        if fate.due_at is not None:
            edges = _edges(self.connection, id, alike, self.batch_size)
            sizes = [self.batch_size] * (len(edges) - 1)
            if sizes:
                own = self._new(fate.variant, fate.due_at, sizes)
                row = (literal(self.edition), id, bindparam("own", type_=delivery.c.batch.type))
                readers = select(*row).where(alike, id > bindparam("after"), id <= bindparam("last")).order_by(id)
                made = insert(delivery).from_select(["edition", "subscriber", "batch"], readers).inline()
                self.connection.execute(made, _spans(edges, own))
            after = edges[-1]
            self.placed += sum(sizes)
        rest = select(literal(number), id).where(alike, id > after)
        self.connection.execute(_into_places(rest))

    def _new(self, variant: str, due_at: datetime, sizes: Sequence[int]) -> list[int]:
        return batches.new_batches(self.connection, self.edition, variant, due_at, sizes, departures=self.departures)


def _unforeseen(connection: Connection, fates: Mapping[Profile, Fate], any_apart: bool) -> int:
    """How many plain readers have a profile on which nobody has decided."""
    counted = select(func.count()).select_from(subscriber)
    return sum(
        connection.execute(counted.where(plain(any_apart), of_profile(connection, profile))).scalar_one()
        for profile in plain_ones(connection, any_apart) - fates.keys()
    )


def _others(connection: Connection, edition: str, decided: Sequence[tuple[int, Profile]]) -> int:
    """Gives the readers apart their group in `places`. Answers for how many nobody has decided."""
    rows = others(edition).subquery()
    with scratch(connection, _profiles):
        fill(connection, _profiles, ((number, *profile) for number, profile in decided))
        alike = and_(*(rows.c[name] == _profiles.c[name] for name in Profile._fields))
        both = rows.outerjoin(_profiles, alike)
        known = select(_profiles.c.grp, rows.c.id).select_from(both).where(_profiles.c.grp.is_not(None))
        connection.execute(_into_places(known))
        unforeseen = select(func.count()).select_from(both).where(_profiles.c.grp.is_(None))
        left: int = connection.execute(unforeseen).scalar_one()
    return left


def _into_places(found: Select[Any]) -> Executable:
    return insert(places).from_select(["grp", "reader"], found).inline()


def _edges(connection: Connection, id: ColumnElement[int], mine: ColumnElement[bool], size: int) -> list[int]:
    """-1, then every `size`th of the ids for which `mine` holds."""
    edge = select(literal(-1, id.type).label("id")).cte("edge", recursive=True)
    following = select(id).where(mine, id > edge.c.id).order_by(id).offset(size - 1).limit(1)
    next_one = select(following.correlate(edge).scalar_subquery()).where(edge.c.id.is_not(None))
    return [found for found in connection.execute(select(edge.union_all(next_one).c.id)).scalars() if found is not None]


def _spans(edges: Sequence[int], own: Sequence[int]) -> list[dict[str, int]]:
    return [
        {"after": after, "last": last, "own": batch} for (after, last), batch in zip(pairwise(edges), own, strict=True)
    ]


def carry_out(
    connection: Connection,
    edition: str,
    groups: Sequence[Fate],
    batch_size: int,
    now: datetime | None,
    *,
    placed: int = 0,
) -> int:
    """Makes of what `places` holds, a group for each fate, deliveries and batches. Answers how many got a place, beside
    those `placed` before."""
    measure(connection, places)
    counted = departures(connection)
    sizes: dict[int, int] = dict(connection.execute(select(places.c.grp, func.count()).group_by(places.c.grp)).all())
    more = 0
    exclude = _put(connection, edition, outcome="excluded", reason=bindparam("why"))
    for number, fate in enumerate(groups):
        if fate.due_at is None and sizes.get(number):
            connection.execute(exclude, {"number": number, "after": -1, "last": _LAST, "why": fate.excluded})
    put = _put(connection, edition, batch=bindparam("own"))
    due = [(fate.due_at, fate.variant, number) for number, fate in enumerate(groups) if fate.due_at]
    for due_at, variant, number in sorted(due):
        size = sizes.get(number, 0)
        if not size:
            continue
        parts = [min(batch_size, size - start) for start in range(0, size, batch_size)]
        own = batches.new_batches(connection, edition, variant, due_at, parts, departures=counted)
        edges = _edges(connection, places.c.reader, places.c.grp == number, batch_size)
        cut = _spans([*edges[: len(parts)], _LAST], own)
        connection.execute(put, [{"number": number, **span} for span in cut])
        more += size
    _begin_sending(connection, edition, now, placed=bool(placed + more))
    return more


def _put(connection: Connection, edition: str, **values: Any) -> Executable:
    """Makes a delivery row for each reader of `places` in group `number` who comes after `after`, up to `last`: a new
    one, or the old one of who was excluded."""
    values = {"batch": None, "outcome": None, "reason": None, **values}
    columns = (cast(value, delivery.c[name].type) for name, value in values.items())
    which = and_(
        places.c.grp == bindparam("number"),
        places.c.reader > bindparam("after"),
        places.c.reader <= bindparam("last"),
    )
    readers = select(literal(edition), places.c.reader, *columns).where(which).order_by(places.c.reader)
    rows = _upsert[connection.dialect.name](delivery).from_select(["edition", "subscriber", *values], readers)
    named = {name: rows.excluded[name] for name in values}
    changed = rows.on_conflict_do_update(
        index_elements=["edition", "subscriber"], set_=named, where=delivery.c.outcome == "excluded"
    )
    made: Executable = changed.inline()
    return made


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
