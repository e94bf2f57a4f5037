"""The bytes of an SMTP connection: all of them out, whole replies in, without waiting longer than is sensible.

Owns the socket's waiting: a server that reads or answers slowly has time as long as it goes on. Knows no command and
no letter, and of a run that is asked to stop only that the connection breaks (`deliver.lines`).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import TypeVar

G = TypeVar("G")
T = TypeVar("T")

_PORTION = 65_536  # bytes that TLS takes at once: how far it came within them nobody can tell
_UNDER_WAY = 262_144  # bytes
_LONGEST = 8192  # octets of a reply's line; RFC 5321 section 4.5.3.1.5 has 512


class Line:
    """Over a connected socket. Every method raises OSError; after one the line is good for nothing."""

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self.sock, self.timeout = sock, timeout
        self.left = 0
        """How many bytes of the last `write` may have left; the others certainly have not."""
        self._sealed = isinstance(sock, ssl.SSLSocket)
        self._held = b""
        # The system tells of room when a third of this is free: with the megabytes that it takes by itself, a slow
        # server would seem to have stopped.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNDER_WAY)

    def write(self, data: bytes, *, apart: int = 0) -> None:
        """All of `data`. Over TLS no portion reaches over the place `apart`, so that of what stands behind it nothing
        has left when something before it breaks."""
        view, sent, size = memoryview(data), 0, len(data)
        while sent < size:
            upto = size
            if self._sealed:
                upto = min(size, sent + _PORTION)
                upto = apart if sent < apart < upto else upto
            self.left = upto if self._sealed else sent
            until = time.monotonic() + self.timeout
            sent += self._patiently(self.sock.send, view[sent:upto], until)
            self.left = sent

    def reply(self, timeout: float = 0.0) -> tuple[int, bytes]:
        """The next reply's code, -1 where it has none, and what it says. `timeout` where it is not the usual one."""
        texts: list[bytes] = []
        until = time.monotonic() + (timeout or self.timeout)  # for all its lines: one that dribbles in ends as well
        while True:
            line = self._line(until)
            texts.append(line[4:].strip(b" \t\r\n"))
            try:
                code = int(line[:3])
            except ValueError:
                code = -1
            if code < 0 or line[3:4] != b"-":
                return code, b"\n".join(texts)
            self._look(until)

    def _line(self, until: float) -> bytes:
        while (end := self._held.find(b"\n") + 1) == 0:
            if len(self._held) > _LONGEST:
                raise smtplib.SMTPResponseException(500, b"the answer's line is too long")
            more = self._patiently(self.sock.recv, _PORTION, until)
            if not more:
                raise smtplib.SMTPServerDisconnected("the server closed the connection")
            self._held += more
            if b"\n" not in more:
                self._look(until)
        line, self._held = self._held[:end], self._held[end:]
        return line

    def _patiently(self, work: Callable[[G], T], given: G, until: float) -> T:
        self._look(until)
        self.sock.settimeout(until - time.monotonic())
        return work(given)

    @staticmethod
    def _look(until: float) -> None:
        if time.monotonic() >= until:
            raise TimeoutError("timed out")
