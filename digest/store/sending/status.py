"""Status of an edition: counts, recipients without the email, unknown batches.

Batches that a dead run left in flight (orphans) are counted as recovery would resolve them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from digest.models import AttemptState, BatchState, DeliveryOutcome, RecipientCounts
from digest.store.database import Database
from digest.store.schema import attempt, batch, delivery, subscriber
from digest.store.sending.batches import batch_recipients
from digest.store.sending.counts import outcomes_by_edition, recipient_counts, sizes_by_state
from digest.store.sending.folded import FROZEN, folded_counts
from digest.store.sending.recovery import Orphan, RecoveryPolicy, dead_runs, find_orphans
from digest.utils.documents import fill
from digest.utils.redact import hide_addresses

# The most recipients of a group who are all named, and the examples of a larger one.
_NAMED, _EXAMPLES = 5, 3
# The order of the states of recipients without the email.
_ORDER = (BatchState.UNKNOWN, BatchState.PENDING, DeliveryOutcome.REJECTED, DeliveryOutcome.EXCLUDED)
_NO_ORPHANS: Mapping[int, Orphan] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts(RecipientCounts):
    """An edition's recipients by state, with its batches and variants."""

    batches: int
    variants: int
    # The part of `pending` whose emails a running run is handing over.
    in_flight: int = 0

    @property
    def waiting(self) -> int:
        """The part of `pending` whose emails nobody is handing over."""
        return self.pending - self.in_flight

    @property
    def balanced(self) -> bool:
        return self.frozen == self.accepted + self.rejected + self.excluded + self.pending + self.unknown

    @property
    def settled(self) -> bool:
        return self.balanced and not self.pending and not self.unknown


@dataclass(frozen=True, slots=True)
class Unreached:
    """A recipient without the email, with the state and the cause."""

    email: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnreachedGroup:
    """Recipients without the email who have the same state and, apart from addresses, the same reason."""

    state: str
    reason: str
    recipients: int
    # The first ones of the list: all of a small group, else examples.
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownBatch:
    """A batch whose outcome is unknown, with the attempt that left it so."""

    batch: int
    recipients: int
    attempt: str
    transport: str
    started_at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class UnknownRecipient:
    """A recipient of an unknown batch, with the known details of the attempt.

    `started_at` is the start of this email if known, else of the attempt. `last_reply` is the server's last reply, or
    ''.
    """

    batch: int
    subscriber: int
    email: str
    attempt: str
    transport: str
    # The server and port, or '' if the transport has none.
    host: str
    started_at: datetime
    last_reply: str
    detail: str


@dataclass(frozen=True, slots=True)
class EditionStatus:
    """An edition's counts, unknown batches, and recipients without the email: by name, or in groups."""

    counts: Counts
    unknown: list[UnknownBatch]
    unreached: list[Unreached] = field(default_factory=list)
    groups: list[UnreachedGroup] = field(default_factory=list)


class StatusReader:
    """Reads statuses, with orphans as `policy` resolves them."""

    def __init__(self, database: Database, policy: RecoveryPolicy) -> None:
        self.database = database
        self.policy = policy

    def read(self, edition: str, now: datetime, *, limit: int | None = None) -> EditionStatus:
        """Return the status of an edition with the names of those without the email, also of those who wait.

        `limit` is as in `find_unreached`.
        """
        with self._connection(edition, now) as (connection, orphans):
            return EditionStatus(
                count_recipients(connection, edition, orphans),
                _unknown_batches(connection, edition, orphans),
                list(_find_unreached(connection, edition, limit, waiting=True, orphans=orphans)),
            )

    def read_groups(self, edition: str, now: datetime) -> EditionStatus:
        """Return the status of an edition with groups of those without the email, except those who wait."""
        with self._connection(edition, now) as (connection, orphans):
            return EditionStatus(
                count_recipients(connection, edition, orphans),
                _unknown_batches(connection, edition, orphans),
                groups=group_unreached(_find_unreached(connection, edition, waiting=False, orphans=orphans)),
            )

    def counts(self, edition: str, now: datetime) -> Counts:
        """Return `EditionStatus.counts` alone, without a row per recipient: `frozen` is the sum of the batches."""
        with self._connection(edition, now) as (connection, orphans):
            return count_recipients(connection, edition, orphans, by_row=False)

    @contextmanager
    def _connection(self, edition: str, now: datetime) -> Iterator[tuple[Connection, Mapping[int, Orphan]]]:
        """Yield one snapshot of the store, with the edition's orphans in it."""
        runs = dead_runs(self.database)
        with self.database.read() as connection:
            yield connection, find_orphans(connection, runs, self.policy, now, edition)

    def orphans(self, now: datetime) -> Mapping[int, Orphan]:
        """Return the orphans of all editions, by batch."""
        runs = dead_runs(self.database)
        with self.database.read() as connection:
            return find_orphans(connection, runs, self.policy, now)


