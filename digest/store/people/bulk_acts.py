"""The people of one act for several subscribers. It and their entries of the consent log have the same time."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from digest.feedback.rules import UNSUBSCRIBED
from digest.store.database import Database
from digest.store.desk.audit import ActKind
from digest.store.schema import audit, consent, subscriber
from digest.store.statements import chunks

ACTS = (
    ActKind.MANY_CHANGED,
    ActKind.MANY_PAUSED,
    ActKind.MANY_PAUSES_ENDED,
    ActKind.MANY_SUPPRESSED,
    ActKind.MANY_LIFTED,
)
"""The acts of the log for several subscribers."""


class BulkActs:
    def __init__(self, database: Database) -> None:
        self.database = database

    def people_of(self, act: int) -> list[int]:
        """Return the numbers of the subscribers whom the act with this number changed, without erased ones."""
        at = select(audit.c.at).where(audit.c.id == act, audit.c.what.in_(ACTS)).scalar_subquery()
        rows = select(subscriber.c.id).distinct().join(consent, consent.c.address == subscriber.c.address)
        return list(self.database.query(rows.where(consent.c.at == at).order_by(subscriber.c.id)).scalars())

    def stopped_together(self, addresses: Iterable[str]) -> set[str]:
        """Return those who were last stopped by an act for several, and neither one by one nor by themselves."""
        found: set[str] = set()
        stops = select(audit.c.at).where(audit.c.what == ActKind.MANY_SUPPRESSED)
        own = consent.c.what == UNSUBSCRIBED
        for part in chunks(addresses):
            newest = select(func.max(consent.c.id)).where(consent.c.address.in_(part), own).group_by(consent.c.address)
            rows = select(consent.c.address).where(consent.c.id.in_(newest), consent.c.at.in_(stops))
            found.update(self.database.query(rows).scalars())
        return found
