"""Check whether a process works, and who may read its metrics.

Programs on this machine may, and configured networks, and whoever has the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import func, select

from digest.collect.health import FAILING
from digest.store.database import Database, wait_limit
from digest.store.inspection import StoreNumbers, read_numbers
from digest.store.schema import meta
from digest.utils.heartbeat import Heartbeat
from digest.utils.urls import host_name

T = TypeVar("T")

# Seconds that the store may take to answer.
STORE_TIMEOUT = 2.0
# The same for the metrics. Prometheus waits 10 seconds by default.
NUMBERS_TIMEOUT = 5.0
# Seconds without a sign of life after which the schedule counts as hanging. Some of its steps take minutes.
MAX_SILENCE = 300.0
# The same, after which only a restart helps. Equals `WatchdogSec` of the systemd unit.
MAX_HANG = 600.0
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Health:
    """Checks of one process. Without `heartbeat` it runs no schedule. Any thread may use it.

    A hanging store gets a single query, however many requests wait for it.
    """

    def __init__(
        self, database: Callable[[], Database], sources: Callable[[], Collection[str]], heartbeat: Heartbeat | None
    ) -> None:
        self._database, self._sources, self.heartbeat = database, sources, heartbeat
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="health")
        self._lock = Lock()
        # Query → its pending result.
        self._asked: dict[str, Future[Any]] = {}

    def problems(self) -> list[str]:
        """Return the reasons why the process cannot work now; empty if it can."""
        found = []
        if not self._answer("alive", self._is_alive, STORE_TIMEOUT):
            found.append("the store cannot be used")
        if self.heartbeat is not None:
            age = self.heartbeat.age
            if age is None or age > MAX_SILENCE:
                found.append("the schedule hangs")
        return found

    def liveness(self) -> tuple[int, str]:
        """Return the status and text for a liveness probe, which restarts a hanging process.

        Needs neither store nor thread.
        """
        age = self.heartbeat.age if self.heartbeat is not None else None
        return (503, "the schedule hangs\n") if age is not None and age > MAX_HANG else (200, "ok\n")

    def readiness(self) -> tuple[int, str]:
        """Return the status and text for a readiness probe."""
        problems = self.problems()
        return (503, "".join(f"{each}\n" for each in problems)) if problems else (200, "ok\n")

    def numbers(self) -> StoreNumbers | None:
        """Return the store's numbers; None if it cannot be used or does not answer in time."""
        return self._answer("numbers", self._numbers, NUMBERS_TIMEOUT)

    def _is_alive(self) -> bool:
        with wait_limit(STORE_TIMEOUT), self._database().read() as connection:
            return bool(connection.execute(select(func.count()).select_from(meta)).scalar_one() >= 0)

    def _numbers(self) -> StoreNumbers:
        with wait_limit(NUMBERS_TIMEOUT):
            return read_numbers(self._database(), self._sources(), failing=FAILING)

    def _answer(self, name: str, ask: Callable[[], T], timeout: float) -> T | None:
        with self._lock:
            asked: Future[T] | None = self._asked.get(name)
            if asked is None or asked.done():
                self._asked[name] = asked = self._pool.submit(ask)
        try:
            return asked.result(timeout)
        except Exception:
            # Any error means that the store is not ready.
            return None

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Health:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


@dataclass(frozen=True)
class MetricsAccess:
    networks: tuple[_Network, ...] = ()
    token: str | None = None

    def allows(self, client: str, headers: Mapping[str, str]) -> bool:
        """Decide by the client's address and the request's headers, with names in lower case."""
        given, expected = headers.get("authorization", "").encode(), f"Bearer {self.token}".encode()
        if self.token and hmac.compare_digest(given, expected):
            return True
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        if any(address in network for network in self.networks):
            return True
        # A proxy on this machine forwards requests of others. They have a public host name, or a header of the proxy.
        passed_on = any(header in headers for header in _FORWARDED)
        return address.is_loopback and host_name(headers.get("host", "")) in _LOOPBACK_NAMES and not passed_on