def counts(database: Database, edition: str, *, by_row: bool = True) -> Counts:
    """Count the recipients of an edition. `by_row` is as in `count_recipients`."""
    with database.read() as connection:
        return count_recipients(connection, edition, by_row=by_row)


def pending(database: Database, edition: str) -> int:
    """Return `Counts.pending` alone, read without a row per recipient."""
    waiting = batch.c.state.in_((BatchState.PENDING, BatchState.SUBMITTING))
    found = select(func.coalesce(func.sum(batch.c.size), 0)).where(batch.c.edition == edition, waiting)
    return int(database.query(found).scalar_one())


def next_due(database: Database, edition: str) -> datetime | None:
    """Return when the first pending batch is due."""
    due = select(batch.c.due_at).where(batch.c.edition == edition, batch.c.state == BatchState.PENDING)
    return database.query(due.order_by(batch.c.due_at).limit(1)).scalar()


def went_by_hours(database: Database, edition: str, midnight: datetime) -> bool:
    """Whether any batch is due at an hour of the day.

    Batches that were to be sent at once are due at midnight or before.
    """
    later = select(batch.c.id).where(batch.c.edition == edition, batch.c.due_at > midnight)
    return database.query(later.limit(1)).first() is not None


def find_unreached(
    database: Database, edition: str, limit: int | None = None, *, waiting: bool = True
) -> Iterator[Unreached]:
    """Yield recipients without the email in the order of the list. Without `waiting`, pending ones are left out."""
    with database.read() as connection:
        yield from _find_unreached(connection, edition, limit, waiting=waiting)


def group_unreached(rows: Iterable[Unreached]) -> list[UnreachedGroup]:
    """Group them by state and reason: unknown ones first, then rejected and excluded ones, large groups first."""
    # Hiding addresses takes longer than the rest, and most reasons are the same.
    plain: dict[str, str] = {}
    numbers: dict[tuple[str, str], int] = defaultdict(int)
    first: dict[tuple[str, str], list[Unreached]] = defaultdict(list)
    for row in rows:
        if row.reason not in plain:
            plain[row.reason] = hide_addresses(row.reason)
        key = (row.state, plain[row.reason])
        numbers[key] += 1
        if numbers[key] <= _NAMED:
            first[key].append(row)
    groups = []
    for (state, reason), number in numbers.items():
        some = first[state, reason][: _NAMED if number <= _NAMED else _EXAMPLES]
        # The reason of one recipient may name its address.
        why = some[0].reason if number == 1 else reason
        groups.append(UnreachedGroup(state, why, number, tuple(row.email for row in some)))
    return sorted(groups, key=lambda group: (_ORDER.index(group.state), -group.recipients))


def unknown_batches(database: Database, edition: str) -> list[UnknownBatch]:
    with database.read() as connection:
        return _unknown_batches(connection, edition)


def unknown_recipients(database: Database, unknown: Iterable[UnknownBatch]) -> list[UnknownRecipient]:
    """Return the recipients of these batches, in the order of the batches and of the list."""
    found = []
    with database.read() as connection:
        for each in unknown:
            row = connection.execute(select(attempt).where(attempt.c.id == each.attempt)).one()
            for id, email in batch_recipients(connection, each.batch):
                began = row.current_at if id == row.current_recipient and row.current_at else row.started_at
                what = (row.id, row.transport, row.host, began, row.last_reply, row.detail)
                found.append(UnknownRecipient(each.batch, id, email, *what))
    return found


