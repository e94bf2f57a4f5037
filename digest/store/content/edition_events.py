"""Record what happens to an edition: an event for webhooks, and an audit row with the person."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from digest.messages import Message
from digest.models import EditionState
from digest.store import outgoing_webhooks
from digest.store.desk import audit
from digest.store.desk.acting import actor
from digest.store.desk.audit import ActKind

_EVENTS = {
    EditionState.APPROVED: "edition.approved",
    EditionState.SENDING: "edition.sending",
    EditionState.DONE: "edition.sent",
    EditionState.PAUSED: "edition.paused",
    EditionState.CANCELLED: "edition.cancelled",
    EditionState.SKIPPED: "edition.skipped",
    EditionState.EXPIRED: "edition.expired",
}
# Decisions such as an approval are in the log already, with the revision and the reason.
_LOGGED: Mapping[EditionState, ActKind | EditionState] = {
    EditionState.SENDING: ActKind.SENDING_BEGAN,
    EditionState.DONE: ActKind.SENT,
    EditionState.SKIPPED: EditionState.SKIPPED,
    EditionState.EXPIRED: EditionState.EXPIRED,
}


def edition_reached(connection: Connection, key: str, state: EditionState) -> None:
    """Record that an edition reached a state, in the transaction that brings it there."""
    now = outgoing_webhooks.clock_of(connection)
    if (type := _EVENTS.get(state)) is not None:
        outgoing_webhooks.add(connection, type, {"edition": key}, now)
    if (what := _LOGGED.get(state)) is not None:
        audit.add(connection, actor(), what, key, now=now)


def edition_composed(connection: Connection, key: str, stories: int) -> None:
    """Record that an edition was composed for the first time."""
    now = outgoing_webhooks.clock_of(connection)
    outgoing_webhooks.add(connection, "edition.composed", {"edition": key, "stories": stories}, now)
    audit.add(connection, actor(), ActKind.COMPOSED, key, Message("%(num)s stories", num=stories), now=now)


def composed_again(connection: Connection, key: str) -> None:
    """Record that a draft was composed again and has other content."""
    audit.add(connection, actor(), ActKind.COMPOSED_AGAIN, key, now=outgoing_webhooks.clock_of(connection))
