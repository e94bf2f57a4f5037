"""Connects to the very address that guard.py has checked, and cuts the connection at its deadline.

Knows deadlines, addresses and certificates; asks for nothing. A name could resolve to something else a moment
after the check, so the address is dialled, while SNI and the certificate check keep the name.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from digest.collect import guard
from digest.collect.fetcherrors import LATE, FetchError, late, reason


class Dialler:
    """Makes connections; `connect` and `read` are seconds for connecting and for one read. Safe between threads."""

    def __init__(self, connect: float, read: float) -> None:
        self._seconds, self._read = connect, read
        self._tls: Any = None
        self._lock = threading.Lock()
        # Not at the module's top, as the command line imports it for every command; and not at the first fetch,
        # as threads that import urllib3 at the same moment can meet it half made.
        import urllib3.connection  # noqa: F401

        # Of a header that it can't read it logs a traceback and the whole address, a key in its query included.
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

    @contextlib.contextmanager
    def dial(
        self, place: guard.Target, deadline: float, allow_private: bool, whole: float
    ) -> Iterator[tuple[Any, threading.Event]]:
        """A connection to a checked address, with a watchdog that cuts it at `deadline` (monotonic seconds).

        Raises guard.Refused, or FetchError when nothing can be reached; `whole` is what the deadline is told as.
        """
        connection = self._connect(place, deadline, allow_private, whole)
        expired = threading.Event()
        wire = connection.sock  # http.client drops its own reference once the response owns the socket

        def cut() -> None:
            # The read timeout starts anew with every byte, so only this stops a drip within the headers.
            expired.set()
            with contextlib.suppress(OSError):
                socket.socket.shutdown(wire, socket.SHUT_RDWR)

        watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield connection, expired
        finally:
            watchdog.cancel()
            connection.close()

    def _connect(self, place: guard.Target, deadline: float, allow_private: bool, whole: float) -> Any:
        from urllib3.exceptions import HTTPError

        failure: Exception | None = None
        for address in _addresses(place, deadline, allow_private, whole)[:4]:
            left = deadline - time.monotonic()
            if left <= 0:
                raise late(place.url, whole)
            connection = self._connection(place, address, min(self._seconds, left))
            try:
                connection.connect()
            except (HTTPError, OSError, ValueError) as mistake:
                connection.close()
                failure = mistake
                continue
            connection.timeout = self._read
            return connection
        said = reason(failure)
        raise FetchError(f"{place.url} can't be reached: {said}.", late=said == LATE) from failure

    def _connection(self, place: guard.Target, address: guard.Address, timeout: float) -> Any:
        from urllib3.connection import HTTPConnection, HTTPSConnection

        if place.scheme == "http":
            return HTTPConnection(str(address), place.port, timeout=timeout)
        with self._lock:
            if self._tls is None:
                import ssl

                self._tls = ssl.create_default_context()
        return HTTPSConnection(
            str(address),
            place.port,
            timeout=timeout,
            ssl_context=self._tls,
            server_hostname=place.host,
            assert_hostname=place.host,
        )


def _addresses(place: guard.Target, deadline: float, allow_private: bool, whole: float) -> list[guard.Address]:
    """guard.addresses within the deadline: the system's resolver knows none, and may take minutes over a dead zone."""
    found: list[guard.Address] = []
    raised: list[Exception] = []

    def resolve() -> None:
        try:
            found.extend(guard.addresses(place.host, place.port, allow_private=allow_private))
        except Exception as mistake:  # handed on to the thread that waits
            raised.append(mistake)

    if place.host.replace(".", "").isdigit() or ":" in place.host:
        resolve()  # a literal address: nobody is asked
    else:
        asking = threading.Thread(target=resolve, daemon=True)
        asking.start()
        asking.join(max(0.0, deadline - time.monotonic()))
        if asking.is_alive():
            raise late(place.url, whole)
    if raised:
        raise raised[0]
    return found
