"""The jobs that this process holds: for the status, for heartbeats, and to run no job twice at the same time."""

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
        # (time, number) of recently settled recipients.
        self._settled: deque[tuple[float, int]] = deque()

    @contextmanager
    def holding(self, name: str, worker: int | None) -> Iterator[bool]:
        """Yield whether no other thread of this process holds the job. After an outage a job may arrive twice."""
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
        """The current rate, in recipients per second."""
        since = time.monotonic() - _RATE_OVER
        with self._lock:
            while self._settled and self._settled[0][0] < since:
                self._settled.popleft()
            return max(0, sum(recipients for _at, recipients in self._settled)) / _RATE_OVER
