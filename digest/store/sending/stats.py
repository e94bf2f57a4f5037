"""Counting an edition's readers. Invariant: frozen = accepted + rejected + excluded + pending + unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, func, or_, select

from digest.models import AttemptState, BatchState, DeliveryOutcome
from digest.store.database import Database
from digest.store.schema import attempt, batch, delivery, subscriber

if TYPE_CHECKING:
    from digest.store.sending.recovery import Orphan


@dataclass(frozen=True, slots=True)
class Counts:
    """An edition's readers per state, and how many batches and variants carry them."""

    frozen: int
    accepted: int
    rejected: int
    excluded: int
    pending: int
    unknown: int
    batches: int
    variants: int

    @property
    def balanced(self) -> bool:
        return self.frozen == self.accepted + self.rejected + self.excluded + self.pending + self.unknown

    @property
    def settled(self) -> bool:
        return self.balanced and not self.pending and not self.unknown


def counts(database: Database, edition: str) -> Counts:
    with database.read() as connection:
        return count(connection, edition)


def count(connection: Connection, edition: str, orphans: Mapping[int, Orphan] = {}) -> Counts:
    """As `counts`, with what killed runs left in flight (`orphans`) as recovery will count it."""
    frozen = connection.execute(
        select(func.count()).select_from(delivery).where(delivery.c.edition == edition)
    ).scalar_one()
    by_state = {
        state: (int(readers), number)
        for state, readers, number in connection.execute(
            select(batch.c.state, func.sum(batch.c.size), func.count())
            .where(batch.c.edition == edition)
            .group_by(batch.c.state)
        )
    }
    parted: dict[Any, int] = dict(
        connection.execute(
            select(delivery.c.outcome, func.count())
            .where(delivery.c.edition == edition, delivery.c.outcome.is_not(None))
            .group_by(delivery.c.outcome)
        ).all()
    )
    variants = connection.execute(
        select(func.count(batch.c.variant.distinct())).where(batch.c.edition == edition, batch.c.size > 0)
    ).scalar_one()
    readers = {state: number for state, (number, _batches) in by_state.items()}
    served = sum(len(one.accepted) for one in orphans.values())
    doubtful = sum(len(one.unknown) for one in orphans.values())
    return Counts(
        frozen=frozen,
        accepted=readers.get(BatchState.ACCEPTED, 0) + served,
        rejected=parted.get(DeliveryOutcome.REJECTED, 0),
        excluded=parted.get(DeliveryOutcome.EXCLUDED, 0),
        # A batch in flight is neither done nor lost: to an onlooker it is still to come.
        pending=readers.get(BatchState.PENDING, 0) + readers.get(BatchState.SUBMITTING, 0) - served - doubtful,
        unknown=readers.get(BatchState.UNKNOWN, 0) + doubtful,
        batches=sum(number for state, (_readers, number) in by_state.items() if state != BatchState.EMPTY),
        variants=variants,
    )


def pending(database: Database, edition: str) -> int:
    """`Counts.pending` alone, without a look at every row."""
    with database.read() as connection:
        waiting = batch.c.state.in_((BatchState.PENDING, BatchState.SUBMITTING))
        found = select(func.coalesce(func.sum(batch.c.size), 0)).where(batch.c.edition == edition, waiting)
        return int(connection.execute(found).scalar_one())


def next_due(database: Database, edition: str) -> datetime | None:
    """When the first of what is still pending is due."""
    with database.read() as connection:
        soonest = select(batch.c.due_at).where(batch.c.edition == edition, batch.c.state == BatchState.PENDING)
        return connection.execute(soonest.order_by(batch.c.due_at).limit(1)).scalar()


@dataclass(frozen=True, slots=True)
class Unreached:
    """A reader who does not have the letter, with the state and the cause."""

    email: str
    state: str
    reason: str


def find_unreached(
    database: Database, edition: str, limit: int | None = None, *, waiting: bool = True
) -> Iterator[Unreached]:
    """Who did not get it and why: excluded, rejected, unknown and, unless `waiting` is false, still pending, in the
    list's order."""
    with database.read() as connection:
        yield from read_unreached(connection, edition, limit, waiting=waiting)


