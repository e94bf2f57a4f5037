"""Connections that another thread can cut: while they are made, while they talk, while they hang.

Owns opening a TCP connection and breaking it. A socket is broken by a second handle on it, for it may be wrapped in
TLS, or in the hands of a library, by then. Knows nothing of what is said over it.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class ConnectionRegistry:
    """The connections of one transport. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Line] = set()
        self._cut = threading.Event()

    def line(self) -> Line:
        """One that is not connected yet."""
        return Line(self)

    def abort(self) -> None:
        """Breaks all that there are, and every one that is made until `reset`."""
        self._cut.set()
        with self._lock:
            for line in self._open:
                line.break_off()

    def reset(self) -> None:
        self._cut.clear()

    def pause(self, seconds: float) -> None:
        """Waits so long, or until everything is cut."""
        self._cut.wait(seconds)

    def hold(self, line: Line) -> None:
        """Raises ConnectionAbortedError where everything is cut."""
        with self._lock:
            if self._cut.is_set():
                raise ConnectionAbortedError("the run was stopped, and its connections cut")
            self._open.add(line)

    def release(self, line: Line) -> None:
        with self._lock:
            self._open.discard(line)
            line.forget()


class Line:
    """One connection. `close` lets go of the handle, not of the connection, which is its user's."""

    def __init__(self, lines: ConnectionRegistry) -> None:
        self._lines = lines
        self._handle: socket.socket | None = None

    def dial(self, host: str, port: int, patience: float) -> socket.socket:
        """A connection to the first address that answers, in `patience` seconds for all of them; each read and write
        may take as long. Raises OSError."""
        until = time.monotonic() + patience
        failure: OSError = ConnectionRefusedError(f"{host} has no address")
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        for number, (family, kind, protocol, _name, address) in enumerate(found):
            made = socket.socket(family, kind, protocol)
            try:
                self._handle = made.dup()
                self._lines.hold(self)
                # One that swallows what it is sent leaves the next their share.
                made.settimeout(max((until - time.monotonic()) / (len(found) - number), 0.1))
                made.connect(address)
                made.settimeout(patience)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
            except OSError as error:
                failure = error
                self.close()
                made.close()
        raise failure

    def close(self) -> None:
        self._lines.release(self)

    def break_off(self) -> None:
        """For `Lines.abort`, which holds its lock."""
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """For `Lines.release`, which holds its lock."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
