"""Events of email providers, and the interfaces that the stage needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


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


_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MAX_LENGTH = 300
_MAX_NUMBER = 2**63


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a provider. Fields that it does not name are None; `reason` may be empty."""

    # One of `rules.RULES`.
    kind: str
    at: datetime
    # In comparable form.
    address: str | None = None
    # The ids that we put into the email.
    subscriber: int | None = None
    edition: str | None = None
    attempt: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """An event of a delivery of ours, to be recorded with it."""

    edition: str
    subscriber: int
    # One of `rules.RULES`.
    kind: str
    at: datetime
    reason: str = ""


class InvalidPayload(ValueError):
    """A webhook's payload has no events that can be read. The message is one sentence."""


def positive(value: object) -> int | None:
    """Return a positive integer, given as a number or as digits; otherwise None."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and 0 < value < _MAX_NUMBER:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MAX_NUMBER else None


def safe_line(text: str) -> str:
    """Return foreign text as one line that is safe for tables, the store and the terminal."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8").strip()[:_MAX_LENGTH]
