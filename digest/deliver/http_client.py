"""An HTTP client that answers the one question that matters after a failure: could the server have the request?

It follows no redirect, repeats nothing, and ends in bounded time whatever the server does. Another thread can abort its
connections at any moment. SMTP connections are in the same `ConnectionRegistry`.
"""

from __future__ import annotations

import http.client
import io
import math
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from digest.utils import redact

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MAX_RESPONSE_BYTES = 1_000_000
_CHUNK_BYTES = 1 << 18
# Seconds.
_MAX_CONNECT_TIMEOUT = 10.0
_EARLY_RESPONSE_TIMEOUT = 1.0
_MIN_RETRY_AFTER, _MAX_RETRY_AFTER = 1.0, 3600.0
# The whole exchange may take this many times the timeout of a single read or write.
_EXCHANGE_TIMEOUT_FACTOR = 3
_CONNECTION_ERRORS = (OSError, http.client.HTTPException)
_DIGITS = re.compile(r"[0-9]{1,12}\Z")


class RequestNotSent(Exception):
    """The request was not written completely, so the server cannot have acted on it."""


class ResponseUnknown(Exception):
    """The request was written, but no complete response arrived."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A server's response, without the secrets of ours that it repeats."""

    status: int
    # Names in lower case. Always complete.
    headers: Mapping[str, str]
    body: bytes
    # False if the body broke off.
    complete: bool = True

    @property
    def is_html(self) -> bool:
        """Whether this is a web page. It then comes from a proxy, a gateway or a login page, and not from an API."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind in ("text/html", "application/xhtml+xml") or self.body.lstrip()[:1] == b"<"

    def json(self) -> Any:
        """Return the JSON value of the body; None if it has none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def json_object(self) -> dict[str, Any]:
        """Return the JSON object of the body; empty if it has none."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    def found(self) -> dict[str, Any]:
        """Return the JSON object of a 200; empty for any other response."""
        return self.json_object() if self.status == 200 else {}

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the objects in a list of the JSON object of a 200."""
        rows = self.found().get(name)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def field(self, name: str) -> str | None:
        """Return a string in the JSON object of the body."""
        value = self.json_object().get(name)
        return value if isinstance(value, str) else None

    def retry_after(self, reset_header: str | None = None) -> float | None:
        """Return how many seconds the server asks us to wait, between one second and an hour; None if it does not.

        Reads Retry-After (RFC 9110 section 10.2.3) and `reset_header`, which holds a Unix time. Counts from the
        response's own Date, because our clock may be wrong.
        """
        date = _unix_time(self.headers.get("date", ""))
        now = time.time() if date is None else date
        after = self.headers.get("retry-after", "").strip()
        reset = self.headers.get(reset_header, "").strip() if reset_header else ""
        waits = []
        if _DIGITS.match(after):
            waits.append(float(after))
        elif (moment := _unix_time(after)) is not None:
            waits.append(moment - now)
        if _DIGITS.match(reset):
            waits.append(float(reset) - now)
        return min(max(*waits, _MIN_RETRY_AFTER), _MAX_RETRY_AFTER) if waits else None


