"""Fetches jobs with Procrastinate, and runs each in a thread.

Procrastinate does not manage the threads, so it can be restarted at any time, such as after an outage of the database,
while the jobs continue.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import procrastinate
import psycopg
from procrastinate import JobContext, exceptions

from digest.errors import StoreError
from digest.store.database import Database
from digest.store.postgresql import connect_arguments
from digest.utils.telemetry import report_error
from digest.workers import heartbeat, seats, steps
from digest.workers.heartbeat import HeldJobs
from digest.workers.port import Queue
from digest.workers.queue import JobsSchema
from digest.workers.tasks import Tasks

# Seconds that Procrastinate waits for a connection. An outage is noticed after that.
_POOL_TIMEOUT = 3.0
_CONNECTIONS = 4
# Procrastinate deletes its rows of dead workers. If it deleted the row of a worker that is only slow, that worker would
# end.
_FORGET_WORKERS = 24 * 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobFetcher:
    """`run` may be called again after it ended."""

    database: Database
    schema: JobsSchema
    # Queue → how many of its jobs run at once.
    places: Mapping[Queue, int]
    tasks: Tasks
    held: HeldJobs
    stop: threading.Event
    # Returns the seconds that jobs still have when the process is asked to end.
    time_left: Callable[[], float]
    # Called every tenth of a second.
    on_turn: Callable[[], None]
    on_connected: Callable[[], None]
    warn: Callable[[str], None]

    def run(self) -> None:
        """Fetch jobs until `stop` is set, then wait for them to end.

        Raises an error that ends Procrastinate earlier.
        """
        # They log tracebacks of errors that are reported here in a sentence.
        for name in ("procrastinate", "psycopg"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        asyncio.run(self._run())

    async def _run(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_report_stray)
        stopped = asyncio.create_task(self._until_stopped())
        working = asyncio.create_task(self._work())
        await asyncio.wait((stopped, working), return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, working):
            task.cancel()
        [ended] = await asyncio.gather(working, return_exceptions=True)
        if not self.stop.is_set():
            raise ended if isinstance(ended, Exception) else ConnectionError("the connection broke")

    async def _until_stopped(self) -> None:
        while not self.stop.is_set():
            self.on_turn()
            await asyncio.sleep(0.1)

    async def _work(self) -> None:
        app = self._procrastinate()
        async with app.open_async():
            self.on_connected()
            tasks = [
                asyncio.create_task(
                    app.run_worker_async(queues=[self.schema.queue(queue)], name=queue, concurrency=places)
                )
                for queue, places in self.places.items()
            ]
            tasks.append(asyncio.create_task(self._rescue(app)))
            try:
                # Procrastinate ends one of them when its heartbeat fails.
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                await task

    async def _rescue(self, app: procrastinate.App) -> None:
        while True:
            await asyncio.sleep(heartbeat.EVERY)
            await heartbeat.retry_stalled(app, self.held)

    def _procrastinate(self) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            kwargs=_connection_arguments(self.database),
            configure=self._configure,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_POOL_TIMEOUT,
        )
        app = procrastinate.App(
            connector=connector,
            worker_defaults={
                "update_heartbeat_interval": heartbeat.EVERY,
                "stalled_worker_timeout": _FORGET_WORKERS,
                "fetch_job_polling_interval": heartbeat.EVERY,
                # The jobs' threads are waited for here, not by Procrastinate: see `_in_thread`.
                "shutdown_graceful_timeout": 0.1,
                "install_signal_handlers": False,
                # The store's own tables record the outcomes of jobs.
                "delete_jobs": "always",
            },
        )

        @app.task(name=seats.TASK, pass_context=True)
        async def seat(context: JobContext, *, edition: str, seat: int) -> None:
            await self._in_thread(context, partial(self.tasks.seat, edition, seat))

        @app.task(name=steps.TASK, pass_context=True)
        async def step(context: JobContext, *, name: str, subject: str) -> None:
            await self._in_thread(context, partial(self.tasks.step, name, subject))

        return app

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT current_setting('search_path')")
            [(before,)] = await cursor.fetchall()
            await cursor.execute("SELECT set_config('search_path', %s, false)", [self.schema.search_path(before)])
        await connection.commit()

    async def _in_thread(self, context: JobContext, work: Callable[[], None]) -> None:
        """Run a job in a thread. While the process drains, wait for its end; after an outage it simply continues."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        name, worker = context.job.lock or str(context.job.id), context.job.worker_id

        def run() -> None:
            try:
                with self.held.holding(name, worker) as mine:
                    if mine:
                        work()
            except Exception as error:
                if not isinstance(error, StoreError):
                    report_error(error)
                self.warn(f"{name} failed: {type(error).__name__}: {error}")
            finally:
                # The loop may have ended meanwhile.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(done.set)

        # A daemon thread does not keep the process from ending.
        threading.Thread(target=run, name=name, daemon=True).start()
        try:
            await done.wait()
        except asyncio.CancelledError:
            if self.stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), self.time_left())
            raise


def _connection_arguments(database: Database) -> Mapping[str, Any]:
    """Return psycopg's arguments for a connection to the store, as the store itself uses them."""
    engine = database.engine
    _, arguments = engine.dialect.create_connect_args(engine.url)
    return {**arguments, **connect_arguments(engine.url)}


def _report_stray(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Report an error that no part of Procrastinate waits for. A broken connection makes several: it is known."""
    error = context.get("exception")
    if isinstance(error, Exception) and not isinstance(error, exceptions.ConnectorException):
        report_error(error)
        log.error("%s: %s", type(error).__name__, " ".join(str(error).split()))