def unsendable_batches(database: Database, edition: str, transports: Collection[str]) -> list[UnknownBatch]:
    """Return pending batches that only a transport other than these may retry, each with its latest retryable
    attempt.
    """
    waiting = (
        select(batch.c.id.label("number"), batch.c.size, attempt)
        .join(attempt, attempt.c.batch == batch.c.id)
        .where(batch.c.edition == edition, batch.c.state == BatchState.PENDING, batch.c.size > 0)
        .where(attempt.c.state == AttemptState.RETRYABLE, attempt.c.transport.not_in(list(transports)))
        .order_by(batch.c.id, attempt.c.started_at)
    )
    rows = database.query(waiting).all()
    found = {row.number: _unknown_batch(row.number, row.size, row) for row in rows}
    return list(found.values())


def count_recipients(
    connection: Connection, edition: str, orphans: Mapping[int, Orphan] = _NO_ORPHANS, *, by_row: bool = True
) -> Counts:
    """Count an edition's recipients. With `by_row`, `frozen` is counted apart from the rest, so a lost one shows."""
    frozen, outcomes = _deliveries(connection, edition, by_row=by_row)
    sizes = sizes_by_state(connection, [edition])[edition]
    counted = recipient_counts(sizes, outcomes)
    accepted = sum(len(orphan.accepted) for orphan in orphans.values()) + _sent_in_flight(connection, edition, orphans)
    unknown = sum(len(orphan.unknown) for orphan in orphans.values())
    submitting = sizes.get(BatchState.SUBMITTING, 0) - accepted - unknown
    of = batch.c
    batches, variants = connection.execute(
        select(
            func.count(case((of.state != BatchState.EMPTY, of.id))),
            func.count(case((of.size > 0, of.variant)).distinct()),
        ).where(of.edition == edition)
    ).one()
    return fill(
        Counts,
        counted,
        frozen=counted.frozen if frozen is None else frozen,
        accepted=counted.accepted + accepted,
        pending=counted.pending - accepted - unknown,
        unknown=counted.unknown + unknown,
        batches=batches,
        variants=variants,
        in_flight=submitting - _not_mailed(connection, orphans),
    )


def _not_mailed(connection: Connection, orphans: Mapping[int, Orphan]) -> int:
    """Return the recipients of orphans that were not mailed."""
    if not orphans:
        return 0
    sizes = select(func.coalesce(func.sum(batch.c.size), 0)).where(batch.c.id.in_(list(orphans)))
    mailed = sum(len(each.accepted) + len(each.unknown) for each in orphans.values())
    return int(connection.execute(sizes).scalar_one()) - mailed


def _sent_in_flight(connection: Connection, edition: str, orphans: Mapping[int, Orphan]) -> int:
    """Return the recipients who already have the email in batches that a live run sends one by one.

    Emails go out in the order of the ids. Rejected and deferred recipients are no longer in the batch.
    """
    rows = (
        select(func.count())
        .select_from(attempt)
        .join(batch, batch.c.id == attempt.c.batch)
        .join(delivery, and_(delivery.c.batch == batch.c.id, delivery.c.outcome.is_(None)))
        # Of the delivery too, because PostgreSQL would plan for all partitions.
        .where(batch.c.edition == edition, delivery.c.edition == edition)
        .where(batch.c.state == BatchState.SUBMITTING, batch.c.id.not_in(list(orphans)))
        .where(attempt.c.state == AttemptState.SUBMITTING, delivery.c.subscriber < attempt.c.current_recipient)
    )
    return int(connection.execute(rows).scalar_one())


def _deliveries(connection: Connection, edition: str, *, by_row: bool) -> tuple[int | None, Mapping[str, int]]:
    """Return the number of deliveries, None unless it is stored or `by_row`, and outcome → number of deliveries."""
    folded = folded_counts(connection, edition)
    if folded is not None:
        return folded[FROZEN], folded
    rows = select(func.count()).select_from(delivery).where(delivery.c.edition == edition)
    frozen = connection.execute(rows).scalar_one() if by_row else None
    return frozen, outcomes_by_edition(connection, [edition])[edition]


