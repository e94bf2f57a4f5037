"""Whose turn it is to ask a host: few connections at a time, a pause between them, and none to one that is down.

Knows hosts and clocks; opens no connection. Shared by all threads of a process.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from digest.collect import guard
from digest.errors import DigestError

AT_ONCE = 2
"""Connections to one host at a time: what browsers of old kept to, and crawlers still do."""

APART = 1.0
"""Seconds between two starts to one host."""

SLOWEST = 10.0
"""Seconds of a robots.txt's Crawl-delay that are honoured; a page each minute would be no collecting."""

_TIRED = 3
"""Time-outs of a host in a row after which its other addresses are not waited for."""

_REST = 300.0
"""Seconds for which such a host is left alone."""

_MOST_LANES = 2_000
_LOCAL_NAMES = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


class Down(DigestError):
    """The host has let several fetches in a row run out of time; it is not asked for a while."""


@dataclass(slots=True)
class _Lane:
    seats: threading.BoundedSemaphore
    lock: threading.Lock = field(default_factory=threading.Lock)
    busy: int = 0
    apart: float = APART
    next: float = 0.0
    late: int = 0
    rests_until: float = 0.0


class Manners:
    """Gives turns. Hosts of one's own network, by name or address, are spared unless `spare_own` is false."""

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE,
        apart: float = APART,
        spare_own: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._at_once, self._apart, self._spare_own = at_once, apart, spare_own
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Waits until `host` may be asked, and holds the place until the block ends. Raises Down."""
        if self._spare_own and is_own(host):
            yield
            return
        lane = self._lane(host)
        try:
            with lane.seats:
                self._await(host, lane)
                yield
        finally:
            with self._lock:
                lane.busy -= 1

    def slow(self, host: str, apart: float) -> None:
        """The host asks for at least so many seconds between two starts; at most SLOWEST are honoured."""
        with self._lock:
            lane = self._lanes.setdefault(host, self._new())
            lane.apart = max(self._apart, min(apart, SLOWEST))

    def ended(self, host: str, *, late: bool) -> None:
        """How a fetch of the host ended: whether it ran out of time."""
        with self._lock:
            lane = self._lanes.get(host)
            if lane is None:
                return
            lane.late = lane.late + 1 if late else 0
            if lane.late >= _TIRED:
                lane.rests_until = self._clock() + _REST

    def _await(self, host: str, lane: _Lane) -> None:
        with lane.lock:
            now = self._clock()
            if lane.late >= _TIRED and now < lane.rests_until:
                raise Down(f"{host} did not answer in time {lane.late} times in a row; it is not asked for a while.")
            begin = max(now, lane.next)
            lane.next = begin + lane.apart
        if begin > now:
            self._sleep(begin - now)

    def _lane(self, host: str) -> _Lane:
        with self._lock:
            if len(self._lanes) > _MOST_LANES:
                now = self._clock()
                self._lanes = {name: lane for name, lane in self._lanes.items() if lane.busy or lane.next > now}
            lane = self._lanes.setdefault(host, self._new())
            lane.busy += 1
            return lane

    def _new(self) -> _Lane:
        return _Lane(threading.BoundedSemaphore(self._at_once), apart=self._apart)


def is_own(host: str) -> bool:
    """Whether a host is of one's own network, as its name or address alone tells."""
    if host == "localhost" or host.endswith(_LOCAL_NAMES):
        return True
    try:
        return guard.is_private(ipaddress.ip_address(host))
    except ValueError:
        return False
