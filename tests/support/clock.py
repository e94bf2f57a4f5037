"""A clock that a test may set. Owns the time that a local server believes in; touches no system clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """Epoch seconds. Runs with real time until `set` freezes it; `advance` moves either.

    `watchers` are called, in the caller's thread, after every change made by hand.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frozen: float | None = None
        self._offset = 0.0
        self.watchers: list[Callable[[], None]] = []

    def now(self) -> float:
        """The present moment in epoch seconds."""
        with self._lock:
            return time.time() + self._offset if self._frozen is None else self._frozen

    def set(self, moment: float) -> None:
        """Stand still at this moment."""
        with self._lock:
            self._frozen = float(moment)
        self._tell()

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds; a running clock goes on running."""
        with self._lock:
            if self._frozen is None:
                self._offset += seconds
            else:
                self._frozen += seconds
        self._tell()

    def _tell(self) -> None:
        for watcher in self.watchers:
            watcher()
