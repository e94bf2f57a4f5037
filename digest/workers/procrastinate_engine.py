"""The engine on Procrastinate: any number of processes on any number of machines share the jobs of a store.

Jobs run in threads of their own, and the asynchronous part only fetches them, so it can be started again at any time:
after an outage of the database that is longer than Procrastinate bears, the jobs still run, and new ones come.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import procrastinate
import psycopg
from procrastinate import JobContext, exceptions

from digest.errors import StoreError
from digest.scheduler import Scheduler
from digest.store.sending.recovery import abandoned_editions
from digest.store.workers import WorkerStore
from digest.utils.heartbeat import beat
from digest.utils.telemetry import report_error
from digest.workers import heartbeat, rescue, seats, steps
from digest.workers.clock import StepClock
from digest.workers.heartbeat import WorkerHeartbeat
from digest.workers.held import HeldJobs
from digest.workers.port import Queue
from digest.workers.queue import ProcrastinateQueue
from digest.workers.schema import JobsSchema
from digest.workers.seats import Seats
from digest.workers.tasks import AppsInUse, Tasks

# Steps that one worker does at a time. They mostly wait for sites and for the database.
_STEPS = 8
# Seconds from the signal to the end of the process. Service managers allow thirty.
_DRAIN = 26.0
# Seconds between two tries to reach the database.
_AGAIN = 2.0
# Seconds that Procrastinate waits for a connection. An outage is noticed after that.
_POOL_TIMEOUT = 3.0
_CONNECTIONS = 4
# Procrastinate's own rows of dead workers. To delete that of a live one, which was only slow, would end it.
_FORGET_WORKERS = 24 * 3600.0

log = logging.getLogger(__name__)


@dataclass
class ProcrastinateEngine:
    """Implements `port.Engine` on PostgreSQL."""

    scheduler: Scheduler
    schema: JobsSchema
    queue: ProcrastinateQueue
    # How many seats this worker has.
    places: int
    ready: Callable[[Scheduler], AbstractContextManager[None]]
    held: HeldJobs = field(default_factory=HeldJobs, init=False)
    # Whether the database did not answer when jobs were to be fetched.
    _is_away: bool = field(default=False, init=False)
    # When the process must have ended.
    _deadline: float = field(default=float("inf"), init=False)

    def __post_init__(self) -> None:
        # They log tracebacks of what is reported here in a sentence.
        for name in ("procrastinate", "psycopg.pool"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.stop = self.scheduler.stop
        self.store = WorkerStore(self.scheduler.app.database)
        self.apps = AppsInUse(self.scheduler)
        self.scheduler.retire = self.apps.retire
        self.signs = WorkerHeartbeat(self.store, self.schema, self.held, self.places, self.stop.is_set)
        own_seats = Seats(self.scheduler.app, self.queue)
        self.tasks = Tasks(self.scheduler, self.apps, self.held, own_seats, self.signs.others)
        self.clock = StepClock(self.scheduler, self.apps, self.queue, self.store)

    def run(self) -> Sequence[str]:
        with self.ready(self.scheduler):
            self.signs.beat()
            with (
                # To the end, so that nobody takes over what is being finished.
                self._repeating("worker heartbeat", self.signs.beat, heartbeat.EVERY, threading.Event()),
                self._repeating("rescue", self._recover, rescue.EVERY, self.stop),
                self._repeating("clock", self.clock.tick, 1.0, self.stop),
            ):
                self._fetch_until_stopped()
                self._drain()
            with suppress(StoreError):
                self.signs.leave()
        return self.held.names()

    def _fetch_until_stopped(self) -> None:
        while not self.stop.is_set():
            beat()
            try:
                # Procrastinate would try again after ever longer pauses.
                self.store.now()
                asyncio.run(self._fetch())
            except Exception as error:
                if not self._is_away:
                    reason = " ".join(str(error.__cause__ or error).split()) or type(error).__name__
                    self.scheduler.warn(f"No new jobs are fetched until the database answers: {reason}.")
                self._is_away = True
                self.stop.wait(_AGAIN)

    def _drain(self) -> None:
        """Wait for the jobs that ended neither with the loop nor before an outage."""
        self._begin_to_drain()
        while self.held.names() and time.monotonic() < self._deadline:
            beat()
            time.sleep(0.1)

    def _begin_to_drain(self) -> None:
        self._deadline = min(self._deadline, time.monotonic() + _DRAIN)

    def _recover(self) -> None:
        for edition in abandoned_editions(self.store.database):
            with self.apps.use_alone() as app:
                rescue.recover_abandoned(app, edition, self.scheduler.log)

    @contextmanager
    def _repeating(
        self, name: str, work: Callable[[], float | None], every: float, stop: threading.Event
    ) -> Iterator[None]:
        """Do the work in a thread until `stop` is set or the block ends. It may return the seconds to the next time."""
        ended = threading.Event()

        def run() -> None:
            while not stop.is_set() and not ended.is_set():
                pause = None
                try:
                    pause = work()
                except StoreError:
                    # The jobs meet it too, and report it.
                    pass
                except Exception as error:
                    report_error(error)
                    self.scheduler.warn(f"{name} failed: {type(error).__name__}: {error}")
                ended.wait(every if pause is None else pause)

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    async def _fetch(self) -> None:
        """Fetch jobs until the process is to stop. Raises what ends Procrastinate before."""
        asyncio.get_running_loop().set_exception_handler(_report_stray)
        stopped = asyncio.create_task(self._until_stopped())
        working = asyncio.create_task(self._work())
        await asyncio.wait((stopped, working), return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, working):
            task.cancel()
        found = await asyncio.gather(working, return_exceptions=True)
        if not self.stop.is_set():
            raise next((each for each in found if isinstance(each, Exception)), ConnectionError("the connection broke"))

    async def _until_stopped(self) -> None:
        while not self.stop.is_set():
            beat()
            await asyncio.sleep(0.1)
        self._begin_to_drain()

    async def _work(self) -> None:
        app = self._procrastinate()
        async with app.open_async():
            if self._is_away:
                self.scheduler.log("The database answers. Jobs are fetched again.")
            self._is_away = False
            places = {Queue.SEND: self.places, Queue.STEPS: _STEPS}
            running = [
                asyncio.create_task(
                    app.run_worker_async(queues=[self.schema.queue(queue)], name=queue, concurrency=most)
                )
                for queue, most in places.items()
            ]
            side = asyncio.create_task(self._rescue(app))
            try:
                # Procrastinate ends one of them when its heartbeat fails.
                done, _ = await asyncio.wait((*running, side), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (*running, side):
                    task.cancel()
                await asyncio.gather(*running, side, return_exceptions=True)
            for task in done:
                await task

    async def _rescue(self, app: procrastinate.App) -> None:
        while True:
            await asyncio.sleep(rescue.EVERY)
            await rescue.retry_stalled(app, self.held)

    def _procrastinate(self) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            kwargs=_connection_arguments(self.store),
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
                "fetch_job_polling_interval": rescue.EVERY,
                # The jobs' threads are waited for here, and not by Procrastinate: see `_in_thread`.
                "shutdown_graceful_timeout": 0.1,
                "install_signal_handlers": False,
                # What became of a job is in the store's own tables.
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
        """Do a job in a thread. While the process drains, its end is waited for; after an outage only the thread is."""
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
                self.scheduler.warn(f"{name} failed: {type(error).__name__}: {error}")
            finally:
                # The loop may have ended meanwhile.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(done.set)

        # It does not keep the process from ending.
        threading.Thread(target=run, name=name, daemon=True).start()
        try:
            await done.wait()
        except asyncio.CancelledError:
            if self.stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), max(0.0, self._deadline - time.monotonic()))
            raise


def _connection_arguments(store: WorkerStore) -> Mapping[str, Any]:
    """Return what psycopg needs to connect to the store."""
    engine = store.database.engine
    _, arguments = engine.dialect.create_connect_args(engine.url)
    keepalives = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 11_000}
    return {"connect_timeout": 5, **keepalives, **arguments}


def _report_stray(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Report an error that no part of Procrastinate waits for. A broken connection makes several: it is known."""
    error = context.get("exception")
    if isinstance(error, Exception) and not isinstance(error, exceptions.ConnectorException):
        report_error(error)
        log.error("%s: %s", type(error).__name__, " ".join(str(error).split()))
