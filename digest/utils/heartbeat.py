"""Heartbeats of a long-running process, sent by the loop that must not hang, and passed on to systemd.

Long work calls `beat` at each of its steps. Only the thread that keeps a heartbeat sends beats, because other threads
may run while it hangs.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

# The least seconds between two notifications of systemd.
_PAUSE = 1.0


class Heartbeat:
    """The time of the loop's last beat. `on_beat` is called at each beat. Any thread may read `age`."""

    def __init__(self, on_beat: Callable[[], None] = lambda: None) -> None:
        self._on_beat = on_beat
        self._last: float | None = None

    def beat(self) -> None:
        self._last = time.monotonic()
        self._on_beat()

    @property
    def age(self) -> float | None:
        """Seconds since the last beat; None before the first one."""
        return None if self._last is None else time.monotonic() - self._last


# New threads start without one.
_kept: ContextVar[Heartbeat | None] = ContextVar("heartbeat", default=None)


@contextmanager
def keeping(heartbeat: Heartbeat) -> Iterator[None]:
    """Within the block, `beat` in this thread beats for this heartbeat."""
    token = _kept.set(heartbeat)
    try:
        yield
    finally:
        _kept.reset(token)


def beat() -> None:
    """Record a beat, if this thread keeps a heartbeat."""
    if (found := _kept.get()) is not None:
        found.beat()


class ServiceNotifier:
    """Tells systemd that the service is ready, alive or stopping (sd_notify(3)). Without systemd nothing happens.

    It sends states to the socket that `NOTIFY_SOCKET` names. One thread uses it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._ready = False
        self._next = 0.0

    def alive(self) -> None:
        """Report readiness the first time, and watchdog pings for `WatchdogSec` from then on."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE
        self._send("WATCHDOG=1" if self._ready else "READY=1")
        self._ready = True

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        # Only sockets with a path and abstract ones, which begin with `@`, are for this machine's service manager.
        if self._address[:1] not in ("/", "@"):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # A service manager that is being restarted must not end the service.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.sendto(state.encode(), address)
