"""Work that takes too long for a page: computed once in a thread, and cached until it is outdated."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReady
from functools import partial
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from digest.app import App
from digest.models import Edition

if TYPE_CHECKING:
    from datetime import datetime

    from digest.curate.compose import Curated

T = TypeVar("T")
# The most cached results. Each edit of an edition makes a new one.
_KEPT = 20
# The most results of curation, and seconds for which they hold: each has a line for every article of the day, and the
# key contains the edition's changes.
_CURATIONS, _CURATIONS_LAST = 4, 3600.0
# Seconds that a page waits for the number of an edition's subscribers, and seconds that the number is valid.
_WAIT, _LASTS = 0.02, 60.0


class Background(Generic[T]):
    """Computes each value once per key, in one thread. A context manager."""

    def __init__(self, name: str, *, lasts: float, kept: int = _KEPT) -> None:
        """`lasts`: seconds after which a value is computed again. Meanwhile the old one is returned.

        `kept`: the most values that are cached.
        """
        self._kept = kept
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lasts = lasts
        self._lock = threading.Lock()
        self._done: OrderedDict[str, tuple[float, Future[T]]] = OrderedDict()
        # When the work began, and its future.
        self._running: dict[str, tuple[float, Future[T]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def get(self, key: str, compute: Callable[[], T], *, wait: float, from_now: bool = False) -> T | None:
        """Return the value; None if it is not ready `wait` seconds after its work began. Raises the error of `compute`.

        While work takes long, only the first page waits for it. With `from_now` the seconds begin with this call, for
        an answer that needs the value, such as a file.
        """
        now = time.monotonic()
        started: Future[T] | None = None
        with self._lock:
            at, done = self._done.get(key, (0.0, None))
            if done is None or now - at > self._lasts:
                if key not in self._running:
                    started = self._pool.submit(compute)
                    self._running[key] = now, started
                if done is None:
                    at, done = self._running[key]
        if started is not None:
            # Without the lock: if the work has ended already, this call stores the result itself.
            started.add_done_callback(lambda future: self._keep(key, future))
        try:
            return done.result(timeout=wait if from_now else max(0.0, at + wait - now))
        except NotReady:
            return None

    def forget(self) -> None:
        """Compute everything again when somebody asks, because it was changed here."""
        with self._lock:
            self._done.clear()
            # The running work may have read the data from before the change.
            self._running.clear()

    def _keep(self, key: str, future: Future[T]) -> None:
        with self._lock:
            _at, running = self._running.get(key, (0.0, None))
            if running is not future:
                return
            del self._running[key]
            # Work that failed, for example while the store was busy, is tried again when somebody asks.
            if future.cancelled() or future.exception() is not None:
                return
            self._done[key] = (time.monotonic(), future)
            self._done.move_to_end(key)
            while len(self._done) > self._kept:
                self._done.popitem(last=False)


class Curations(Background["Curated"]):
    """What curation chose for an edition and left out: it takes as long as composing."""

    def __init__(self, app: App) -> None:
        super().__init__("curation", lasts=_CURATIONS_LAST, kept=_CURATIONS)
        self._app = app
        # Edition and when it was composed → the last result, whatever editors changed since.
        self._last: dict[tuple[str, datetime | None], Curated] = {}

    def of(self, edition: Edition, *, wait: float) -> Curated | None:
        """Return the result for the edition as it is now; None if it is not ready after `wait` seconds."""
        changes = self._app.editions.editorial_changes(edition.key)
        key = f"{edition.key} {edition.composed_at} {changes}"
        return self.get(key, lambda: self._curate(edition), wait=wait, from_now=True)

    def last(self, edition: Edition) -> Curated | None:
        """Return the last result for an edition, perhaps from before an editor's change."""
        return self._last.get((edition.key, edition.composed_at))

    def _curate(self, edition: Edition) -> Curated:
        found = self._app.composer.curated(edition.key)
        self._last = {(edition.key, edition.composed_at): found}
        return found


class AudienceCount(Background[int]):
    """Counts an audience in the background, because a page may not take as long as a million subscribers do."""

    def __init__(self, app: App) -> None:
        super().__init__("audience", lasts=_LASTS)
        self._app = app

    def of(self, edition: Edition, *, wait: float | None = None) -> int | None:
        """Return the number, or None while it is not known yet. Waits `wait` seconds for it."""
        # An edition that is composed again has other stories, and perhaps other topics.
        key = f"{edition.key} {edition.composed_at}"
        count = partial(self._app.enqueuer.count_due, edition)
        return self.get(key, count, wait=_WAIT if wait is None else wait, from_now=wait is not None)
