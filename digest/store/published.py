"""What readers may see of editions: which were sent, and which letter a reader has. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select

from digest.models import DeliveryOutcome, EditionState
from digest.store.database import Database
from digest.store.schema import batch, delivery, edition

_SENT = (EditionState.SENDING, EditionState.DONE)


@dataclass(frozen=True, slots=True)
class Published:
    """An edition that went to readers."""

    key: str
    day: date
    number: int
    subject: str
    preheader: str
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands in an edition: the variant of their batch and its state; '' when excluded."""

    variant: str
    state: str


class PublishedStore:
    """Sent editions over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def newest(self, most: int, now: datetime) -> list[Published]:
        with self.database.read() as connection:
            return [Published(*row) for row in connection.execute(_editions(now).limit(most))]

    def get(self, key: str, now: datetime) -> Published | None:
        with self.database.read() as connection:
            row = connection.execute(_editions(now).where(edition.c.key == key)).one_or_none()
        return Published(*row) if row else None

    def place(self, key: str, reader: int) -> Place | None:
        mine = (delivery.c.edition == key) & (delivery.c.subscriber == reader)
        asked = select(batch.c.variant, batch.c.state, delivery.c.outcome).select_from(delivery)
        with self.database.read() as connection:
            row = connection.execute(asked.outerjoin(batch, batch.c.id == delivery.c.batch).where(mine)).one_or_none()
        if row is None:
            return None
        return (
            Place("", "")
            if row.variant is None or row.outcome == DeliveryOutcome.EXCLUDED
            else Place(row.variant, row.state)
        )


def _editions(now: datetime) -> Select[Any]:
    """Those whose hour has come for somebody: a provider may hold one for later."""
    columns = [edition.c[name] for name in Published.__slots__]
    sent = edition.c.state.in_(_SENT) & edition.c.frozen_at.is_not(None)
    begun = select(batch.c.id).where(batch.c.edition == edition.c.key, batch.c.due_at <= now).exists()
    return select(*columns).where(sent, begun).order_by(edition.c.day.desc(), edition.c.frozen_at.desc())
