"""Run jobs so that the failure of one is reported and does not stop the others, some in background threads."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from digest.app import App
from digest.errors import AlreadyRunning, ConfigurationError, DigestError, StoreUnavailable
from digest.notify.alert import NoticeKind
from digest.scheduler.notices import Notices
from digest.utils.telemetry import report_error

if TYPE_CHECKING:
    from apscheduler.schedulers.base import BaseScheduler

T = TypeVar("T")

# Failures in a row after which the cause is not temporary, such as a busy store.
_FAILURES = 3
# Seconds between two store failures of any jobs. After the first number, the store is not just busy. After the second,
# the earlier failure no longer counts.
_STORE_AWAY, _STORE_BACK = 10.0, 150.0


class JobGuard:
    """Runs jobs and counts the failures of each. Once `stop` is set, it starts no more jobs."""

    def __init__(self, notices: Notices, warn: Callable[[str], None], stop: threading.Event) -> None:
        self._notices, self._warn, self._stop = notices, warn, stop
        # Job → failures in a row.
        self._failures: Counter[str] = Counter()
        # When jobs failed because of the store: the first time and the last one.
        self._store_failures: tuple[float, float] | None = None

    def run(self, job: Callable[[], T], name: str = "", *, until: datetime | None = None) -> T | None:
        """Run a job and return its result; None if it fails.

        The alert about a failure ends when the job succeeds, or at `until`.
        """
        if self._stop.is_set():
            return None
        name = name or job.__name__
        try:
            result = job()
        except ConfigurationError as error:
            # It lasts until somebody corrects it.
            self._failures[name] = _FAILURES
            self._notices.notice(
                NoticeKind.JOB, name, f"{name} failed: {'; '.join(map(str, error.problems))}", until=until
            )
        except AlreadyRunning as error:
            # Normal while somebody runs `digest send`. The next tick tries again.
            self._notices.notice(NoticeKind.WAITING, name, f"{name} waits: {str(error).partition(';')[0]}", until=until)
        except StoreUnavailable as error:
            self._count_failure(name, str(error), until, is_store=True)
            self._note_store_failure(str(error))
        except DigestError as error:
            self._count_failure(name, str(error), until)
        except Exception as error:
            # A bug in one job must not end the scheduler; the next tick tries again.
            report_error(error)
            self._count_failure(name, f"internal error: {type(error).__name__}: {error}", until)
        else:
            self._failures.pop(name, None)
            self._notices.clear(NoticeKind.WAITING, name)
            self._notices.clear(NoticeKind.JOB, name)
            return result
        return None

    def _note_store_failure(self, reason: str) -> None:
        """Alert the admins soon if the store stays unavailable: three failures of one job would take minutes."""
        now = time.monotonic()
        first, last = self._store_failures or (now, now)
        first = first if now - last < _STORE_BACK else now
        self._store_failures = first, now
        if now - first >= _STORE_AWAY:
            self._notices.report_store_failure(reason)

    def _count_failure(self, job: str, reason: str, until: datetime | None, *, is_store: bool = False) -> None:
        self._failures[job] += 1
        again = f"{job} fails again and again: {reason}"
        if self._failures[job] < _FAILURES:
            self._warn(f"{job} failed: {reason}")
        elif not is_store:
            self._notices.notice(NoticeKind.JOB, job, again, until=until)
        else:
            # An alert of each job could be stored only when the store works again, and would come too late.
            self._notices.report_store_failure(reason)
            if self._failures[job] == _FAILURES:
                self._warn(again)


@dataclass(frozen=True)
class BackgroundJob:
    """A job that starts after `first`, and again after each `every`."""

    run: Callable[[], None]
    # Of the jobs of one group, one runs at a time.
    group: str
    every: timedelta
    first: timedelta


class BackgroundJobs:
    """Runs the jobs, which may be late and never delay a send. Closes a replaced App as soon as no job uses it."""

    def __init__(self, guard: JobGuard, jobs: Sequence[BackgroundJob]) -> None:
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
        """Run jobs now if their next run is later than their interval allows.

        APScheduler waits by the wall clock. If the clock were set back by an hour, the jobs would stop for an hour.
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
