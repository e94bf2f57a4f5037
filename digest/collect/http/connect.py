"""Connect to the exact address that ssrf.py has checked, and close the connection at a deadline.

A name could resolve to another address after the check. SNI and the certificate check use the name.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from digest.collect.http import ssrf
from digest.errors import DigestError
from digest.messages import Message

# Addresses of one host that are tried.
_MAX_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class Deadline:
    """When one fetch must be over."""

    # time.monotonic() at which the connection is closed.
    at: float
    # The total time allowed, for messages.
    total: float

    @property
    def remaining(self) -> float:
        return self.at - time.monotonic()


class Connector:
    """Opens connections. Safe to share between threads."""

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        self._connect_timeout, self._read_timeout = connect_timeout, read_timeout
        self._tls: Any = None
        self._lock = threading.Lock()
        # Importing this at module level would slow down every command. Importing it at the first fetch could let
        # two threads meet urllib3 half initialised.
        import urllib3.connection  # noqa: F401

        # For a header that it can't parse it logs a traceback and the full URL, including a key in its query.
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

    @contextlib.contextmanager
    def connect(
        self, target: ssrf.Target, deadline: Deadline, *, allow_private: bool
    ) -> Iterator[tuple[Any, threading.Event]]:
        """Yield a connection and an event that is set when the deadline has closed it.

        Raises UrlRefused or FetchError.
        """
        connection = self._connect(target, deadline, allow_private)
        expired = threading.Event()
        # http.client drops its own reference once the response owns the socket.
        sock = connection.sock

        def close() -> None:
            # The read timeout restarts with every byte, so only this stops a server that drips its headers.
            expired.set()
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

        watchdog = threading.Timer(max(0.0, deadline.remaining), close)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield connection, expired
        finally:
            watchdog.cancel()
            connection.close()

    def _connect(self, target: ssrf.Target, deadline: Deadline, allow_private: bool) -> Any:
        from urllib3.exceptions import HTTPError

        failure: Exception | None = None
        for address in _resolve(target, deadline, allow_private)[:_MAX_ADDRESSES]:
            remaining = deadline.remaining
            if remaining <= 0:
                raise timeout_error(target.url, deadline.total)
            connection = self._connection(target, address, min(self._connect_timeout, remaining))
            try:
                connection.connect()
            except (HTTPError, OSError, ValueError) as error:
                connection.close()
                failure = error
                continue
            connection.timeout = self._read_timeout
            return connection
        cause = describe_cause(failure)
        raise FetchError(
            Message("%(url)s can't be reached: %(why)s.", url=target.url, why=cause), timed_out=cause == TIMED_OUT
        ) from failure

    def _connection(self, target: ssrf.Target, address: ssrf.Address, timeout: float) -> Any:
        from urllib3.connection import HTTPConnection, HTTPSConnection

        if target.scheme == "http":
            return HTTPConnection(str(address), target.port, timeout=timeout)
        with self._lock:
            if self._tls is None:
                import ssl

                self._tls = ssl.create_default_context()
        return HTTPSConnection(
            str(address),
            target.port,
            timeout=timeout,
            ssl_context=self._tls,
            server_hostname=target.host,
            assert_hostname=target.host,
        )


def _resolve(target: ssrf.Target, deadline: Deadline, allow_private: bool) -> list[ssrf.Address]:
    """Call ssrf.resolve with a deadline. The system resolver has none, and may take minutes for a dead zone."""
    addresses: list[ssrf.Address] = []
    errors: list[Exception] = []

    def resolve() -> None:
        try:
            addresses.extend(ssrf.resolve(target.host, target.port, allow_private=allow_private))
        except Exception as error:
            # Raised again in the waiting thread.
            errors.append(error)

    is_literal = target.host.replace(".", "").isdigit() or ":" in target.host
    if is_literal:
        resolve()
    else:
        thread = threading.Thread(target=resolve, daemon=True)
        thread.start()
        thread.join(max(0.0, deadline.remaining))
        if thread.is_alive():
            raise timeout_error(target.url, deadline.total)
    if errors:
        raise errors[0]
    return addresses


# The meaning of a status, as the middle of a sentence.
STATUS_MEANINGS = {
    401: Message("requires a login"),
    403: Message("forbids access"),
    404: Message("does not exist"),
    410: Message("is permanently gone"),
    429: Message("asks us to send fewer requests"),
    503: Message("is temporarily out of service"),
}

TIMED_OUT = Message("no answer in time")


class FetchError(DigestError):
    """Nothing could be fetched. The message is one sentence."""

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        status: int = 0,
        *,
        timed_out: bool = False,
        private: bool = False,
    ) -> None:
        super().__init__(message)
        # Seconds, if the server named a time.
        self.retry_after = retry_after
        # HTTP status, 0 if there was no answer.
        self.status = status
        self.timed_out = timed_out
        # The host of the URL itself, not of a redirect, has an address that `allow_private` would permit.
        self.private = private


def timeout_error(url: str, seconds: float) -> FetchError:
    """Return the error for a fetch that exceeded its total time."""
    return FetchError(Message("%(url)s took longer than %(num)s seconds.", url=url, num=f"{seconds:g}"), timed_out=True)


def describe_cause(error: Exception | None) -> str:
    """Return the cause of an error in a few words, without the reprs of objects that urllib3's messages contain."""
    import ssl

    from urllib3.exceptions import ConnectTimeoutError, IncompleteRead, ReadTimeoutError

    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    # The order matters: urllib3 reports a refused connection as a timeout, too.
    for kind, description in (
        (ssl.SSLCertVerificationError, Message("its certificate is not valid")),
        (ConnectionRefusedError, Message("the connection was refused")),
        (IncompleteRead, Message("the body ended too early")),
        ((TimeoutError, ConnectTimeoutError, ReadTimeoutError), TIMED_OUT),
    ):
        if any(isinstance(one, kind) for one in causes):
            return description
    last = causes[-1] if causes else None
    return " ".join((str(last) or type(last).__name__).split()).rstrip(".") if last else Message("it has no address")
