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
            of, what = delivery.c, delivery.c.outcome
        else:
            of, what = delivery_event.c, delivery_event.c.kind
        rows = select(*columns, what.label("what"), of.reason).join(subscriber, subscriber.c.id == of.subscriber)
        with self.database.read() as connection:
            page = rows.where(of.edition == edition, what == kind, of.subscriber > after)
            page = page.order_by(of.subscriber).limit(most + 1)
            found = [Missed(row.id, row.email, row.what, row.reason or "") for row in connection.execute(page)]
        return found[:most], (found[most - 1].id if len(found) > most else None)
