"""Send the heartbeats of this worker and of its jobs, and take over from workers without heartbeats."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import procrastinate
from procrastinate import exceptions, jobs
from sqlalchemy import text

from digest import __version__
from digest.app import App
from digest.store.workers import Worker, WorkerState, WorkerStore
from digest.workers.queue import JobsSchema

# Seconds between heartbeats, and between checks for dead workers.
EVERY = 2.0
# Seconds over which the rate is measured.
_RATE_OVER = 10.0

# Seconds without a heartbeat after which a worker counts as dead.
_STALLED = 6.0


@dataclass
class WorkerHeartbeat:
    """Describes this process in the store with each heartbeat."""

    store: WorkerStore
    schema: JobsSchema
    held: HeldJobs
    seats: int
    is_draining: Callable[[], bool]
    own: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.own = Worker(secrets.token_hex(8), socket.gethostname(), os.getpid(), __version__, self.seats)

    def beat(self) -> None:
        """Record that this worker is alive. Raises StoreError."""
        self.own = replace(
            self.own,
            rate=self.held.rate(),
            jobs=tuple(self.held.names()),
            state=WorkerState.DRAINING if self.is_draining() else WorkerState.RUNNING,
        )
        self.store.beat(self.own)
        if workers := self.held.workers():
            beat = text("SELECT procrastinate_update_heartbeat_v1(:worker)")
            with self.store.database.write() as connection, self.schema.on_path(connection):
                for worker in sorted(workers):
                    connection.execute(beat, {"worker": worker})

    def others(self) -> list[Worker]:
        return [each for each in self.store.all() if each.id != self.own.id]

    def leave(self) -> None:
        self.store.leave(self.own.id)


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
        """Return the current rate, in recipients per second."""
        since = time.monotonic() - _RATE_OVER
        with self._lock:
            while self._settled and self._settled[0][0] < since:
                self._settled.popleft()
            return max(0, sum(recipients for _at, recipients in self._settled)) / _RATE_OVER


async def retry_stalled(app: procrastinate.App, held: HeldJobs) -> None:
    """Queue the jobs of dead workers again. Procrastinate itself leaves them as running."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
        # After an outage this process may still run jobs that its former worker fetched.
        if job.lock in held.names():
            continue
        try:
            await app.job_manager.retry_job(job)
        except exceptions.UniqueViolation:
            # The same job is waiting already, for the lock of this one. So this one must end.
            await app.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
        except exceptions.ConnectorException:
            # Another worker was first.
            continue


def recover_abandoned(app: App, edition: str, log: Callable[[str], None]) -> None:
    """Recover an edition with batches of dead runs in flight, and call workers to it. Raises StoreError."""
    for note in app.recovery.recover(edition):
        log(f"Edition {edition}: {note}")
    if app.seats is not None:
        app.seats.call(edition)
