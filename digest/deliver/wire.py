"""One request over a kept-alive connection, with the one answer that matters: could the other side have the request?

Follows no redirect, repeats nothing by itself, and ends in time whatever the other side does. Knows HTTP, no provider.
"""

from __future__ import annotations

import http.client
import io
import math
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from digest.deliver.lines import ConnectionRegistry, Line
from digest.deliver.reply import HttpResponse

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MAX_REPLY = 1_000_000
_PIECE = 1 << 18
_LONGEST_CONNECT = 10.0
_WHOLE = 3  # times the time limit
_EARLY = 1.0
_BROKEN = (OSError, http.client.HTTPException)


class RequestNotSent(Exception):
    """The request was never completely written: the other side can't have acted on it."""


class ResponseUnknown(Exception):
    """The request was written and no whole answer came."""


@dataclass(slots=True)
class _Limit:
    """Seconds for one write or read, and the moment by which the exchange must be over."""

    step: float
    until: float = math.inf

    def left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return min(self.step, left)


class _Timed(socket.socket):
    """A socket that a side which reads or writes a byte at a time can't hold up for ever."""

    limit: _Limit

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        rest = memoryview(data)
        while rest:
            self.settimeout(self.limit.left())
            rest = rest[self.send(rest[:_PIECE], flags) :]

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(self.limit.left())
        return super().recv_into(*arguments)

    def makefile(self, *_arguments: Any, **_named: Any) -> Any:
        return _Lines(super().makefile("rb", buffering=0))


class _TimedTls(_Timed, ssl.SSLSocket):
    """The same over TLS."""


class _Lines(io.BufferedReader):
    """http.client takes the end of the stream for the end of a line, and so half a head for a whole one."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size):
            raise ConnectionError("the answer broke off" if line else "the connection was closed without an answer")
        return line


class HttpClient:
    """Connections to one host, one per thread.

    `timeout` in seconds holds for each write and each read; connecting may take as long, but at most ten seconds, and
    the whole exchange three times as long.
    """

    def __init__(self, base_url: str, *, timeout: float) -> None:
        parts = urlsplit(base_url)
        self.secure = parts.scheme == "https"
        self.host, self.port = parts.hostname or "", parts.port
        self.prefix = parts.path.rstrip("/")
        self.timeout = timeout
        self.context = ssl.create_default_context() if self.secure else None
        if self.context:
            self.context.sslsocket_class = _TimedTls
        self.local = threading.local()
        self.lock = threading.Lock()
        self.open: dict[http.client.HTTPConnection, Line] = {}
        self.lines = ConnectionRegistry()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpResponse:
        """Raises NeverSent or MaybeSent; any HTTP status is a Reply."""
        return self._exchange("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str]) -> HttpResponse:
        """As `post`, with nothing to send."""
        return self._exchange("GET", path, None, headers)

    def close(self) -> None:
        with self.lock:
            connections, self.open = self.open, {}
            self.local = threading.local()
        for connection, line in connections.items():
            line.close()
            connection.close()
        self.lines.reset()

    def abort(self) -> None:
        """Breaks every exchange, whoever is in it, and each that is begun until `close`."""
        self.lines.abort()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HttpResponse:
        connection = self._connection()
        limit: _Limit = self.local.limit
        limit.until = time.monotonic() + self.timeout * _WHOLE
        try:
            if connection.sock is None:
                self._connect(connection, limit)
            connection.request(method, self.prefix + path, body=body, headers=dict(headers))
        except _BROKEN as error:
            early = _early(connection, limit)
            self._drop(connection)
            if early is not None:
                return early
            raise RequestNotSent(_words(error)) from error
        try:
            reply, go_on = _answer(connection)
        except _BROKEN as error:
            self._drop(connection)
            raise ResponseUnknown(_words(error)) from error
        if not go_on:
            self._drop(connection)
        return reply

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self.local, "connection", None)
        if kept is not None and kept.sock is not None and not _hung_up(kept):
            return kept
        if kept is not None:
            self._drop(kept)
        patience = min(self.timeout, _LONGEST_CONNECT)
        fresh = (
            http.client.HTTPSConnection(self.host, self.port, timeout=patience, context=self.context)
            if self.secure
            else http.client.HTTPConnection(self.host, self.port, timeout=patience)
        )
        self.local.connection, self.local.limit = fresh, _Limit(self.timeout)
        with self.lock:
            self.open[fresh] = self.lines.line()
        return fresh

    def _connect(self, connection: http.client.HTTPConnection, limit: _Limit) -> None:
        with self.lock:
            line = self.open.get(connection) or self.lines.line()
        dialled = line.dial(connection.host, connection.port, min(self.timeout, _LONGEST_CONNECT))
        if self.context:
            timed: Any = self.context.wrap_socket(dialled, server_hostname=connection.host)
        else:
            timed = _Timed(fileno=dialled.detach())
        timed.limit = limit
        connection.sock = timed

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        self.local.connection = None
        with self.lock:
            line = self.open.pop(connection, None)
        if line is not None:
            line.close()
        connection.close()


def _answer(connection: http.client.HTTPConnection) -> tuple[HttpResponse, bool]:
    """The answer, and whether the connection may be used again."""
    response = connection.getresponse()
    try:
        data = response.read(_MAX_REPLY)
        whole = response.isclosed() or (response.length is None and not response.chunked)
    except _BROKEN:
        data, whole = b"", False  # the status line and headers came whole: they are the answer
    headers = {name.lower(): value for name, value in response.getheaders()}
    go_on = response.isclosed() and not response.will_close
    response.close()
    return HttpResponse(response.status, headers, data, whole), go_on


def _early(connection: http.client.HTTPConnection, limit: _Limit) -> HttpResponse | None:
    """A refusal that came before the request was written to its end (a wrong key, too large a body). Nothing else that
    is said to half a request is an answer to it."""
    if connection.sock is None:
        return None
    limit.until = time.monotonic() + _EARLY
    try:
        reply, _go_on = _answer(connection)
    except _BROKEN:
        return None
    return reply if 400 <= reply.status < 500 else None


def _hung_up(connection: http.client.HTTPConnection) -> bool:
    """An idle connection that can be read has been closed by the other side (or holds what nobody asked for)."""
    if not hasattr(select, "poll"):
        return bool(select.select([connection.sock], [], [], 0)[0])
    poll = select.poll()  # select() itself takes no descriptor above 1,023
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
