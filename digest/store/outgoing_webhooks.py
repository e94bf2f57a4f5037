"""Events for outgoing webhooks, written in the transaction of the act that they report.

The endpoints are an option of the engine, so that code which changes data need not know about webhooks. Events name
editions by key and subscribers by number, so they contain nothing personal.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from digest.store.database import Database
from digest.store.message_queue import MessageQueue
from digest.store.schema import outgoing_webhook

_OPTION, _CLOCK = "outgoing_webhooks", "newsletter_clock"


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
    """Return the store's name for an endpoint."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def set_endpoints(database: Database, endpoints: Sequence[Endpoint], clock: Callable[[], datetime]) -> None:
    """Set the endpoints that get events, and the clock for `clock_of`. Without endpoints no events are stored."""
    database.engine.update_execution_options(**{_OPTION: tuple(endpoints), _CLOCK: clock})


def clock_of(connection: Connection) -> datetime:
    """Return the newsletter's clock, for functions that are not given the time."""
    clock: Callable[[], datetime] = connection.get_execution_options().get(_CLOCK, _utc)
    return clock()


def _utc() -> datetime:
    return datetime.now(UTC)


def listeners(connection: Connection, type: str) -> list[Endpoint]:
    """Return who wants events of a type."""
    endpoints: Sequence[Endpoint] = connection.get_execution_options().get(_OPTION, ())
    return [each for each in endpoints if not each.events or type in each.events]


def add(connection: Connection, type: str, data: Mapping[str, Any], now: datetime) -> None:
    """Queue an event for every endpoint that wants it, in the caller's transaction."""
    wanted = listeners(connection, type)
    if not wanted:
        return
    content = {"type": type, "timestamp": now.isoformat(), "data": dict(data)}
    same = {"id": secrets.token_hex(16), "type": type, "content": content, "created_at": now}
    same |= {"tries": 0, "not_before": now}
    connection.execute(insert(outgoing_webhook), [{**same, "endpoint": each.key} for each in wanted])


class OutgoingWebhookStore(MessageQueue):
    """The queue of the events; an endpoint is a receiver."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, outgoing_webhook, outgoing_webhook.c.endpoint)

    def claim_events(self, endpoint: str, now: datetime) -> list[OutgoingEvent]:
        """Claim the events that are due, oldest first."""
        return [OutgoingEvent(**row._mapping) for row in self.claim(endpoint, now)]

    def newest(self, limit: int, *, failed: bool = False) -> list[OutgoingEvent]:
        """Return the newest events, optionally only those whose last attempt failed."""
        rows = (
            select(outgoing_webhook).order_by(outgoing_webhook.c.created_at.desc(), outgoing_webhook.c.id).limit(limit)
        )
        if failed:
            rows = rows.where(outgoing_webhook.c.error != "")
        return [OutgoingEvent(**row._mapping) for row in self.database.query(rows)]

    def again(self, id: str, now: datetime) -> int:
        """Make an event due at once, even if it was given up. Returns the number of endpoints."""
        this_failure = (outgoing_webhook.c.id == id) & (outgoing_webhook.c.error != "")
        again = update(outgoing_webhook).values(ended_at=None, tries=0, not_before=now)
        return self.database.change(again.where(this_failure))
