"""Queues the steps of the schedule.

Every worker runs this, and each step is queued once for its moment. Moments are times of the database's clock, so the
workers' clocks need not agree.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from digest.scheduler import Scheduler
from digest.store.workers import WorkerStore, begin_steps
from digest.workers import steps
from digest.workers.port import JobQueue
from digest.workers.tasks import AppsInUse

# Seconds between checks whether the settings were edited.
_LOOK = 1.0
# Seconds between runs of the most frequent step.
_SHORTEST = 30.0
# Seconds after a moment, so that small errors in reading the clock do not matter.
_AFTER = 0.02
# Seconds between attempts, and between reports, while the store does not answer.
_AGAIN, _REPORT_EVERY = 2.0, 30.0


@dataclass
class StepClock:
    """One thread uses it."""

    scheduler: Scheduler
    apps: AppsInUse
    queue: JobQueue
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
