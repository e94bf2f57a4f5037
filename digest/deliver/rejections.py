"""Watch the rejections of a run, so that it can pause when there are too many."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Asking reads the ledger, so it is done after so many more rejections: five, or a tenth of those so far.
_STEP, _GROWTH = 5, 1.1


class RejectionWatch:
    """Asks every few rejections whether the edition is to pause. Threads may share it.

    `ask` pauses the edition if so, and returns the reason; None to go on.
    """

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self.reason: str | None = None
        self._ask = ask
        self._lock = threading.Lock()
        self._counted = 0
        self._next = _STEP

    @property
    def paused(self) -> bool:
        """Whether the run is to end."""
        return self.reason is not None

    def count(self, recipients: int) -> None:
        """Count rejected recipients, which the ledger has already."""
        with self._lock:
            self._counted += recipients
            is_turn = self._counted >= self._next
            if is_turn:
                self._next = max(self._counted + _STEP, int(self._counted * _GROWTH))
        if is_turn and not self.paused:
            self.reason = self._ask()
