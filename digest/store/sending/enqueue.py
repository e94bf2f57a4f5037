"""Freezing: give each listed subscriber a place in an edition, in a batch or excluded with a reason.

A million subscribers form a few hundred groups with equal values in the columns that decide whether, when and in which
variant they get an edition. The caller decides once per group, and `enqueue_subscribers` joins the decisions back to
the subscribers inside the database.

Enqueuing twice changes nothing: a place in a batch is kept, and excluded subscribers who are due now get one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from digest.errors import StoreError
from digest.models import AttemptState, BatchState, DeliveryOutcome, EditionState
from digest.store.database import Database, analyze, copy_rows, hash_in_memory, temp_table
from digest.store.desk.audit import edition_reached
from digest.store.schema import attempt, batch, delivery, preference, subscriber, suppression
from digest.store.schema import edition as editions
from digest.store.sending import batches, partitions, restored
from digest.store.sending.folded import why_never_again
from digest.store.sending.revisions import corrected_by
from digest.store.statements import insert_into
from digest.subscribers.due import Candidate


class RecipientGroup(NamedTuple):
    """Everything that decides whether, when and in which variant a subscriber gets an edition, as stored.

    '' stands for NULL, because groups are compared by `=`.
    """

    topics: str
    frequency: str
    timezone: str
    hour: str
    format: str
    status: str
    suppressed: str
    paused_until: str
    editions: str

    def candidate(self, id: int = 0, email: str = "") -> Candidate:
        parsed: dict[str, Any] = {
            "topics": parse_topics(self.topics),
            "editions": parse_topics(self.editions),
            "hour": time.fromisoformat(self.hour) if self.hour else None,
            "suppressed": self.suppressed or None,
            "paused_until": _parse_time(self.paused_until),
        }
        return Candidate(id=id, email=email, **{**self._asdict(), **parsed})


@dataclass(frozen=True, slots=True)
class Placement:
    """The decision for a group: a batch of `variant` due at `due_at`, or `excluded` with the reason."""

    variant: str | None = None
    due_at: datetime | None = None
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """Counts of subscribers."""

    recipients: int
    # Their group changed after the decisions were made: decide again.
    undecided: int = 0
    # Why the recipients are unknown instead of pending (`restored`); None if they are pending.
    held: str | None = None


def unplaced_subscribers(connection: Connection, edition: str) -> Select[Any]:
    """Select the listed subscribers without a place in the edition: id, email and the fields of their group.

    For an edition with a correction, only those who got the wrong text.
    """
    listed = (
        select(
            subscriber.c.id,
            subscriber.c.email,
            *(preferred(name) for name in ("topics", "frequency")),
            subscriber.c.timezone,
            *(preferred(name) for name in ("hour", "format")),
            subscriber.c.status,
            func.coalesce(suppression.c.reason, "").label("suppressed"),
            func.coalesce(cast(preference.c.paused_until, Text), "").label("paused_until"),
            preferred("editions"),
        )
        .outerjoin(suppression, suppression.c.address == subscriber.c.address)
        .outerjoin(preference, preference.c.subscriber == subscriber.c.id)
        .where(subscriber.c.listed)
    )
    corrected = corrected_by(connection, edition)
    if corrected is not None:
        listed = listed.where(subscriber.c.id.in_(corrected))
    place = select(delivery.c.subscriber).where(delivery.c.edition == edition).limit(1)
    if connection.execute(place).first() is None:
        # Without the condition below, PostgreSQL's planner can estimate the number of these rows.
        return listed
    return listed.outerjoin(
        delivery, (delivery.c.edition == edition) & (delivery.c.subscriber == subscriber.c.id)
    ).where(
        or_(delivery.c.subscriber.is_(None), and_(delivery.c.outcome == DeliveryOutcome.EXCLUDED, ~_may_have_email()))
    )


def _may_have_email() -> ColumnElement[bool]:
    """Return the condition that an excluded subscriber may have the email already, from an attempt before they left."""
    retryable = select(attempt.c.id).where(
        attempt.c.batch == delivery.c.batch, attempt.c.state == AttemptState.RETRYABLE
    )
    return retryable.correlate(delivery).exists()


# In these temporary tables `decision` is an index into the list of distinct decisions.
_temporary = MetaData()
_decided = Table(
    "decided",
    _temporary,
    Column("decision", Integer),
    *(Column(name, Text) for name in RecipientGroup._fields),
    prefixes=["TEMPORARY"],
)
placements = Table(
    "placements",
    _temporary,
    Column("decision", Integer, nullable=False),
    Column("subscriber", delivery.c.subscriber.type, nullable=False),
    # Keeps a decision's subscribers in the order of their ids. PostgreSQL sorts them faster.
    PrimaryKeyConstraint("decision", "subscriber").ddl_if("sqlite"),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
# The values of the deliveries in each batchful of a decision.
_batchfuls = Table(
    "batchfuls",
    _temporary,
    Column("decision", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("batch", delivery.c.batch.type),
    Column("outcome", delivery.c.outcome.type),
    Column("reason", delivery.c.reason.type),
    prefixes=["TEMPORARY"],
)
_UNDECIDED = -1
_NEVER = datetime.max.replace(tzinfo=UTC)


def enqueue_subscribers(
    database: Database,
    edition: str,
    decisions: Mapping[RecipientGroup, Placement],
    batch_size: int,
    *,
    now: datetime,
    on_placed: Callable[[Connection], None] | None = None,
) -> EnqueueResult:
    """Enqueue the listed subscribers without a place as decided for their group, in one transaction.

    A batch has one variant and one due time. The edition becomes `sending` if a batch is pending. `on_placed` is called
    in the transaction if anybody got a place in a batch. Raises StoreError for a folded edition.
    """
    distinct = list(dict.fromkeys(decisions.values()))
    numbers = {decision: number for number, decision in enumerate(distinct)}
    with database.write() as connection, temp_table(connection, _decided), temp_table(connection, placements):
        folded_at = select(editions.c.folded_at).where(editions.c.key == edition)
        # Keeps the edition from being folded meanwhile: see `folding.fold`.
        if connection.execute(folded_at.with_for_update()).scalar() is not None:
            raise StoreError(why_never_again(edition))
        copy_rows(connection, _decided, ((numbers[decision], *group) for group, decision in decisions.items()))
        analyze(connection, _decided)
        hash_in_memory(connection)
        rows = unplaced_subscribers(connection, edition).subquery()
        same = and_(true(), *(rows.c[name] == value for name, value in _comparisons(decisions)))
        number = func.coalesce(_decided.c.decision, _UNDECIDED)
        found = select(number, rows.c.id).select_from(rows.outerjoin(_decided, same))
        connection.execute(insert(placements).from_select(["decision", "subscriber"], found).inline())
        result = insert_deliveries(connection, edition, distinct, batch_size, now)
        if result.recipients and on_placed is not None:
            on_placed(connection)
        return result


def _comparisons(groups: Iterable[RecipientGroup]) -> Iterator[tuple[str, ColumnElement[str]]]:
    """Return field → the expression that a subscriber's value is compared with.

    Values that are equal in all groups become literals, which compare fast. No field is left out, because subscribers
    may have changed since.
    """
    for name, values in zip(RecipientGroup._fields, zip(*groups, strict=True), strict=False):
        only = set(values)
        yield name, literal(only.pop()) if len(only) == 1 else _decided.c[name]


def enqueue_people(
    database: Database,
    edition: str,
    decisions: Sequence[Placement],
    people: Sequence[tuple[int, int]],
    batch_size: int,
    *,
    now: datetime,
) -> int:
    """Enqueue people who have no place in the edition yet, given as (number of their decision, subscriber id).

    Returns how many got a place in a batch.
    """
    with database.write() as connection, temp_table(connection, placements):
        copy_rows(connection, placements, people)
        placed = select(delivery.c.subscriber).where(delivery.c.edition == edition)
        connection.execute(delete(placements).where(placements.c.subscriber.in_(placed)))
        return insert_deliveries(connection, edition, decisions, batch_size, now).recipients


def insert_deliveries(
    connection: Connection, edition: str, decisions: Sequence[Placement], batch_size: int, now: datetime | None
) -> EnqueueResult:
    """Turn the rows of `placements` into batches and deliveries."""
    analyze(connection, placements)
    counted = select(placements.c.decision, func.count()).group_by(placements.c.decision)
    sizes: dict[int, int] = dict(connection.execute(counted).all())
    undecided = sizes.pop(_UNDECIDED, 0)
    hold_reason = restored.find_hold_reason(connection, edition)
    with temp_table(connection, _batchfuls):
        rows = _create_batches(connection, edition, decisions, sizes, batch_size, hold_reason)
        copy_rows(connection, _batchfuls, rows)
        analyze(connection, _batchfuls)
        _insert_deliveries(connection, edition, batch_size)
    placed = sum(size for number, size in sizes.items() if decisions[number].due_at)
    _begin_sending(connection, edition, now, placed=bool(placed))
    return EnqueueResult(placed, undecided, hold_reason.reason if hold_reason and placed else None)


def _create_batches(
    connection: Connection,
    edition: str,
    decisions: Sequence[Placement],
    sizes: Mapping[int, int],
    batch_size: int,
    hold_reason: restored.HoldReason | None,
) -> list[tuple[int, int, int | None, str | None, str | None]]:
    """Create the batches and return the rows of `_batchfuls`."""
    state = BatchState.UNKNOWN if hold_reason else BatchState.PENDING
    rows: list[tuple[int, int, int | None, str | None, str | None]] = []
    # Batches are claimed in the order of their ids, so the earliest due are created first.
    for number in sorted(sizes, key=lambda number: _claim_order(decisions[number])):
        chosen = decisions[number]
        parts = [min(batch_size, sizes[number] - start) for start in range(0, sizes[number], batch_size)]
        if chosen.due_at and chosen.variant is not None:
            ids = batches.new_batches(connection, edition, chosen.variant, chosen.due_at, parts, state)
            if hold_reason:
                restored.hold(connection, ids, hold_reason)
            rows += [(number, part, id, None, None) for part, id in enumerate(ids)]
        else:
            excluded = DeliveryOutcome.EXCLUDED, chosen.excluded
            rows += [(number, part, None, *excluded) for part in range(len(parts))]
    return rows


def _claim_order(decision: Placement) -> tuple[datetime, str]:
    return decision.due_at or _NEVER, decision.variant or ""


def _insert_deliveries(connection: Connection, edition: str, batch_size: int) -> None:
    """Insert a delivery for each row of `placements`, or update that of an excluded subscriber."""
    columns = ["edition", "subscriber", "batch", "outcome", "reason"]
    place = func.row_number().over(partition_by=placements.c.decision, order_by=placements.c.subscriber) - 1
    numbered = select(placements.c.decision, placements.c.subscriber, place.label("place")).subquery()
    # `//` would divide floating-point numbers.
    part = numbered.c.place.op("/")(batch_size)
    same_batch = and_(_batchfuls.c.decision == numbered.c.decision, _batchfuls.c.number == part)
    values = columns[2:]
    found = select(literal(edition), numbered.c.subscriber, *(_batchfuls.c[name] for name in values))
    found = found.join(_batchfuls, same_batch)

    def insert_first(table: Table) -> None:
        connection.execute(insert(table).from_select(columns, found).inline())

    if partitions.load(connection, edition, insert_first):
        return
    rows = insert_into(connection, delivery).from_select(columns, found)
    changed = rows.on_conflict_do_update(
        index_elements=["edition", "subscriber"],
        set_={name: rows.excluded[name] for name in values},
        where=delivery.c.outcome == DeliveryOutcome.EXCLUDED,
    )
    connection.execute(changed.inline())


def _begin_sending(connection: Connection, edition: str, now: datetime | None, *, placed: bool) -> None:
    this_edition = editions.c.key == edition
    if placed:
        connection.execute(update(editions).where(this_edition).values(frozen_at=now))
    open_ = select(batch.c.id).where(
        batch.c.edition == edition, batch.c.state.in_((BatchState.PENDING, BatchState.UNKNOWN)), batch.c.size > 0
    )
    begins = or_(editions.c.state == EditionState.APPROVED, and_(editions.c.state == EditionState.DONE, open_.exists()))
    if connection.execute(update(editions).where(this_edition, begins).values(state=EditionState.SENDING)).rowcount:
        edition_reached(connection, edition, EditionState.SENDING)


def preferred(name: str) -> ColumnElement[Any]:
    """Select a preference: the subscriber's own, else the list's."""
    return func.coalesce(comparable(preference.c[name]), comparable(subscriber.c[name])).label(name)


def comparable(column: Any) -> Any:
    """Convert a column for comparison: PostgreSQL cannot compare JSON, so lists become text (`format_topics`)."""
    return cast(column, Text) if column.name in ("topics", "editions") else column


@lru_cache(maxsize=4096)
def parse_topics(text: str) -> tuple[str, ...]:
    """Parse a stored list of topics or editions."""
    return tuple(json.loads(text))


def _parse_time(text: str) -> datetime | None:
    """Parse a time as either database writes it. SQLite's is UTC without a zone."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
