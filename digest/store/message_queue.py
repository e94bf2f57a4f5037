"""A table of messages to receivers: claim, retry after growing pauses, give up, prune.

A process claims a message before it sends it, so two processes do not send it twice. If one dies in between, the
message is sent again later, with the same id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, delete, select, update

from digest.store.database import Database

# After this time another process may send the message. It is longer than any attempt takes.
CLAIMED_FOR = timedelta(minutes=5)
# Delay after each failed attempt; after the last one the message is given up.
RETRIES = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 7200, 18000, 36000))
# How long messages are kept. Those of a receiver that is no longer in the settings are never sent.
_KEPT = timedelta(days=30)
# The most messages that are claimed at once.
_MOST = 200


class MessageQueue:
    """The messages of a table with a row per message and receiver; `receiver` is that column."""

    def __init__(self, database: Database, table: Table, receiver: Column[str]) -> None:
        self.database = database
        self.table = table
        self.receiver = receiver

    def claim(self, receiver: str, now: datetime) -> Sequence[Row[Any]]:
        """Claim the messages that are due, oldest first. No other process gets them for `CLAIMED_FOR`."""
        of = self.table.c
        waits = (self.receiver == receiver) & of.ended_at.is_(None)
        rows = select(self.table).where(waits, of.not_before <= now).order_by(of.created_at, of.id).limit(_MOST)
        # Reads first, because this runs often and there is rarely anything to send.
        due = self.database.query(rows).all()
        if not due:
            return []
        with self.database.write() as connection:
            return [
                row
                for row in due
                if connection.execute(
                    update(self.table)
                    .where(waits, of.id == row.id, of.tries == row.tries)
                    .values(tries=row.tries + 1, not_before=now + CLAIMED_FOR)
                ).rowcount
            ]

    def sent(self, receiver: str, ids: Collection[str], now: datetime) -> None:
        these = self.table.c.id.in_(list(ids)) & (self.receiver == receiver)
        self.database.change(update(self.table).where(these).values(ended_at=now, error=""))

    def failed(
        self, receiver: str, id: str, reason: str, now: datetime, *, after: float | None = None, permanent: bool = False
    ) -> bool:
        """Record a failed attempt and the time of the next one; `after` is in seconds.

        False if the message is given up.
        """
        this_message: ColumnElement[bool] = (self.table.c.id == id) & (self.receiver == receiver)
        with self.database.write() as connection:
            tries = connection.execute(select(self.table.c.tries).where(this_message)).scalar_one()
            if permanent or tries > len(RETRIES):
                connection.execute(update(self.table).where(this_message).values(ended_at=now, error=reason))
                return False
            pause = max(RETRIES[tries - 1], timedelta(seconds=after or 0))
            connection.execute(update(self.table).where(this_message).values(not_before=now + pause, error=reason))
        return True

    def prune(self, now: datetime) -> None:
        """Delete old messages."""
        old = self.table.c.created_at < now - _KEPT
        if self.database.query(select(self.table.c.id).where(old).limit(1)).first() is not None:
            self.database.change(delete(self.table).where(old))
