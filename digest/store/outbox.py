"""Events for outgoing webhooks, written in the transaction of the act that they report.

Which endpoints there are is an option of the engine, so that whoever changes something need not know of webhooks. An
event names editions and subscribers by key and number: nothing personal waits here.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from digest.store.database import Database
from digest.store.schema import outgoing_webhook

_OPTION, _CLOCK = "outgoing_webhooks", "newsletter_clock"
# Longer than any try takes. Then another process may send the event.
_CLAIMED_FOR = timedelta(minutes=5)
# After the tries in their order; after the last one the event is given up.
RETRIES = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 7200, 18000, 36000))
_KEPT = timedelta(days=30)
# Events that one delivery takes.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver: `key` is a hash of its URL, which may hold a secret. No `events`: all of them."""

    key: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    id: str
    endpoint: str
    type: str
    content: Mapping[str, Any]
    created_at: datetime
    tries: int
    not_before: datetime
    ended_at: datetime | None
    error: str


def endpoint_key(url: str) -> str:
    """Return by which name the store knows an endpoint."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def set_endpoints(database: Database, endpoints: Sequence[Endpoint], clock: Callable[[], datetime]) -> None:
    """Say who gets events, and the time of those who know none. Without it nobody does, and none are stored."""
    database.engine.update_execution_options(**{_OPTION: tuple(endpoints), _CLOCK: clock})


def clock_of(connection: Connection) -> datetime:
    """The newsletter's time, for those who change something without being told it."""
    clock: Callable[[], datetime] = connection.get_execution_options().get(_CLOCK, _utc)
    return clock()


def _utc() -> datetime:
    return datetime.now(UTC)


def listeners(connection: Connection, type: str) -> list[Endpoint]:
    """Return who wants events of a type."""
    endpoints: Sequence[Endpoint] = connection.get_execution_options().get(_OPTION, ())
    return [each for each in endpoints if not each.events or type in each.events]


def add(connection: Connection, type: str, data: Mapping[str, Any], now: datetime) -> None:
    """Queue an event for those who want it, in the caller's transaction."""
    wanted = listeners(connection, type)
    if not wanted:
        return
    content = {"type": type, "timestamp": now.isoformat(), "data": dict(data)}
    same = {"id": secrets.token_hex(16), "type": type, "content": content, "created_at": now}
    same |= {"tries": 0, "not_before": now}
    connection.execute(insert(outgoing_webhook), [{**same, "endpoint": each.key} for each in wanted])


class OutboxStore:
    def __init__(self, database: Database) -> None:
        self.database = database

    def claim(self, endpoint: str, now: datetime) -> list[OutgoingEvent]:
        """Take the events that must be sent now, oldest first. Nobody else gets them for a while."""
        of = outgoing_webhook.c
        due = (of.endpoint == endpoint, of.ended_at.is_(None), of.not_before <= now)
        rows = select(outgoing_webhook).where(*due).order_by(of.created_at, of.id).limit(_MOST)
        # Reads first, because this runs often and there is rarely anything to send.
        with self.database.read() as connection:
            waiting = connection.execute(rows).all()
        if not waiting:
            return []
        with self.database.write() as connection:
            return [
                OutgoingEvent(**row._mapping)
                for row in waiting
                if connection.execute(
                    update(outgoing_webhook)
                    .where(of.id == row.id, of.endpoint == endpoint, of.tries == row.tries, of.ended_at.is_(None))
                    .values(tries=row.tries + 1, not_before=now + _CLAIMED_FOR)
                ).rowcount
            ]

    def sent(self, endpoint: str, ids: Collection[str], now: datetime) -> None:
        of = outgoing_webhook.c
        with self.database.write() as connection:
            own = of.id.in_(list(ids)) & (of.endpoint == endpoint)
            connection.execute(update(outgoing_webhook).where(own).values(ended_at=now, error=""))

    def failed(
        self, event: OutgoingEvent, reason: str, now: datetime, *, after: float | None = None, permanent: bool = False
    ) -> bool:
        """Record a failed try and when the next one is; `after` is in seconds. False if the event is given up."""
        of = outgoing_webhook.c
        own = (of.id == event.id) & (of.endpoint == event.endpoint)
        tries = event.tries + 1
        given_up = permanent or tries > len(RETRIES)
        pause = timedelta(0) if given_up else max(RETRIES[tries - 1], timedelta(seconds=after or 0))
        ended = now if given_up else None
        values = {"error": reason, "not_before": now + pause, "ended_at": ended}
        with self.database.write() as connection:
            connection.execute(update(outgoing_webhook).where(own).values(values))
        return not given_up

    def newest(self, most: int, *, failed: bool = False) -> list[OutgoingEvent]:
        """Return the newest events, or those of them whose last try failed."""
        rows = (
            select(outgoing_webhook).order_by(outgoing_webhook.c.created_at.desc(), outgoing_webhook.c.id).limit(most)
        )
        if failed:
            rows = rows.where(outgoing_webhook.c.error != "")
        with self.database.read() as connection:
            return [OutgoingEvent(**row._mapping) for row in connection.execute(rows)]

    def again(self, id: str, now: datetime) -> int:
        """Try an event again at once, also one that was given up. Returns for how many endpoints."""
        of = outgoing_webhook.c
        with self.database.write() as connection:
            own = (of.id == id) & (of.error != "")
            values = {"ended_at": None, "tries": 0, "not_before": now}
            return connection.execute(update(outgoing_webhook).where(own).values(values)).rowcount

    def prune(self, now: datetime) -> None:
        old = outgoing_webhook.c.created_at < now - _KEPT
        with self.database.read() as connection:
            if connection.execute(select(outgoing_webhook.c.id).where(old).limit(1)).first() is None:
                return
        with self.database.write() as connection:
            connection.execute(delete(outgoing_webhook).where(old))
