"""Watch the rejections of a run, so that it can pause when there are too many."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Asking reads the ledger, so it is not done for every single rejection.
_EVERY = 5


class RejectionWatch:
    """Asks every few rejections whether the edition is to pause. Threads may share it.

    `ask` pauses the edition if so, and returns the reason; None to go on.
    """

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self.reason: str | None = None
        self._ask = ask
        self._lock = threading.Lock()
        self._counted = 0

    @property
    def paused(self) -> bool:
        """Whether the run is to end."""
        return self.reason is not None

    def count(self, recipients: int) -> None:
        """Count rejected recipients, which the ledger has already."""
        with self._lock:
            before, self._counted = self._counted, self._counted + recipients
            is_turn = before // _EVERY != self._counted // _EVERY
        if is_turn and not self.paused:
            self.reason = self._ask()
