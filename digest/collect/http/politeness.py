"""Limit how often each host is contacted: few connections at a time, with pauses, and none to a host that is down."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from digest.collect.http import ssrf
from digest.errors import DigestError
from digest.messages import Message

# Simultaneous connections to one host, as older browsers allowed and crawlers still do.
MAX_CONNECTIONS = 2

# Seconds between the starts of two requests to one host.
MIN_INTERVAL = 1.0

# Seconds of a robots.txt Crawl-delay that are respected. At a page per minute no source could be collected.
MAX_INTERVAL = 10.0

# Time-outs in a row after which a host is considered down.
_MAX_TIMEOUTS = 3

# Seconds for which a host that is down is not contacted.
_COOLDOWN = 300.0

_MAX_HOSTS = 2_000
_LOCAL_NAMES = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


class HostUnavailable(DigestError):
    """The host timed out several times in a row and is not contacted for a while."""


@dataclass(slots=True)
class _HostState:
    connections: threading.BoundedSemaphore
    interval: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    # Threads that hold or wait for a connection.
    users: int = 0
    next_start: float = 0.0
    timeouts: int = 0
    unavailable_until: float = 0.0


class HostLimiter:
    """Hands out connection slots per host. Local hosts are exempt unless `exempt_local` is False."""

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        min_interval: float = MIN_INTERVAL,
        exempt_local: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._max_connections, self._min_interval = max_connections, min_interval
        self._exempt_local = exempt_local
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, _HostState] = {}

    @contextmanager
    def slot(self, host: str) -> Iterator[None]:
        """Wait for a free slot and hold it for the duration of the block. Raises HostUnavailable."""
        if self._exempt_local and is_local_host(host):
            yield
            return
        state = self._enter(host)
        try:
            with state.connections:
                self._wait(host, state)
                yield
        finally:
            with self._lock:
                state.users -= 1

    def set_delay(self, host: str, seconds: float) -> None:
        """Set the host's interval between requests, up to MAX_INTERVAL."""
        with self._lock:
            state = self._hosts.setdefault(host, self._new_state())
            state.interval = max(self._min_interval, min(seconds, MAX_INTERVAL))

    def record_result(self, host: str, *, timed_out: bool) -> None:
        """Record how a request to the host ended."""
        with self._lock:
            state = self._hosts.get(host)
            if state is None:
                return
            state.timeouts = state.timeouts + 1 if timed_out else 0
            if state.timeouts >= _MAX_TIMEOUTS:
                state.unavailable_until = self._clock() + _COOLDOWN

    def _wait(self, host: str, state: _HostState) -> None:
        with state.lock:
            now = self._clock()
            if state.timeouts >= _MAX_TIMEOUTS and now < state.unavailable_until:
                raise HostUnavailable(
                    Message(
                        "%(host)s timed out %(num)s times in a row and is not contacted for a while.",
                        host=host,
                        num=state.timeouts,
                    )
                )
            start = max(now, state.next_start)
            state.next_start = start + state.interval
        if start > now:
            self._sleep(start - now)

    def _enter(self, host: str) -> _HostState:
        with self._lock:
            if len(self._hosts) > _MAX_HOSTS:
                now = self._clock()
                self._hosts = {
                    name: state for name, state in self._hosts.items() if state.users or state.next_start > now
                }
            state = self._hosts.setdefault(host, self._new_state())
            state.users += 1
            return state

    def _new_state(self) -> _HostState:
        return _HostState(threading.BoundedSemaphore(self._max_connections), interval=self._min_interval)


def is_local_host(host: str) -> bool:
    """Whether a host's name or literal address belongs to a private network."""
    if host == "localhost" or host.endswith(_LOCAL_NAMES):
        return True
    try:
        return ssrf.is_private(ipaddress.ip_address(host))
    except ValueError:
        return False
