"""Puts jobs into Procrastinate's table, in our own transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import procrastinate
from procrastinate import manager, tasks
from sqlalchemy import Connection, text

from digest.workers.port import Job
from digest.workers.schema import JobsSchema


class ProcrastinateQueue:
    """Implements `port.JobQueue`. It needs no open Procrastinate, and any thread may use it."""

    def __init__(self, schema: JobsSchema) -> None:
        self.schema = schema
        # It is never opened, because each call passes its connection. A worker's app is asynchronous, and rejects our
        # connections.
        self._manager = manager.JobManager(procrastinate.SyncPsycopgConnector())

    def defer(self, connection: Connection, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        driver: Any = connection.connection.driver_connection
        with self.schema.on_path(connection):
            for job in jobs:
                deferrer = tasks.configure_task(
                    name=job.task,
                    job_manager=self._manager,
                    queue=self.schema.queue(job.queue),
                    # No `queueing_lock`: together with a lock it can deadlock.
                    lock=job.lock,
                    priority=job.priority,
                    connection=driver,
                )
                deferrer.defer(**job.arguments)

    def defer_missing(self, connection: Connection, jobs: Sequence[Job], *, beside_running: bool = False) -> int:
        locks = text(
            f"""SELECT lock FROM "{self.schema.name}".procrastinate_jobs
            WHERE status::text = ANY(:states) AND lock = ANY(:locks)"""  # noqa: S608
        )
        states = ["todo"] if beside_running else ["todo", "doing"]
        held = set(connection.execute(locks, {"locks": [job.lock for job in jobs], "states": states}).scalars())
        missing = [job for job in jobs if job.lock not in held]
        self.defer(connection, missing)
        return len(missing)
