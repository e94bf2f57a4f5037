"""Count the failures among an edition's first recipients. The automatic stop decides by these counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from digest.models import DeliveryOutcome
from digest.store.schema import IS_FAILURE, batch, delivery, delivery_event


@dataclass(frozen=True, slots=True)
class FirstRecipients:
    """Counts of recipients. Rejected recipients count as bounced."""

    recipients: int
    bounced: int
    complained: int


def first_recipients(connection: Connection, edition: str, first: int) -> FirstRecipients:
    """Count the failures among the first `first` recipients in the order of sending, rounded up to whole batches."""
    chosen: set[int] = set()
    recipients = rejected = 0
    for family in _families(connection, edition):
        if recipients >= first:
            break
        lost = _rejected(connection, edition, family)
        rejected += lost
        recipients += sum(family.values()) + lost
        chosen |= family.keys()
    event, place = delivery_event.c, delivery.c
    # The few failed recipients of the edition, with their batches.
    failures = (
        select(place.batch, event.kind, func.count())
        .join(delivery, and_(place.edition == event.edition, place.subscriber == event.subscriber))
        .where(event.edition == edition, IS_FAILURE, event.kind.in_(("bounced", "complained")))
        .group_by(place.batch, event.kind)
    )
    counts = {"bounced": rejected, "complained": 0}
    for number, kind, count in connection.execute(failures):
        if number in chosen:
            counts[kind] += count
    return FirstRecipients(recipients, **counts)


def _rejected(connection: Connection, edition: str, numbers: Collection[int]) -> int:
    """The recipients that were rejected out of these batches."""
    of = delivery.c
    own = and_(of.edition == edition, of.batch.in_(list(numbers)), of.outcome == DeliveryOutcome.REJECTED)
    return int(connection.execute(select(func.count()).select_from(delivery).where(own)).scalar_one())


def _families(connection: Connection, edition: str) -> list[dict[int, int]]:
    """Each enqueued batch with all batches that were split off it, and its recipients, in the order of claims."""
    of = batch.c
    rows = connection.execute(select(of.id, of.parent, of.size, of.due_at).where(of.edition == edition).order_by(of.id))
    roots: dict[int, int] = {}
    families: dict[int, dict[int, int]] = {}
    due: dict[int, datetime] = {}
    for row in rows:
        # A batch is older than those split off it.
        root = roots[row.id] = row.id if row.parent is None else roots[row.parent]
        families.setdefault(root, {})[row.id] = row.size
        due.setdefault(root, row.due_at)
    return [families[root] for root in sorted(families, key=lambda root: (due[root], root))]
