"""Freezing: readers become delivery rows, rows get a batch each. One transaction; freezing twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, or_, select, update

from digest.store import batches
from digest.store.database import Database
from digest.store.schema import batch, delivery
from digest.store.schema import edition as editions


@dataclass(frozen=True, slots=True)
class Entry:
    """One reader in a freeze: into a batch of `variant` due at `due_at`, or `excluded` with its reason."""

    subscriber: int
    variant: str = ""
    due_at: datetime | None = None
    excluded: str = ""


def freeze(
    database: Database, edition: str, entries: Iterable[Entry], batch_size: int, *, now: datetime | None = None
) -> int:
    """Adds the readers that have no row yet, and brings back the excluded who are now due; cuts batches of one
    variant and one due time. Who has a place in a batch already keeps it. In the same transaction the edition becomes
    `sending` when somebody waits in a batch. Answers how many readers got a place now."""
    groups: dict[tuple[str, datetime], list[int]] = {}
    excluded: list[Entry] = []
    for entry in entries:
        if entry.excluded or entry.due_at is None:
            excluded.append(entry)
        else:
            groups.setdefault((entry.variant, entry.due_at), []).append(entry.subscriber)
    placed = 0
    with database.write() as connection:
        known = dict(
            connection.execute(
                select(delivery.c.subscriber, delivery.c.outcome).where(delivery.c.edition == edition)
            ).all()
        )
        for (variant, due_at), ids in sorted(groups.items(), key=lambda group: (group[0][1], group[0][0])):
            wanted = [id for id in ids if id not in known or known[id] == "excluded"]
            for start in range(0, len(wanted), batch_size):
                part = wanted[start : start + batch_size]
                number = batches.new_batch(connection, edition, variant, due_at, "pending", len(part))
                fresh = [id for id in part if id not in known]
                if fresh:
                    rows = [{"edition": edition, "subscriber": id, "batch": number} for id in fresh]
                    connection.execute(insert(delivery), rows)
                back = [id for id in part if id in known]
                batches.change(connection, edition, back, batch=number, outcome=None, reason=None)
                placed += len(part)
        for entry in excluded:
            if known.get(entry.subscriber) == "excluded":
                own = and_(delivery.c.edition == edition, delivery.c.subscriber == entry.subscriber)
                other = or_(delivery.c.reason.is_(None), delivery.c.reason != entry.excluded)
                connection.execute(update(delivery).where(own, other).values(reason=entry.excluded))
        parted = [e for e in excluded if e.subscriber not in known]
        if parted:
            rows = [
                {"edition": edition, "subscriber": e.subscriber, "outcome": "excluded", "reason": e.excluded}
                for e in parted
            ]
            connection.execute(insert(delivery), rows)
        _begin_sending(connection, edition, now, placed=bool(placed))
    return placed


def _begin_sending(connection: Connection, edition: str, now: datetime | None, *, placed: bool) -> None:
    mine = editions.c.key == edition
    if placed:
        connection.execute(update(editions).where(mine).values(frozen_at=now))
    connection.execute(
        update(editions).where(mine, editions.c.state.in_(("approved", "frozen"))).values(state="sending")
    )
    waiting = select(batch.c.id).where(batch.c.edition == edition, batch.c.state == "pending", batch.c.size > 0)
    connection.execute(
        update(editions).where(mine, editions.c.state == "done", waiting.exists()).values(state="sending")
    )
