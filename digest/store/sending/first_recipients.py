"""How the first recipients of an edition fared: the automatic stop judges an edition by them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from digest.models import DeliveryOutcome
from digest.store.schema import IS_FAILURE, batch, delivery, delivery_event


@dataclass(frozen=True, slots=True)
class FirstRecipients:
    """Counts of recipients. Those who were rejected count as bounced."""

    recipients: int
    bounced: int
    complained: int


def first_recipients(connection: Connection, edition: str, first: int) -> FirstRecipients:
    """Count the failures among the first `first` recipients in the order of sending, rounded up to whole batches."""
    rejected = _rejected(connection, edition)
    chosen: set[int] = set()
    recipients = 0
    for family in _families(connection, edition, rejected):
        if recipients >= first:
            break
        chosen |= family.keys()
        recipients += sum(family.values())
    bounced = sum(count for number, count in rejected.items() if number in chosen)
    event, place = delivery_event.c, delivery.c
    # The few failed recipients of the edition, with their batches.
    failures = (
        select(place.batch, event.kind, func.count())
        .join(delivery, and_(place.edition == event.edition, place.subscriber == event.subscriber))
        .where(event.edition == edition, IS_FAILURE, event.kind.in_(("bounced", "complained")))
        .group_by(place.batch, event.kind)
    )
    counts = {"bounced": bounced, "complained": 0}
    for number, kind, count in connection.execute(failures):
        if number in chosen:
            counts[kind] += count
    return FirstRecipients(recipients, **counts)


def _rejected(connection: Connection, edition: str) -> dict[int | None, int]:
    """Batch → recipients that were rejected out of it."""
    own = and_(delivery.c.edition == edition, delivery.c.outcome == DeliveryOutcome.REJECTED)
    rows = select(delivery.c.batch, func.count()).where(own).group_by(delivery.c.batch)
    return dict(connection.execute(rows).all())


def _families(connection: Connection, edition: str, rejected: dict[int | None, int]) -> list[dict[int, int]]:
    """Each batch as it was enqueued, in the order of claims: it, and those split off it, with their recipients."""
    rows = select(batch.c.id, batch.c.parent, batch.c.size).where(batch.c.edition == edition)
    roots: dict[int, int] = {}
    families: dict[int, dict[int, int]] = defaultdict(dict)
    # A batch is older than those split off it, but may be due at the same time.
    by_id = {row.id: row for row in connection.execute(rows.order_by(batch.c.id))}
    for number, row in by_id.items():
        roots[number] = roots.get(row.parent, row.parent) if row.parent is not None else number
        families[roots[number]][number] = row.size + rejected.get(number, 0)
    due = select(batch.c.id).where(batch.c.edition == edition, batch.c.parent.is_(None))
    return [families[number] for number in connection.execute(due.order_by(batch.c.due_at, batch.c.id)).scalars()]
