"""The jobs that this process holds now: for the status, for heartbeats, and so that it runs none twice at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# Seconds over which the rate is measured.
_RATE_OVER = 10.0


class HeldJobs:
    """Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Name → the id of the Procrastinate worker that fetched it.
        self._jobs: dict[str, int | None] = {}
        # When recipients were settled, and how many.
        self._settled: deque[tuple[float, int]] = deque()

    @contextmanager
    def holding(self, name: str, worker: int | None) -> Iterator[bool]:
        """Yields whether nobody else in this process holds the job: after an outage it may come twice."""
        with self._lock:
            mine = name not in self._jobs
            if mine:
                self._jobs[name] = worker
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    del self._jobs[name]

    def names(self) -> list[str]:
        with self._lock:
            return sorted(self._jobs)

    def workers(self) -> set[int]:
        with self._lock:
            return {worker for worker in self._jobs.values() if worker is not None}

    def settled(self, recipients: int) -> None:
        with self._lock:
            self._settled.append((time.monotonic(), recipients))

    def rate(self) -> float:
        """Recipients per second, of late."""
        since = time.monotonic() - _RATE_OVER
        with self._lock:
            while self._settled and self._settled[0][0] < since:
                self._settled.popleft()
            return max(0, sum(recipients for _at, recipients in self._settled)) / _RATE_OVER