class ConnectionRegistry:
    """The open connections of one transport, which another thread can abort. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._aborted = threading.Event()

    def connection(self) -> Connection:
        """Return a connection that is not open yet."""
        return Connection(self)

    def abort(self) -> None:
        """Break all connections, and each that is opened until `reset`."""
        self._aborted.set()
        with self._lock:
            for connection in self._open:
                connection.break_off()

    def reset(self) -> None:
        """Allow connections again."""
        self._aborted.clear()

    def pause(self, seconds: float) -> None:
        """Wait, or return early if everything is aborted."""
        self._aborted.wait(seconds)

    def add(self, connection: Connection) -> None:
        """Register a connection. Raises ConnectionAbortedError after `abort`."""
        with self._lock:
            if self._aborted.is_set():
                raise ConnectionAbortedError("the run was stopped and its connections were aborted")
            self._open.add(connection)

    def release(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(connection)
            connection.forget()


class Connection:
    """One TCP connection.

    It keeps a second handle on the socket, because the first may be wrapped in TLS or belong to a library. `break_off`
    uses this handle, and `close` closes it alone.
    """

    def __init__(self, registry: ConnectionRegistry) -> None:
        self._registry = registry
        self._handle: socket.socket | None = None

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to the first address that answers, within `timeout` seconds for all of them. Raises OSError.

        `timeout` is also set for each later read and write.
        """
        until = time.monotonic() + timeout
        failure: OSError = ConnectionRefusedError(f"{host} has no address")
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        for number, (family, kind, protocol, _name, address) in enumerate(found):
            sock = socket.socket(family, kind, protocol)
            try:
                self._handle = sock.dup()
                self._registry.add(self)
                # An address that never answers leaves the next ones their share of the time.
                sock.settimeout(max((until - time.monotonic()) / (len(found) - number), 0.1))
                sock.connect(address)
                sock.settimeout(timeout)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as error:
                failure = error
                self.close()
                sock.close()
        raise failure

    def close(self) -> None:
        self._registry.release(self)

    def break_off(self) -> None:
        """Break off the connection. Called by the registry, which holds its lock."""
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Close the second handle. Only the registry calls this, while it holds its lock."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


@dataclass(slots=True)
class _Deadline:
    """Time limits of an exchange."""

    # Seconds for one read or write.
    step: float
    # When the whole exchange must be over, on the monotonic clock.
    until: float = math.inf

    def remaining(self) -> float:
        remaining = self.until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the exchange took too long")
        return min(self.step, remaining)


class _TimedSocket(socket.socket):
    """A socket with a deadline, so that a server that reads or writes a byte at a time cannot hold us up."""

    deadline: _Deadline

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        rest = memoryview(data)
        while rest:
            self.settimeout(self.deadline.remaining())
            rest = rest[self.send(rest[:_CHUNK_BYTES], flags) :]

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(self.deadline.remaining())
        return super().recv_into(*arguments)

    def makefile(self, *_arguments: Any, **_named: Any) -> Any:
        return _StrictReader(super().makefile("rb", buffering=0))


class _TimedTlsSocket(_TimedSocket, ssl.SSLSocket):
    """A `_TimedSocket` over TLS."""


