"""Clocks that a test can set. They do not touch the system clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass
class StoppedClock:
    """Returns the same time until a test sets `now`."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Clock:
    """A clock of local servers, in epoch seconds. Follows real time until `set` stops it. `advance` moves it.

    `watchers` are called after every change, in the caller's thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fixed: float | None = None
        self._offset = 0.0
        self.watchers: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return the time in epoch seconds."""
        with self._lock:
            return time.time() + self._offset if self._fixed is None else self._fixed

    def set(self, moment: float) -> None:
        """Stop at this time."""
        with self._lock:
            self._fixed = float(moment)
        self._notify()

    def advance(self, seconds: float) -> None:
        """Move forward. A running clock keeps running."""
        with self._lock:
            if self._fixed is None:
                self._offset += seconds
            else:
                self._fixed += seconds
        self._notify()

    def _notify(self) -> None:
        for watcher in self.watchers:
            watcher()