def _find_unreached(
    connection: Connection,
    edition: str,
    limit: int | None = None,
    *,
    waiting: bool,
    orphans: Mapping[int, Orphan] = _NO_ORPHANS,
) -> Iterator[Unreached]:
    open_ = (BatchState.PENDING, BatchState.SUBMITTING, BatchState.UNKNOWN)
    states = open_ if waiting else (BatchState.UNKNOWN,)
    # `_with_states` skips some recipients of orphans. They must not count against the limit.
    sizes = select(func.coalesce(func.sum(batch.c.size), 0)).where(batch.c.id.in_(list(orphans)))
    hidden = connection.execute(sizes).scalar_one() if orphans and limit is not None else 0
    rows = (
        select(delivery.c.outcome, delivery.c.reason, delivery.c.batch)
        .add_columns(subscriber.c.id, subscriber.c.email, batch.c.state)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber)
        .outerjoin(batch, batch.c.id == delivery.c.batch)
        .where(delivery.c.edition == edition)
        .where(or_(delivery.c.outcome.is_not(None), batch.c.state.in_(states), batch.c.id.in_(list(orphans))))
        .order_by(delivery.c.subscriber)
        .limit(None if limit is None else limit + hidden)
    )
    reasons = _batch_reasons(connection, edition) | {number: orphan.reason for number, orphan in orphans.items()}
    yield from islice(_with_states(connection.execute(rows), reasons, orphans, waiting=waiting), limit)


def _with_states(
    rows: Iterable[Any], reasons: Mapping[int, str], orphans: Mapping[int, Orphan], *, waiting: bool
) -> Iterator[Unreached]:
    for row in rows:
        state = row.outcome or (BatchState.UNKNOWN if row.state == BatchState.UNKNOWN else BatchState.PENDING)
        if row.batch in orphans and not row.outcome:
            state = orphans[row.batch].state_of(row.id)
            if state == BatchState.ACCEPTED or (state == BatchState.PENDING and not waiting):
                continue
        # An earlier answer of a server does not explain an attempt that is unknown.
        earlier, last = row.reason, reasons.get(row.batch, "")
        yield Unreached(row.email, state, (last or earlier if state == BatchState.UNKNOWN else earlier or last) or "")


def _batch_reasons(connection: Connection, edition: str) -> dict[int, str]:
    """Return the detail of each batch's last attempt.

    A batch without attempts has the detail of the batch it was split off.
    """
    parents = dict(connection.execute(select(batch.c.id, batch.c.parent).where(batch.c.edition == edition)).all())
    tried = (
        select(attempt.c.batch, attempt.c.detail)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == edition)
        .order_by(attempt.c.started_at, attempt.c.id)
    )
    details: dict[int, str] = dict(connection.execute(tried).all())
    reasons = {}
    for number in parents:
        source: int | None = number
        while source is not None and source not in details:
            source = parents.get(source)
        reasons[number] = details[source] if source is not None else ""
    return reasons


def _unknown_batches(
    connection: Connection, edition: str, orphans: Mapping[int, Orphan] = _NO_ORPHANS
) -> list[UnknownBatch]:
    unknown = (
        select(batch.c.id, batch.c.size, batch.c.parent)
        .where(batch.c.edition == edition, batch.c.state == BatchState.UNKNOWN)
        .order_by(batch.c.id)
    )
    found = []
    for row in connection.execute(unknown).all():
        of_batch = attempt.c.batch == row.id
        open_ = attempt.c.state.in_((AttemptState.UNKNOWN, AttemptState.CANCELLING))
        tried = connection.execute(
            select(attempt)
            .where(or_(of_batch, attempt.c.batch == row.parent))
            # A provider's log can show real attempts, but not the `restored` mark. Of the parent's attempts, the one
            # that split it left this batch unknown.
            .order_by(
                and_(of_batch, open_).desc(),
                and_(of_batch, attempt.c.state == AttemptState.RESTORED).desc(),
                (attempt.c.state == AttemptState.PER_RECIPIENT).desc(),
                attempt.c.started_at.desc(),
            )
            .limit(1)
        ).one()
        found.append(_unknown_batch(row.id, row.size, tried))
    for orphan in orphans.values():
        if orphan.unknown:
            found.append(fill(UnknownBatch, orphan, recipients=len(orphan.unknown), detail=orphan.reason))
    return found


def _unknown_batch(number: int, recipients: int, row: Any) -> UnknownBatch:
    """Return an unknown batch from a row of `attempt`."""
    return UnknownBatch(number, recipients, row.id, row.transport, row.started_at, row.detail)