class _StrictReader(io.BufferedReader):
    """Raises on an unterminated line. http.client would read half a response head as a whole one."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size):
            raise ConnectionError("the response broke off" if line else "the connection was closed without a response")
        return line


class HttpClient:
    """Keeps one connection per thread to one host.

    `timeout` in seconds applies to each read and write, and to connecting, which may take at most ten seconds. The
    whole exchange may take three times as long.
    """

    def __init__(self, base_url: str, *, timeout: float) -> None:
        parts = urlsplit(base_url)
        self.secure = parts.scheme == "https"
        self.host, self.port = parts.hostname or "", parts.port
        self.prefix = parts.path.rstrip("/")
        self.timeout = timeout
        self.context = ssl.create_default_context() if self.secure else None
        if self.context:
            self.context.sslsocket_class = _TimedTlsSocket
        self.local = threading.local()
        self.lock = threading.Lock()
        self.open: dict[http.client.HTTPConnection, Connection] = {}
        self.registry = ConnectionRegistry()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpResponse:
        """Return the response whatever its status. Raises RequestNotSent or ResponseUnknown."""
        return self._exchange("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str]) -> HttpResponse:
        """Like `post`, without a body."""
        return self._exchange("GET", path, None, headers)

    def delete(self, path: str, headers: Mapping[str, str]) -> HttpResponse:
        """Like `post`, without a body."""
        return self._exchange("DELETE", path, None, headers)

    def close(self) -> None:
        with self.lock:
            connections, self.open = self.open, {}
            self.local = threading.local()
        for http_connection, connection in connections.items():
            connection.close()
            http_connection.close()
        self.registry.reset()

    def abort(self) -> None:
        """Break every exchange in any thread, and each that begins until `close`."""
        self.registry.abort()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HttpResponse:
        connection = self._connection()
        deadline: _Deadline = self.local.deadline
        deadline.until = time.monotonic() + self.timeout * _EXCHANGE_TIMEOUT_FACTOR
        try:
            if connection.sock is None:
                self._connect(connection, deadline)
            connection.request(method, self.prefix + path, body=body, headers=dict(headers))
        except _CONNECTION_ERRORS as error:
            early = _early_response(connection, deadline)
            self._drop(connection)
            if early is not None:
                return early
            raise RequestNotSent(_describe(error)) from error
        try:
            response, reusable = _read_response(connection)
        except _CONNECTION_ERRORS as error:
            self._drop(connection)
            raise ResponseUnknown(_describe(error)) from error
        if not reusable:
            self._drop(connection)
        return response

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self.local, "connection", None)
        if kept is not None and kept.sock is not None and not _is_closed_by_server(kept):
            return kept
        if kept is not None:
            self._drop(kept)
        timeout = min(self.timeout, _MAX_CONNECT_TIMEOUT)
        fresh = (
            http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.context)
            if self.secure
            else http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        )
        self.local.connection, self.local.deadline = fresh, _Deadline(self.timeout)
        with self.lock:
            self.open[fresh] = self.registry.connection()
        return fresh

    def _connect(self, http_connection: http.client.HTTPConnection, deadline: _Deadline) -> None:
        with self.lock:
            connection = self.open.get(http_connection) or self.registry.connection()
        host, port = http_connection.host, http_connection.port
        dialled = connection.connect(host, port, min(self.timeout, _MAX_CONNECT_TIMEOUT))
        if self.context:
            timed: Any = self.context.wrap_socket(dialled, server_hostname=host)
        else:
            timed = _TimedSocket(fileno=dialled.detach())
        timed.deadline = deadline
        http_connection.sock = timed

    def _drop(self, http_connection: http.client.HTTPConnection) -> None:
        self.local.connection = None
        with self.lock:
            connection = self.open.pop(http_connection, None)
        if connection is not None:
            connection.close()
        http_connection.close()


def _read_response(connection: http.client.HTTPConnection) -> tuple[HttpResponse, bool]:
    """Return the response, and whether the connection can be used again."""
    response = connection.getresponse()
    try:
        data = response.read(_MAX_RESPONSE_BYTES)
        complete = response.isclosed() or (response.length is None and not response.chunked)
    except _CONNECTION_ERRORS:
        # The status line and the headers are complete, and they decide the outcome.
        data, complete = b"", False
    # Before messages are shortened, because a truncated secret could not be found.
    data = redact.without_known_bytes(data)
    headers = {name.lower(): redact.without_known(value) for name, value in response.getheaders()}
    reusable = response.isclosed() and not response.will_close
    response.close()
    return HttpResponse(response.status, headers, data, complete), reusable


def _early_response(connection: http.client.HTTPConnection, deadline: _Deadline) -> HttpResponse | None:
    """Return a refusal that arrived before the request was written completely.

    Its cause is a wrong key, or a body that is too large. Any other response to half a request proves nothing.
    """
    if connection.sock is None:
        return None
    deadline.until = time.monotonic() + _EARLY_RESPONSE_TIMEOUT
    try:
        response, _reusable = _read_response(connection)
    except _CONNECTION_ERRORS:
        return None
    return response if 400 <= response.status < 500 else None


def _is_closed_by_server(connection: http.client.HTTPConnection) -> bool:
    """Whether an idle connection is readable: then the server closed it, or sent data without a request."""
    if not hasattr(select, "poll"):
        return bool(select.select([connection.sock], [], [], 0)[0])
    # Unlike select(), poll() takes file descriptors above 1,023.
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _unix_time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _describe(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return "the host is not found in the DNS; check the network of this machine"
    # Without the number in brackets. The text of TLS is not in `strerror` alone.
    text = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
    return redact.redact(text or str(error)) or type(error).__name__
