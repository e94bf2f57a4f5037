"""Whether a process works, and its numbers in Prometheus' format."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from digest.collect.health import FAILING
from digest.store.database import Database
from digest.store.numbers import StoreNumbers, read_numbers
from digest.store.wait_limit import wait_limit
from digest.utils.heartbeat import Heartbeat

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")

# Seconds that the store may take to answer.
STORE_TIMEOUT = 2.0
# Seconds without a sign of life after which the schedule counts as hanging. Some of its steps take minutes.
MAX_SILENCE = 300.0


class Health:
    """Checks of one process. Without `heartbeat` it runs no schedule. Any thread may use it.

    A store that hangs is asked once, however many requests wait for its answer.
    """

    def __init__(
        self, database: Callable[[], Database], sources: Callable[[], Collection[str]], heartbeat: Heartbeat | None
    ) -> None:
        self._database, self._sources, self.heartbeat = database, sources, heartbeat
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._lock = Lock()
        self._asked: Future[StoreNumbers] | None = None

    def problems(self) -> list[str]:
        """Say why the process cannot do its work now; nothing if it can."""
        found = []
        if self.numbers() is None:
            found.append("the store cannot be used")
        if self.heartbeat is not None:
            age = self.heartbeat.age
            if age is None or age > MAX_SILENCE:
                found.append("the schedule does not go on")
        return found

    def numbers(self) -> StoreNumbers | None:
        """The store's numbers; None if it cannot be used or does not answer in time."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._pool.submit(self._read)
            asked = self._asked
        try:
            return asked.result(STORE_TIMEOUT)
        except Exception:
            # Whatever it is, the store is not ready.
            return None

    def _read(self) -> StoreNumbers:
        with wait_limit(STORE_TIMEOUT):
            return read_numbers(self._database(), self._sources(), failing=FAILING)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Health:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
