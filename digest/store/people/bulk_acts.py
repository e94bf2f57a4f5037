"""The people of one act for several subscribers. It and what it stored about each of them have the same time."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from digest.feedback.rules import UNSUBSCRIBED
from digest.store.database import Database
from digest.store.desk.audit import ActKind
from digest.store.schema import audit, consent, subscriber, suppression
from digest.store.statements import chunks

ACTS = (
    ActKind.MANY_CHANGED,
    ActKind.MANY_PAUSED,
    ActKind.MANY_PAUSES_ENDED,
    ActKind.MANY_SUPPRESSED,
    ActKind.MANY_LIFTED,
)
"""The acts of the log for several subscribers."""

FREQUENCY, TO = "frequency: ", " → "
"""What an entry of the consent log on a frequency begins with, and what is between the earlier and the new one."""

is_stopped_together = suppression.c.at.in_(select(audit.c.at).where(audit.c.what == ActKind.MANY_SUPPRESSED))
"""The condition that an act for several suppressed an address, and nothing else did since."""

is_lifted_together = consent.c.at.in_(select(audit.c.at).where(audit.c.what == ActKind.MANY_LIFTED))
"""The condition that an act for several ended a suppression."""


class BulkActs:
    def __init__(self, database: Database) -> None:
        self.database = database

    def people_of(self, act: int) -> list[int]:
        """Return the numbers of the subscribers that an act changed, without erased ones. `act` is its number."""
        at = select(audit.c.at).where(audit.c.id == act, audit.c.what.in_(ACTS)).scalar_subquery()
        rows = select(subscriber.c.id).distinct().join(consent, consent.c.address == subscriber.c.address)
        return list(self.database.query(rows.where(consent.c.at == at).order_by(subscriber.c.id)).scalars())

    def stopped_together(self, addresses: Iterable[str]) -> set[str]:
        """Return the addresses that only an act for several stopped. Their people did not leave, bounce or complain."""
        found: set[str] = set()
        rows = select(suppression.c.address).where(suppression.c.reason == UNSUBSCRIBED, is_stopped_together)
        for part in chunks(addresses):
            found.update(self.database.query(rows.where(suppression.c.address.in_(part))).scalars())
        return found

    def earlier_frequencies(self, addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return address → the frequency before and after the newest act for several that changed it."""
        found: dict[str, tuple[str, str]] = {}
        together = consent.c.at.in_(select(audit.c.at).where(audit.c.what == ActKind.MANY_CHANGED))
        rows = select(consent.c.address, consent.c.detail).order_by(consent.c.at, consent.c.id)
        changes = rows.where(consent.c.detail.startswith(FREQUENCY), consent.c.detail.contains(TO), together)
        for part in chunks(addresses):
            for address, detail in self.database.query(changes.where(consent.c.address.in_(part))):
                before, _to, after = detail.removeprefix(FREQUENCY).partition(TO)
                found[address] = (before, after)
        return found
