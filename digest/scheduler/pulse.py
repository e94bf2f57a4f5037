"""Pings for an external monitoring service, and the notice that the process stood still.

A stopped, frozen or dead process cannot report itself. So an external service expects pings, and raises the alarm when
they stop. If the process continues later, the admins learn how long it stood still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# Seconds between pings, and between readings of the clock.
_EVERY, _LOOK = 60.0, 5.0
# Seconds by which a wait may be longer than requested. On a busy machine that does not mean that the process stood
# still.
_TOLERATED = 120.0


@dataclass
class Pulse:
    """Runs in a thread of its own, apart from the jobs that it watches."""

    # Returns the problems that keep this process from working; empty if it works.
    problems: Callable[[], list[str]]
    # Pings the service. Returns the reason if that failed, else ''.
    ping: Callable[[], str]
    # Called with the seconds that the process stood still.
    on_stood_still: Callable[[float], None]
    warn: Callable[[str], None]
    every: float = _EVERY
    tolerated: float = _TOLERATED
    look: float = _LOOK
    # Why the last ping failed, to log each reason once.
    _said: str = field(default="", init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch and ping within the block."""
        ended = threading.Event()
        thread = threading.Thread(target=self._run, args=[ended], name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def beat(self) -> None:
        """Ping, unless this process is not working. Missing pings raise the alarm."""
        if self.problems():
            return
        problem = self.ping()
        if problem and problem != self._said:
            self.warn(f"The heartbeat (`alerts.heartbeat_url`) could not be sent: {problem}. It is tried every minute.")
        self._said = problem

    def _run(self, ended: threading.Event) -> None:
        next_ping = time.monotonic()
        while True:
            began = time.monotonic()
            if began >= next_ping:
                next_ping = began + self.every
                self.beat()
                began = time.monotonic()
            if ended.wait(self.look):
                return
            late = time.monotonic() - began - self.look
            if late >= self.tolerated:
                self.on_stood_still(late)
