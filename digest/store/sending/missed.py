"""Who did not get an edition."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from digest.models import DeliveryOutcome
from digest.store.database import Database
from digest.store.schema import delivery, delivery_event, subscriber


@dataclass(frozen=True, slots=True)
class Missed:
    """A person who did not get an edition: excluded or rejected before, or bounced, blocked or dropped after."""

    id: int
    email: str
    what: str
    reason: str


class MissedRecipients:
    def __init__(self, database: Database) -> None:
        self.database = database

    def page(self, edition: str, kind: str, *, most: int, after: int = 0) -> tuple[list[Missed], int | None]:
        """Return the people of one kind in the order of their numbers, and the last number if there are more."""
        columns = (subscriber.c.id, subscriber.c.email)
        if kind in list(DeliveryOutcome):
            of = delivery.c
            rows = select(*columns, of.outcome.label("what"), of.reason).join(
                subscriber, subscriber.c.id == of.subscriber
            )
            rows = rows.where(of.edition == edition, of.outcome == kind, of.outcome.is_not(None))
        else:
            at = delivery_event.c
            rows = select(*columns, at.kind.label("what"), at.reason).join(subscriber, subscriber.c.id == at.subscriber)
            rows = rows.where(at.edition == edition, at.kind == kind)
        with self.database.read() as connection:
            page = rows.where(subscriber.c.id > after).order_by(subscriber.c.id).limit(most + 1)
            found = [Missed(row.id, row.email, row.what, row.reason or "") for row in connection.execute(page)]
        return found[:most], (found[most - 1].id if len(found) > most else None)
