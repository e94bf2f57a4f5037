"""Record that an edition reached a state: an event for webhooks, and an audit row unless a person did it."""

from __future__ import annotations

from sqlalchemy import Connection

from digest.models import Actor, EditionState
from digest.store import outbox
from digest.store.desk import audit

_EVENTS = {
    EditionState.APPROVED: "edition.approved",
    EditionState.SENDING: "edition.sending",
    EditionState.DONE: "edition.sent",
    EditionState.PAUSED: "edition.paused",
    EditionState.CANCELLED: "edition.cancelled",
    EditionState.SKIPPED: "edition.skipped",
    EditionState.EXPIRED: "edition.expired",
}
# A person's decision is in the log with their name already.
_BY_ITSELF = {
    EditionState.SENDING: "sending began",
    EditionState.DONE: "sent",
    EditionState.SKIPPED: "skipped",
    EditionState.EXPIRED: "expired",
}
_ITSELF = Actor("digest", "schedule")


def edition_reached(connection: Connection, key: str, state: EditionState) -> None:
    """Record that an edition reached a state, in the transaction that brings it there."""
    now = outbox.clock_of(connection)
    if (type := _EVENTS.get(state)) is not None:
        outbox.add(connection, type, {"edition": key}, now)
    if (what := _BY_ITSELF.get(state)) is not None:
        audit.add(connection, _ITSELF, what, key, now=now)


def edition_composed(connection: Connection, key: str, stories: int) -> None:
    """Record that an edition was composed for the first time."""
    now = outbox.clock_of(connection)
    outbox.add(connection, "edition.composed", {"edition": key, "stories": stories}, now)
    audit.add(connection, _ITSELF, "composed", key, f"{stories} stories", now=now)
