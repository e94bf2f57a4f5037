"""The counts that remain of a folded edition, see `folding`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from digest.store.database import Database
from digest.store.schema import edition, edition_count

# Kinds of counts that are neither outcomes nor kinds of events: all deliveries; delivered emails that bounced later;
# recipients who unsubscribed before the next edition.
FROZEN, RETURNED, GONE = "frozen", "returned", "gone"


def folded_at(connection: Connection, key: str) -> datetime | None:
    """Return when the edition was folded; None if its recipients still have rows."""
    found: datetime | None = connection.execute(select(edition.c.folded_at).where(edition.c.key == key)).scalar()
    return found


def is_folded(database: Database, key: str) -> bool:
    with database.read() as connection:
        return folded_at(connection, key) is not None


def folded_counts(connection: Connection, key: str) -> Mapping[str, int] | None:
    """Return kind → recipients of a folded edition, 0 for other kinds; None if the edition is not folded.

    Kinds are outcomes, kinds of events, and those above.
    """
    if folded_at(connection, key) is None:
        return None
    return counts_by_edition(connection, [key]).get(key, Counter())


def counts_by_edition(connection: Connection, keys: Collection[str]) -> dict[str, Counter[str]]:
    """Like `folded_counts`, for several editions. Leaves out those that are not folded."""
    of = edition_count.c
    found: dict[str, Counter[str]] = {}
    rows = select(of.edition, of.kind, of.recipients).where(of.edition.in_(list(keys)))
    for key, kind, recipients in connection.execute(rows):
        found.setdefault(key, Counter())[kind] += recipients
    return found


def folded_reasons(connection: Connection, key: str, outcome: str) -> list[tuple[str, int]]:
    """Return the reasons of an outcome of a folded edition with their recipients, the most frequent first."""
    of = edition_count.c
    rows = select(of.reason, of.recipients).where(of.edition == key, of.kind == outcome)
    return [(row.reason, row.recipients) for row in connection.execute(rows.order_by(of.recipients.desc(), of.reason))]


def why_never_again(key: str) -> str:
    """Return the sentence that says why a folded edition is not sent."""
    return (
        f"Edition {key} is too old to be sent again: the store has only counts of its recipients, not who they were "
        "(store.keep.deliveries)."
    )
