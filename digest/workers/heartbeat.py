"""Heartbeats of this worker: for people, for other workers, and for the jobs that it holds.

Procrastinate stops its own heartbeat when a worker begins to drain; other workers would then take over its jobs.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy import text

from digest import __version__
from digest.store.workers import Worker, WorkerState, WorkerStore
from digest.workers.held import HeldJobs
from digest.workers.schema import JobsSchema

# Seconds between heartbeats.
EVERY = 2.0


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
        """Raises StoreError."""
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
