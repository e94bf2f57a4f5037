"""Jobs in background threads. They may be late, and they never delay a send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from digest.app import App
from digest.scheduler.guard import Guard

if TYPE_CHECKING:
    from apscheduler.schedulers.base import BaseScheduler


@dataclass(frozen=True)
class BackgroundJob:
    """A job that starts after `first`, and again after each `every`."""

    run: Callable[[], None]
    # Of the jobs of one group, one runs at a time.
    group: str
    every: timedelta
    first: timedelta


class BackgroundJobs:
    """Runs the jobs, and closes a replaced App as soon as no job uses it."""

    def __init__(self, guard: Guard, jobs: Sequence[BackgroundJob]) -> None:
        self._guard, self._jobs = guard, jobs
        # Group → the lock that its jobs hold while they run.
        self._locks = {job.group: threading.Lock() for job in jobs}
        self._retired: list[App] = []
        # While the jobs run.
        self._scheduler: BaseScheduler | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the jobs within the block. The block ends when no job is running."""
        from apscheduler.schedulers.background import BackgroundScheduler

        background = BackgroundScheduler(timezone=UTC)
        rules: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        now = datetime.now(UTC)
        for job in self._jobs:
            seconds, first = job.every.total_seconds(), now + job.first
            background.add_job(self._run, "interval", args=[job], seconds=seconds, next_run_time=first, **rules)
        background.start()
        self._scheduler = background
        try:
            yield
        finally:
            self._scheduler = None
            background.shutdown(wait=True)

    def catch_up(self) -> None:
        """Run jobs now whose next run is later than their interval allows.

        APScheduler waits by the wall clock, so a clock that was set back by an hour would stop them for an hour.
        """
        if self._scheduler is None:
            return
        now = datetime.now(UTC)
        for planned in self._scheduler.get_jobs():
            (job,) = planned.args
            if planned.next_run_time - now > job.every:
                planned.modify(next_run_time=now)

    def retire(self, app: App) -> None:
        """Close a replaced App. If a job still uses it, a later call closes it."""
        self._retired.append(app)
        with ExitStack() as held:
            for lock in self._locks.values():
                if not lock.acquire(blocking=False):
                    return
                held.callback(lock.release)
            for retired in self._retired:
                retired.discard()
            self._retired.clear()

    def _run(self, job: BackgroundJob) -> None:
        with self._locks[job.group]:
            self._guard.run(job.run)
