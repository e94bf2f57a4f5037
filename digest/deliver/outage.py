"""Wait for a store that is unavailable for a moment: its disk is full, or its server restarts.

Meanwhile the run's results stay in memory, and no new batch is submitted, because a claim must be durable before a byte
leaves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from digest.errors import StoreUnavailable
from digest.utils.heartbeat import beat

# How long a run waits for the store, in seconds.
_PATIENCE = 60.0
# The same after the run was asked to end. It is the time that calls to the provider get too.
_PATIENCE_ENDING = 20.0
# The same for an outage that begins after that. Service managers allow thirty seconds in all.
_PATIENCE_ENDED = 8.0
# Seconds between attempts.
_PAUSE = 0.5

T = TypeVar("T")


class Outages:
    """The outages of the store during one run. Its threads share them, so all give up at the same time."""

    def __init__(self, stop: threading.Event) -> None:
        # A sentence for the operator about each outage that ended.
        self.notes: list[str] = []
        self._stop = stop
        self._lock = threading.Lock()
        # Monotonic times. While `_since` is None the store works.
        self._since: float | None = None
        self._until = 0.0
        self._ending = False

    def wait_through(self, call: Callable[[], T], prepare: Callable[[], object] = lambda: None) -> T:
        """Return the result of `call`.

        While it raises StoreUnavailable, repeat it, each time after `prepare`. Raises StoreUnavailable if the store
        does not return in time. `call` must be repeatable, because a failed call may have been committed.
        """
        try:
            return call()
        except StoreUnavailable as error:
            failure = error
        while True:
            beat()
            self._wait(failure)
            try:
                prepare()
                result = call()
            except StoreUnavailable as error:
                failure = error
                continue
            self._end(failure)
            return result

    def _wait(self, failure: StoreUnavailable) -> None:
        """Wait until the next attempt. Raises StoreUnavailable if the time is up."""
        with self._lock:
            now = time.monotonic()
            stopping = self._stop.is_set()
            if self._since is None:
                self._since = now
                self._until = now + (_PATIENCE_ENDED if stopping else _PATIENCE)
            elif stopping and not self._ending:
                self._until = min(self._until, now + _PATIENCE_ENDING)
            self._ending = stopping
            waited = now - self._since
            if now >= self._until:
                end = f"it did not return within {waited:.0f} s, so this run ends; `digest send` sends the rest"
                raise StoreUnavailable(f"{failure}; {end}") from failure
        if stopping:
            time.sleep(_PAUSE)
        else:
            self._stop.wait(_PAUSE)

    def _end(self, failure: StoreUnavailable) -> None:
        with self._lock:
            if self._since is None:
                # Another thread saw the end of it.
                return
            seconds = time.monotonic() - self._since
            self._since, self._ending = None, False
            self.notes.append(
                f"the send waited {seconds:.0f} s for the store, and continued when it returned: {failure}"
            )
