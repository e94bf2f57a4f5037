"""The engine on Procrastinate: any number of processes on any number of machines share the jobs of a store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from digest.errors import StoreError
from digest.scheduler import Scheduler
from digest.store.sending.recovery import abandoned_editions
from digest.store.workers import Worker, WorkerStore, begin_steps
from digest.utils.heartbeat import beat
from digest.utils.telemetry import report_error
from digest.workers import heartbeat, steps
from digest.workers.fetching import JobFetcher
from digest.workers.heartbeat import HeldJobs, WorkerHeartbeat
from digest.workers.port import Queue
from digest.workers.queue import JobsSchema, ProcrastinateQueue
from digest.workers.seats import Seats
from digest.workers.tasks import AppsInUse, Tasks

# The most steps that one worker runs at once. They mostly wait for sites and for the database.
_STEPS = 8
# Seconds from the signal to the end of the process. Service managers allow thirty.
_DRAIN = 26.0
# Seconds between attempts to reach the database.
_AGAIN = 2.0
# Seconds without a tick of the clock after which this process sends no more heartbeats.
_CLOCK_HANGS = 120.0
# Seconds between checks whether the settings were edited.
_LOOK = 1.0
# Seconds between runs of the most frequent step.
_SHORTEST = 30.0
# Seconds after a moment, so that small errors in reading the clock do not matter.
_AFTER = 0.02
# Seconds between reports while the store does not answer.
_REPORT_EVERY = 30.0


@dataclass
class ProcrastinateEngine:
    """Implements `port.Engine` on PostgreSQL."""

    scheduler: Scheduler
    schema: JobsSchema
    queue: ProcrastinateQueue
    seats: int
    ready: Callable[[Scheduler, Worker], AbstractContextManager[None]]
    # Whether the database did not answer the last attempt to fetch jobs.
    _is_away: bool = field(default=False, init=False)
    # The monotonic time by which the process must have ended.
    _deadline: float | None = field(default=None, init=False)
    _last_look: float = field(default_factory=time.monotonic, init=False)

    def __post_init__(self) -> None:
        scheduler = self.scheduler
        self.stop = scheduler.stop
        self.store = WorkerStore(scheduler.app.database)
        self.held = HeldJobs()
        self.apps = AppsInUse(scheduler)
        scheduler.retire = self.apps.retire
        self.signs = WorkerHeartbeat(self.store, self.schema, self.held, self.seats, self.stop.is_set)
        self.clock = StepClock(scheduler, self.apps, self.queue, self.store)
        self.fetcher = JobFetcher(
            database=self.store.database,
            schema=self.schema,
            places={Queue.SEND: self.seats, Queue.STEPS: _STEPS},
            tasks=Tasks(scheduler, self.apps, self.held, Seats(scheduler.app, self.queue), self.signs.others),
            held=self.held,
            stop=self.stop,
            time_left=self._time_left,
            on_turn=self._give_sign,
            on_connected=self._report_connection,
            warn=scheduler.warn,
        )

    def run(self) -> Sequence[str]:
        with self.ready(self.scheduler, self.signs.own):
            self.signs.beat()
            with (
                # The heartbeat lasts until the very end, so that nobody takes over jobs that are being finished.
                self._repeating("worker heartbeat", self.signs.beat, heartbeat.EVERY, threading.Event()),
                self._repeating("rescue", self._recover, heartbeat.EVERY, self.stop),
                self._repeating("clock", self._look, 0.0, self.stop),
            ):
                self._fetch_until_stopped()
                # Jobs that an outage separated from their queue.
                while self.held.names() and self._time_left():
                    time.sleep(0.1)
            with suppress(StoreError):
                self.signs.leave()
        return self.held.names()

    def _fetch_until_stopped(self) -> None:
        while not self.stop.is_set():
            self._give_sign()
            try:
                # Procrastinate would retry after ever longer pauses.
                self.store.now()
                self.fetcher.run()
            except Exception as error:
                if not self._is_away:
                    reason = " ".join(str(error.__cause__ or error).split()) or type(error).__name__
                    self.scheduler.warn(f"No new jobs are fetched until the database answers: {reason}.")
                self._is_away = True
                self.stop.wait(_AGAIN)

    def _report_connection(self) -> None:
        if self._is_away:
            self.scheduler.log("The database answers. Jobs are fetched again.")
        self._is_away = False

    def _time_left(self) -> float:
        """Return the seconds left, counted from the first call, when the process was asked to end."""
        if self._deadline is None:
            self._deadline = time.monotonic() + _DRAIN
        return max(0.0, self._deadline - time.monotonic())

    def _give_sign(self) -> None:
        if time.monotonic() - self._last_look < _CLOCK_HANGS:
            beat()

    def _look(self) -> float:
        self._last_look = time.monotonic()
        return self.clock.tick()

    def _recover(self) -> None:
        for edition in abandoned_editions(self.store.database):
            with self.apps.use_alone() as app:
                heartbeat.recover_abandoned(app, edition, self.scheduler.log)

    @contextmanager
    def _repeating(
        self, name: str, work: Callable[[], float | None], every: float, stop: threading.Event
    ) -> Iterator[None]:
        """Repeat the work in a thread until `stop` is set or the block ends.

        It may return the seconds until its next run.
        """
        ended = threading.Event()

        def run() -> None:
            while not stop.is_set() and not ended.is_set():
                # Not at once after an error.
                pause: float | None = every or _AGAIN
                try:
                    pause = work()
                except StoreError:
                    # The jobs have the same error, and report it.
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


@dataclass
class StepClock:
    """Queues the steps of the schedule: every worker does, and each step is queued once for its moment.

    Moments are times of the database's clock, so the workers' clocks need not agree. One thread uses it.
    """

    scheduler: Scheduler
    apps: AppsInUse
    queue: ProcrastinateQueue
    store: WorkerStore
    # How far the database's clock is ahead of this computer's.
    _ahead: timedelta = field(default=timedelta(), init=False)
    # The monotonic time from which a failure is reported again.
    _report_at: float = field(default=0.0, init=False)
    # Step → the moment for which this process has seen it queued.
    _queued: dict[str, datetime] = field(default_factory=dict, init=False)

    def tick(self) -> float:
        """Reload changed settings, and queue due steps. Returns the seconds until the next call."""
        guard = self.scheduler.guard
        if self.scheduler.settings.is_new() or self.scheduler.settings.problems:
            guard.run(self.scheduler.follow_settings)
        with self.apps.use() as app:
            if steps.due(app, datetime.now(UTC) + self._ahead, self._queued):
                guard.run(self.scheduler.notices.refresh, "alerts")
                if not self._try_to_queue():
                    return _AGAIN
        now = time.time() + self._ahead.total_seconds()
        return min(_LOOK, _SHORTEST - now % _SHORTEST + _AFTER)

    def _try_to_queue(self) -> bool:
        failure: Exception | None = None
        try:
            self._queue_steps()
        except Exception as error:
            failure = error
        # It is tried often, so failures are reported at most as often as those of other jobs.
        if failure is None or time.monotonic() >= self._report_at:
            self._report_at = time.monotonic() + _REPORT_EVERY
            self.scheduler.guard.run(partial(_raise, failure), "queueing the steps of the schedule")
        return failure is None

    def _queue_steps(self) -> None:
        now = self.store.now()
        self._ahead = now - datetime.now(UTC)
        slots = steps.due(self.scheduler.app, now, self._queued)
        jobs = {}
        for name in slots:
            # An error in one step, such as a faulty calendar, must not keep the others from running.
            found = self.scheduler.guard.run(partial(steps.jobs, self.scheduler, name), f"queueing {name}")
            if found is not None:
                jobs[name] = found
        with self.store.database.write() as connection:
            for name in begin_steps(connection, {name: slots[name] for name in jobs}):
                self.queue.defer_missing(connection, jobs[name], beside_running=True)
        self._queued |= {name: slots[name] for name in jobs}


def _raise(failure: Exception | None) -> None:
    if failure is not None:
        raise failure
