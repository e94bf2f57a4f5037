"""Tell systemd that the service is ready, alive or stopping (sd_notify(3)). Without systemd nothing happens."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping

# The least seconds between two notifications.
_PAUSE = 1.0


class ServiceNotifier:
    """Sends states to the socket that `NOTIFY_SOCKET` names. One thread uses it."""

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
