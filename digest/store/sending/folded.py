"""What is kept of a folded edition, see `folding`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from digest.store.database import Database
from digest.store.schema import edition, edition_count

# Kinds of counts that are neither outcomes nor kinds of events: all deliveries; delivered emails that bounced later;
# recipients who unsubscribed before the next edition.
FROZEN, RETURNED, GONE = "frozen", "returned", "gone"


def folded_at(connection: Connection, key: str) -> datetime | None:
    """Since when the recipients of the edition are only counted; None if each has a row."""
    found: datetime | None = connection.execute(select(edition.c.folded_at).where(edition.c.key == key)).scalar()
    return found


def is_folded(database: Database, key: str) -> bool:
    with database.read() as connection:
        return folded_at(connection, key) is not None


def folded_counts(connection: Connection, key: str) -> Mapping[str, int] | None:
    """Kind → recipients of a folded edition, 0 for other kinds; None if the edition is not folded.

    Kinds are outcomes, kinds of events, and those above.
    """
    if folded_at(connection, key) is None:
        return None
    of = edition_count.c
    found: Counter[str] = Counter()
    for kind, recipients in connection.execute(select(of.kind, of.recipients).where(of.edition == key)):
        found[kind] += recipients
    return found


def why_never_again(key: str) -> str:
    """Say why a folded edition is not sent."""
    return (
        f"Edition {key} is too old to be sent again: the store has only counts of its recipients, not who they were "
        "(store.keep.deliveries)."
    )
