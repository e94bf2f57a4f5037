"""The interfaces of delivery feedback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from digest.feedback.events import DeliveryEvent, Event


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """An attempt in the ledger."""

    state: str
    # The batch that it submitted.
    batch: int


@dataclass(frozen=True, slots=True)
class KnownDelivery:
    """The store's data about the subscribers, editions and attempts that some events name."""

    # Comparable address → subscriber id.
    addresses: Mapping[str, int] = field(default_factory=dict)
    # (edition, subscriber id) → batch, for recipients enqueued here.
    deliveries: Mapping[tuple[str, int], int | None] = field(default_factory=dict)
    # (edition, subscriber id, kind) of events that are recorded.
    recorded: frozenset[tuple[str, int, str]] = frozenset()
    attempts: Mapping[str, AttemptRef] = field(default_factory=dict)


class FeedbackLog(Protocol):
    """The recorded events of each delivery. Every call is one transaction and can be repeated."""

    def known(self, events: Sequence[Event]) -> KnownDelivery: ...

    def record(self, events: Iterable[DeliveryEvent]) -> None:
        """Record the first event of each kind for each delivery."""
        ...

    def blocked(self, subscribers: Iterable[int]) -> Mapping[int, Sequence[datetime | None]]:
        """Return when each subscriber's latest emails were blocked, newest first, with None for emails that were not.

        Includes only subscribers with enough blocks to reach the limit.
        """
        ...


class AttemptLedger(Protocol):
    """The record of every recipient and outcome."""

    def confirm_accepted(self, attempt: str) -> bool:
        """Record that the provider accepted an open attempt, because an event names it. False if that was known."""
        ...


class Suppressions(Protocol):
    """The suppression list."""

    def suppress(self, address: str, reason: str, *, now: datetime, detail: str = "") -> bool: ...
