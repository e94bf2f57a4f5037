"""Freezing: give each listed subscriber a place in an edition, in a batch or excluded with a reason.

A list of a million subscribers has a few hundred profiles: the columns that decide whether, when and in which variant
an edition goes to somebody. `profiles` selects them, the caller decides once per profile, and `freeze_listed` joins the
decisions back to the subscribers inside the database.

Freezing twice changes nothing: who has a place in a batch keeps it, and who was excluded and is due now gets one.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

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
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from digest.models import AttemptState, BatchState, DeliveryOutcome, EditionState, Frequency
from digest.store.database import Database, analyze, copy_rows, temp_table
from digest.store.schema import attempt, batch, delivery, subscriber, suppression, wish
from digest.store.schema import edition as editions
from digest.store.sending import batches
from digest.subscribers.due import Candidate


class RecipientGroup(NamedTuple):
    """Everything about a subscriber that decides whether, when and in which form an edition goes to them, as the
    database writes it."""

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
            topics=parse_topics(self.topics),
            frequency=typing.cast("Frequency", self.frequency),
            timezone=self.timezone,
            hour=time.fromisoformat(self.hour) if self.hour else None,
            format="text" if self.format == "text" else "html",
            status=self.status,
            suppressed=self.suppressed,
            paused_until=_moment(self.paused_until),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for a profile: a batch of `variant` due at `due_at`, or `excluded` with its reason."""

    variant: str = ""
    due_at: datetime | None = None
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """Outcome of a freeze. All counts are subscribers."""

    recipients: int
    # Their profile changed after the decision was made; freeze again.
    undecided: int = 0


def recipient_groups(connection: Connection, edition: str) -> list[RecipientGroup]:
    """The distinct profiles of the listed subscribers without a place in the edition."""
    rows = unplaced_subscribers(edition).subquery()
    theirs = select(*(rows.c[name] for name in RecipientGroup._fields)).distinct()
    return sorted(RecipientGroup(*row) for row in connection.execute(theirs))


def unplaced_subscribers(edition: str) -> Select[Any]:
    """Listed subscribers without a place in the edition: id, email and the fields of their Profile. Preferences that
    they chose themselves come before the list's."""
    return (
        select(
            subscriber.c.id,
            subscriber.c.email,
            *(preferred(name) for name in ("topics", "frequency")),
            subscriber.c.timezone,
            *(preferred(name) for name in ("hour", "format")),
            subscriber.c.status,
            func.coalesce(suppression.c.reason, "").label("suppressed"),
            func.coalesce(cast(wish.c.paused_until, Text), "").label("paused_until"),
        )
        .outerjoin(suppression, suppression.c.address == subscriber.c.address)
        .outerjoin(wish, wish.c.subscriber == subscriber.c.id)
        .outerjoin(delivery, (delivery.c.edition == edition) & (delivery.c.subscriber == subscriber.c.id))
        .where(subscriber.c.listed)
        .where(
            or_(delivery.c.subscriber.is_(None), and_(delivery.c.outcome == DeliveryOutcome.EXCLUDED, ~_may_have_it()))
        )
    )


def _may_have_it() -> ColumnElement[bool]:
    """That an excluded subscriber may have the letter already: they left between two tries of a batch whose first try
    may have reached them."""
    redone = select(attempt.c.id).where(attempt.c.batch == delivery.c.batch, attempt.c.state == AttemptState.REDO)
    return redone.correlate(delivery).exists()


