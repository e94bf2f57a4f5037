"""What hearing needs from outside: a memory of what was said of letters, a ledger, the readers. Interfaces only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from digest.events.event import Event


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """An attempt as the ledger has it: its state, and the batch that it handed over."""

    state: str
    batch: int


@dataclass(frozen=True, slots=True)
class KnownDelivery:
    """What the store knows of the letters, readers and attempts that some events name."""

    addresses: Mapping[str, int] = field(default_factory=dict)
    """Comparable address → reader."""
    letters: Mapping[tuple[str, int], int | None] = field(default_factory=dict)
    """(edition, reader) of letters that were frozen here → their batch."""
    said: frozenset[tuple[str, int, str]] = frozenset()
    """(edition, reader, kind) of what was said before."""
    attempts: Mapping[str, AttemptRef] = field(default_factory=dict)


class Memory(Protocol):
    """Letters and what was said of them. Every call is one transaction; each may be repeated without harm."""

    def known(self, events: Sequence[Event]) -> KnownDelivery: ...

    def record(self, events: Iterable[Event]) -> None:
        """Keeps the first word of each kind about a letter."""
        ...

    def blocked(self, readers: Iterable[int]) -> Mapping[int, Sequence[datetime | None]]:
        """For each reader who might be worn, when their latest letters were blocked (None: that one was not), newest
        first."""
        ...


class Ledger(Protocol):
    def confirm_accepted(self, attempt: str) -> bool:
        """Notes that the provider took an open attempt, because an event names it. False when that was known."""
        ...


class Readers(Protocol):
    def suppress(self, address: str, reason: str, *, now: datetime, detail: str = "") -> bool: ...
