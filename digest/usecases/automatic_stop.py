"""Pause an edition automatically when too many of its first recipients bounce or complain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.models import EditionState
from digest.store.sending.overview import STOPPED, first_recipients

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database

# Fewer failures are not significant, whatever their rate in a short list.
MIN_BOUNCES, MIN_COMPLAINTS = 5, 3


@dataclass(frozen=True)
class AutomaticStop:
    """Pauses editions. `bounces` and `complaints` are percent of the first `first` recipients; 0 switches one off."""

    database: Database
    editions: EditionStore
    first: int
    bounces: float
    complaints: float
    now: Callable[[], datetime]

    def check(self, key: str) -> str | None:
        """Pause the edition if a limit is reached, and return the reason.

        An edition is paused at most once, because resuming it is a person's decision.
        """
        if not self.first:
            return None
        with self.database.read() as connection:
            found = first_recipients(connection, key, self.first)
        for count, percent, least, what in (
            (found.bounced, self.bounces, MIN_BOUNCES, "bounced or were rejected"),
            (found.complained, self.complaints, MIN_COMPLAINTS, "complained"),
        ):
            if percent and count >= max(least, math.ceil(percent * found.recipients / 100)):
                reason = f"{count} of the first {found.recipients} recipients {what} (delivery.stop_on)"
                return reason if self._pause(key, reason) else None
        return None

    def _pause(self, key: str, reason: str) -> bool:
        if any(each.what == STOPPED for each in self.editions.decisions(key)):
            return False
        # The next `EditionStopper.resume_cancellations` cancels scheduled emails.
        if not self.editions.move(key, EditionState.PAUSED, out_of=(EditionState.SENDING,)):
            return False
        self.editions.record(key, STOPPED, reason, now=self.now())
        return True