_scratch = MetaData()
_decided = Table(
    "decided",
    _scratch,
    Column("fate", Integer),
    *(Column(name, Text) for name in RecipientGroup._fields),
    prefixes=["TEMPORARY"],
)
# Who is to get which fate. The key keeps the subscribers of a fate in the order of their ids.
places = Table(
    "places",
    _scratch,
    Column("fate", Integer, primary_key=True, autoincrement=False),
    Column("reader", delivery.c.subscriber.type, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
# What the `number`th batchful of a fate gets: a batch, or an outcome with its reason.
_cuts = Table(
    "cuts",
    _scratch,
    Column("fate", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("batch", delivery.c.batch.type),
    Column("outcome", delivery.c.outcome.type),
    Column("reason", delivery.c.reason.type),
    prefixes=["TEMPORARY"],
)
_UNDECIDED = -1
_NEVER = datetime.max.replace(tzinfo=UTC)
_upsert: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def enqueue_subscribers(
    database: Database, edition: str, fates: Mapping[RecipientGroup, Decision], batch_size: int, *, now: datetime
) -> EnqueueResult:
    """Gives the listed subscribers without a place what `fates` says of their profile, in one transaction. Batches hold
    one variant and one due time each. The edition becomes `sending` when a batch is pending."""
    groups = list(dict.fromkeys(fates.values()))
    numbers = {fate: number for number, fate in enumerate(groups)}
    with database.write() as connection, temp_table(connection, _decided), temp_table(connection, places):
        copy_rows(connection, _decided, ((numbers[fate], *profile) for profile, fate in fates.items()))
        analyze(connection, _decided)
        rows = unplaced_subscribers(edition).subquery()
        alike = and_(*(rows.c[name] == _decided.c[name] for name in RecipientGroup._fields))
        found = select(func.coalesce(_decided.c.fate, _UNDECIDED), rows.c.id).select_from(
            rows.outerjoin(_decided, alike)
        )
        connection.execute(insert(places).from_select(["fate", "reader"], found).inline())
        return insert_deliveries(connection, edition, groups, batch_size, now)


def insert_deliveries(
    connection: Connection, edition: str, groups: Sequence[Decision], batch_size: int, now: datetime | None
) -> EnqueueResult:
    """Turns the rows of `places` into batches and deliveries; a row's fate is its index in `groups`."""
    analyze(connection, places)
    counted = select(places.c.fate, func.count()).group_by(places.c.fate)
    sizes: dict[int, int] = dict(connection.execute(counted).all())
    undecided = sizes.pop(_UNDECIDED, 0)
    with temp_table(connection, _cuts):
        copy_rows(connection, _cuts, _cut(connection, edition, groups, sizes, batch_size))
        analyze(connection, _cuts)
        _insert_deliveries(connection, edition, batch_size)
    placed = sum(size for fate, size in sizes.items() if groups[fate].due_at)
    _begin_sending(connection, edition, now, placed=bool(placed))
    return EnqueueResult(placed, undecided)


def _cut(
    connection: Connection, edition: str, groups: Sequence[Decision], sizes: Mapping[int, int], batch_size: int
) -> list[tuple[int, int, int | None, str | None, str | None]]:
    """Makes the batches and returns the rows of `_cuts`."""
    rows: list[tuple[int, int, int | None, str | None, str | None]] = []
    # Batches are claimed in the order of their ids, so the earliest due are made first.
    for fate in sorted(sizes, key=lambda fate: (groups[fate].due_at or _NEVER, groups[fate].variant)):
        parts = [min(batch_size, sizes[fate] - start) for start in range(0, sizes[fate], batch_size)]
        if due_at := groups[fate].due_at:
            made = batches.new_batches(connection, edition, groups[fate].variant, due_at, parts)
            rows += [(fate, number, id, None, None) for number, id in enumerate(made)]
        else:
            rows += [
                (fate, number, None, DeliveryOutcome.EXCLUDED, groups[fate].excluded) for number in range(len(parts))
            ]
    return rows


def _insert_deliveries(connection: Connection, edition: str, batch_size: int) -> None:
    """One delivery per subscriber of `places`: a new row, or the old row of who was excluded."""
    nth = func.row_number().over(partition_by=places.c.fate, order_by=places.c.reader) - 1
    numbered = select(places.c.fate, places.c.reader, nth.label("nth")).subquery()
    mine = and_(_cuts.c.fate == numbered.c.fate, _cuts.c.number == numbered.c.nth // batch_size)
    values = ("batch", "outcome", "reason")
    found = select(literal(edition), numbered.c.reader, *(_cuts.c[name] for name in values)).join(_cuts, mine)
    rows = _upsert[connection.dialect.name](delivery).from_select(["edition", "subscriber", *values], found)
    changed = rows.on_conflict_do_update(
        index_elements=["edition", "subscriber"],
        set_={name: rows.excluded[name] for name in values},
        where=delivery.c.outcome == DeliveryOutcome.EXCLUDED,
    )
    connection.execute(changed.inline())


def _begin_sending(connection: Connection, edition: str, now: datetime | None, *, placed: bool) -> None:
    mine = editions.c.key == edition
    if placed:
        connection.execute(update(editions).where(mine).values(frozen_at=now))
    connection.execute(
        update(editions)
        .where(mine, editions.c.state.in_((EditionState.APPROVED, EditionState.FROZEN)))
        .values(state=EditionState.SENDING)
    )
    pending = select(batch.c.id).where(
        batch.c.edition == edition, batch.c.state == BatchState.PENDING, batch.c.size > 0
    )
    connection.execute(
        update(editions)
        .where(mine, editions.c.state == EditionState.DONE, pending.exists())
        .values(state=EditionState.SENDING)
    )


def preferred(name: str) -> ColumnElement[Any]:
    """A preference: the subscriber's own, else the list's."""
    return func.coalesce(comparable(wish.c[name]), comparable(subscriber.c[name])).label(name)


def comparable(column: Any) -> Any:
    """A column in a form that can be compared: PostgreSQL compares no JSON, so topics become the text that
    `topics_text` gave."""
    return cast(column, Text) if column.name == "topics" else column


@lru_cache(maxsize=4096)
def parse_topics(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))


def _moment(written: str) -> datetime | None:
    """A moment as either database writes it in text; SQLite's is UTC and says no zone."""
    if not written:
        return None
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
