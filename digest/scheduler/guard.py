"""Run jobs so that the failure of one is reported and does not stop the others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from digest.errors import AlreadyRunning, ConfigurationError, DigestError, StoreUnavailable
from digest.scheduler.notices import Notices
from digest.utils.telemetry import report_error

T = TypeVar("T")

# Failures in a row after which the cause is not temporary, such as a busy store.
_FAILURES = 3
# Seconds between two store failures of any jobs. After the first number, the store is not just busy. After the second,
# the earlier failure no longer counts.
_STORE_AWAY, _STORE_BACK = 10.0, 150.0


class Guard:
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
            self._notices.notice("job", name, f"{name} failed: {'; '.join(map(str, error.problems))}", until=until)
        except AlreadyRunning as error:
            # Normal while somebody runs `digest send`. The next tick tries again.
            self._notices.notice("waiting", name, f"{name} waits: {str(error).partition(';')[0]}", until=until)
        except DigestError as error:
            self._count_failure(name, str(error), until)
            if isinstance(error, StoreUnavailable):
                self._note_store_failure(str(error))
        except Exception as error:
            # A bug in one job must not end the scheduler; the next tick tries again.
            report_error(error)
            self._count_failure(name, f"internal error: {type(error).__name__}: {error}", until)
        else:
            self._failures.pop(name, None)
            self._notices.clear("waiting", name)
            self._notices.clear("job", name)
            return result
        return None

    def _note_store_failure(self, reason: str) -> None:
        """Alert the admins soon if the store stays unavailable: three failures of one job would take minutes."""
        now = time.monotonic()
        first, last = self._store_failures or (now, now)
        first = first if now - last < _STORE_BACK else now
        self._store_failures = first, now
        if now - first >= _STORE_AWAY:
            self._notices.tell_of_store(reason)

    def _count_failure(self, job: str, reason: str, until: datetime | None) -> None:
        self._failures[job] += 1
        if self._failures[job] < _FAILURES:
            self._warn(f"{job} failed: {reason}")
        else:
            self._notices.notice("job", job, f"{job} fails again and again: {reason}", until=until)