def read_unreached(
    connection: Connection,
    edition: str,
    limit: int | None = None,
    *,
    waiting: bool = True,
    orphans: Mapping[int, Orphan] = {},
) -> Iterator[Unreached]:
    """As `missing`, with what killed runs left in flight as recovery will tell it."""
    open_ = (BatchState.PENDING, BatchState.SUBMITTING, BatchState.UNKNOWN)
    without = open_ if waiting else (BatchState.UNKNOWN,)
    # Who of an orphan's batch is passed over below must not count against the limit.
    sizes = select(func.coalesce(func.sum(batch.c.size), 0)).where(batch.c.id.in_(list(orphans)))
    hidden = connection.execute(sizes).scalar_one() if orphans and limit is not None else 0
    rows = (
        select(delivery.c.outcome, delivery.c.reason, delivery.c.batch)
        .add_columns(subscriber.c.id, subscriber.c.email, batch.c.state)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber)
        .outerjoin(batch, batch.c.id == delivery.c.batch)
        .where(delivery.c.edition == edition)
        .where(or_(delivery.c.outcome.is_not(None), batch.c.state.in_(without), batch.c.id.in_(list(orphans))))
        .order_by(delivery.c.subscriber)
        .limit(None if limit is None else limit + hidden)
    )
    said = _last_words(connection, edition) | {number: one.reason for number, one in orphans.items()}
    yield from islice(_told(connection.execute(rows), said, orphans, waiting=waiting), limit)


def _told(
    rows: Iterable[Any], said: Mapping[int, str], orphans: Mapping[int, Orphan], *, waiting: bool
) -> Iterator[Unreached]:
    for row in rows:
        state = row.outcome or (BatchState.UNKNOWN if row.state == BatchState.UNKNOWN else BatchState.PENDING)
        if row.batch in orphans and not row.outcome:
            state = orphans[row.batch].state_of(row.id)
            if state == BatchState.ACCEPTED or (state == BatchState.PENDING and not waiting):
                continue
        yield Unreached(row.email, state, row.reason or said.get(row.batch, ""))


def _last_words(connection: Connection, edition: str) -> dict[int, str]:
    """What the last attempt said, for each batch; for one that was split off and not tried yet, what its parent's."""
    parents = dict(connection.execute(select(batch.c.id, batch.c.parent).where(batch.c.edition == edition)).all())
    tried = (
        select(attempt.c.batch, attempt.c.detail)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition)
        .order_by(attempt.c.started_at, attempt.c.id)
    )
    own: dict[int, str] = dict(connection.execute(tried).all())
    words = {}
    for number in parents:
        at: int | None = number
        while at is not None and at not in own:
            at = parents.get(at)
        words[number] = own[at] if at is not None else ""
    return words


@dataclass(frozen=True, slots=True)
class UnknownBatch:
    """A batch whose outcome is unknown."""

    batch: int
    recipients: int
    attempt: str
    transport: str
    started_at: Any
    detail: str


def unknown_batches(database: Database, edition: str) -> list[UnknownBatch]:
    """Every unknown batch with the attempt that left it so (of a split batch, its parent's)."""
    with database.read() as connection:
        return read_unknown_batches(connection, edition)


def read_unknown_batches(
    connection: Connection, edition: str, orphans: Mapping[int, Orphan] = {}
) -> list[UnknownBatch]:
    """As `doubts`, with what killed runs left in flight as recovery will tell it."""
    unknown = connection.execute(
        select(batch.c.id, batch.c.size, batch.c.parent)
        .where(batch.c.edition == edition, batch.c.state == BatchState.UNKNOWN)
        .order_by(batch.c.id)
    ).all()
    found = []
    for row in unknown:
        tried = connection.execute(
            select(attempt)
            .where(or_(attempt.c.batch == row.id, attempt.c.batch == row.parent))
            .order_by(
                and_(
                    attempt.c.batch == row.id, attempt.c.state.in_((AttemptState.UNKNOWN, AttemptState.RECALLING))
                ).desc(),
                (attempt.c.state == AttemptState.MIXED).desc(),  # the parent's others were settled before it was split
                attempt.c.started_at.desc(),
            )
            .limit(1)
        ).one()
        found.append(UnknownBatch(row.id, row.size, tried.id, tried.transport, tried.started_at, tried.detail))
    found += [
        UnknownBatch(one.batch, len(one.unknown), one.attempt, one.transport, one.started_at, one.reason)
        for one in orphans.values()
        if one.unknown
    ]
    return found
