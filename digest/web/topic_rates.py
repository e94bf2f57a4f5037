"""How often each topic has news, so that nobody unknowingly chooses a topic that stays empty."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.store.content.editions import PublishedStore

DAYS = 30
"""The rate of a topic is that of the last 30 days."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`number` stories in each edition, or in each week; 0 if there was none in DAYS."""

    number: int
    per: str


@dataclass
class TopicRates:
    """Counts the stories of each section in the editions of the last days, again after each edition."""

    published: PublishedStore
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _counted: str | None = None
    _rates: dict[str, Rate] = field(default_factory=dict, repr=False)

    def of(self, newest: str | None, now: datetime) -> Mapping[str, Rate] | None:
        """Return the rates by section; None before the first edition. `newest` is the key of the newest edition."""
        if newest is None:
            return None
        with self._lock:
            if self._counted != newest:
                self._rates = count_rates(self.published.stories_by_section(now - timedelta(days=DAYS), now))
                self._counted = newest
            return self._rates


def count_rates(editions: list[dict[str, int]]) -> dict[str, Rate]:
    """Return the rates from the number of stories by section in each edition."""
    total: Counter[str] = Counter()
    for edition in editions:
        total.update(edition)
    return {section: _rate(number, len(editions)) for section, number in total.items() if number}


def _rate(stories: int, editions: int) -> Rate:
    if (each := stories / editions) >= 0.95:
        return Rate(round(each), "edition")
    weekly = round(stories * 7 / DAYS)
    return Rate(weekly, "week") if weekly else Rate(1, "month")
