"""One request over a kept-alive connection, with the one answer that matters: could the other side have the request?

Follows no redirect, repeats nothing by itself, and every call has a time limit. Knows HTTP, no provider.
"""

from __future__ import annotations

import http.client
import select
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_MAX_REPLY = 1_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NeverSent(Exception):
    """The request was never completely written: the other side can't have acted on it."""


class MaybeSent(Exception):
    """The request was written and no whole answer came."""


class Wire:
    """Connections to one host, one per thread. `timeout` in seconds holds for connect, each write and each read."""

    def __init__(self, base_url: str, *, timeout: float) -> None:
        parts = urlsplit(base_url)
        self.secure = parts.scheme == "https"
        self.host, self.port = parts.hostname or "", parts.port
        self.prefix = parts.path.rstrip("/")
        self.timeout = timeout
        self.context = ssl.create_default_context() if self.secure else None
        self.local = threading.local()
        self.lock = threading.Lock()
        self.open: list[http.client.HTTPConnection] = []

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises NeverSent or MaybeSent; any HTTP status is a Reply."""
        return self._exchange("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        """As `post`, with nothing to send."""
        return self._exchange("GET", path, None, headers)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        connection = self._connection()
        try:
            connection.request(method, self.prefix + path, body=body, headers=dict(headers))
        except (OSError, http.client.HTTPException) as error:
            self._drop(connection)
            raise NeverSent(_words(error)) from error
        try:
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._drop(connection)
            raise MaybeSent(_words(error)) from error
        try:
            data = response.read(_MAX_REPLY)
        except (OSError, http.client.HTTPException):
            data = b""  # the status line and headers came whole: they are the answer
        if response.will_close or not response.isclosed():
            self._drop(connection)
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, data)

    def close(self) -> None:
        with self.lock:
            connections, self.open = self.open, []
            self.local = threading.local()
        for connection in connections:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self.local, "connection", None)
        if kept is not None and kept.sock is not None and not _hung_up(kept):
            return kept
        if kept is not None:
            self._drop(kept)
        fresh = (
            http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout, context=self.context)
            if self.secure
            else http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        )
        self.local.connection = fresh
        with self.lock:
            self.open.append(fresh)
        return fresh

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        self.local.connection = None
        with self.lock:
            if connection in self.open:
                self.open.remove(connection)
        connection.close()


def _hung_up(connection: http.client.HTTPConnection) -> bool:
    """An idle connection that can be read has been closed by the other side (or holds what nobody asked for)."""
    if not hasattr(select, "poll"):
        return bool(select.select([connection.sock], [], [], 0)[0])
    poll = select.poll()  # select() itself takes no descriptor above 1,023
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
