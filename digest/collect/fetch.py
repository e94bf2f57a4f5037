"""Fetching one URL safely: limits on time, size, hops and addresses. Parses nothing, remembers nothing.

The connection is made to the very address that guard.py has checked (a name could resolve to something else a
moment later), while Host, SNI and the certificate check keep the name. No cookies, no retries of its own: the
next run is the retry.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin

from digest import __version__
from digest.collect import guard
from digest.collect.fetcherrors import SAID, FetchError, reason
from digest.collect.retryafter import retry_after_seconds
from digest.collect.unpack import TooLarge, Undecodable, unpack

USER_AGENT = f"hindi-digest/{__version__} (+feed reader)"
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds for connecting, for one read and for everything together; bytes after unpacking; hops."""

    connect: float = 10.0
    read: float = 15.0
    whole: float = 30.0
    body: int = 10_000_000
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back: status 200 with a body, or 304 without one. `url` is where it was found in the end.

    `permanent_url` is '' unless every hop was permanent (301, 308): then the list should be changed to it.
    """

    status: int
    url: str
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    permanent_url: str = ""


class Fetcher:
    """Fetches by GET; safe to share between threads, as a fetch has a connection of its own."""

    def __init__(self, limits: FetchLimits | None = None) -> None:
        self._limits = limits or FetchLimits()
        self._tls: Any = None
        self._lock = threading.Lock()
        # Not at the module's top, as the command line imports it for every command; and not at the first fetch,
        # as threads that import urllib3 at the same moment can meet it half made.
        import urllib3.connection  # noqa: F401

    def get(self, url: str, *, etag: str = "", last_modified: str = "", allow_private: bool = False) -> Fetched:
        """Fetch a URL, following redirects by hand; every hop is checked like the first.

        Sends `etag` and `last_modified` as conditions; an unchanged resource answers with status 304. Raises
        FetchError for everything else than 200 (and its like) and 304.
        """
        deadline = time.monotonic() + self._limits.whole
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        permanent, here, seen = True, url, {url}
        for hop in range(self._limits.redirects + 1):
            try:
                place = guard.target(here)
                answer = self._one(place, conditions, deadline, allow_private)
            except guard.Refused as refusal:
                after = f" (after a redirect from {guard.target(url).url})" if hop else ""
                raise FetchError(f"{str(refusal).rstrip('.')}{after}.") from refusal
            if answer.location is None:
                moved = place.url if hop and permanent else ""
                return Fetched(permanent_url=moved, url=place.url, **answer.fields)
            permanent = permanent and answer.status in _PERMANENT
            here = urljoin(place.url, answer.location)
            if here in seen:
                raise FetchError(f"{place.url} redirects in a circle.")
            seen.add(here)
        raise FetchError(f"{guard.target(url).url} redirects more than {self._limits.redirects} times.")

    def _one(self, place: guard.Target, conditions: dict[str, str], deadline: float, allow_private: bool) -> _Answer:
        """One request to one place; a redirect's body is not read."""
        from urllib3.exceptions import HTTPError

        with self._dial(place, deadline, allow_private) as (connection, expired):
            try:
                connection.request("GET", place.path, headers=_headers(place, conditions), preload_content=False)
                # Closing the response, for it owns the socket now; a body cut off would keep it open.
                with contextlib.closing(connection.getresponse()) as response:
                    return self._read(place, response, deadline)
            except FetchError:
                raise
            except Exception as mistake:
                if expired.is_set() or time.monotonic() >= deadline:
                    raise self._late(place) from mistake
                if isinstance(mistake, TooLarge):
                    raise FetchError(
                        f"{place.url} is larger than {self._limits.body:,} bytes, which is the limit."
                    ) from mistake
                if isinstance(mistake, HTTPError | OSError | ValueError | Undecodable):
                    raise FetchError(f"{place.url} broke off: {reason(mistake)}.") from mistake
                # http.client's own errors, and what a socket closed by the watchdog may raise
                raise FetchError(f"{place.url} did not answer in HTTP: {reason(mistake)}.") from mistake

    @contextlib.contextmanager
    def _dial(self, place: guard.Target, deadline: float, allow_private: bool) -> Iterator[tuple[Any, threading.Event]]:
        """A connection to a checked address, with a watchdog that cuts it at the deadline."""
        connection = self._connect(place, deadline, allow_private)
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

    def _connect(self, place: guard.Target, deadline: float, allow_private: bool) -> Any:
        from urllib3.exceptions import HTTPError

        failure: Exception | None = None
        for address in guard.addresses(place.host, place.port, allow_private=allow_private)[:4]:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._late(place)
            connection = self._connection(place, address, min(self._limits.connect, left))
            try:
                connection.connect()
            except (HTTPError, OSError, ValueError) as mistake:
                connection.close()
                failure = mistake
                continue
            connection.timeout = self._limits.read
            return connection
        raise FetchError(f"{place.url} can't be reached: {reason(failure)}.") from failure

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

    def _read(self, place: guard.Target, response: Any, deadline: float) -> _Answer:
        status, headers = int(response.status), response.headers
        if status in _REDIRECTS and headers.get("location"):
            return _Answer(status, location=str(headers["location"]))
        if status == 304:
            return _Answer(304, fields={"status": 304})
        if not 200 <= status < 300:
            wait = retry_after_seconds(headers.get("retry-after", ""), time.time())
            said = SAID.get(status, "answered with an error")
            raise FetchError(f"{place.url} {said} (HTTP {status}).", retry_after=wait, status=status)

        def pieces() -> Iterator[bytes]:
            # read1 gives what has come; read would wait for a full piece and so past any deadline.
            while piece := response.read1(65536, decode_content=False):
                if time.monotonic() >= deadline:
                    raise self._late(place)
                yield piece

        body = unpack(pieces(), headers.get("content-encoding", ""), limit=self._limits.body)
        if time.monotonic() >= deadline:
            # the watchdog's cut can look like a clean end of the body
            raise self._late(place)
        fields = {
            "status": status,
            "body": body,
            "content_type": str(headers.get("content-type", "")),
            "etag": str(headers.get("etag", "")),
            "last_modified": str(headers.get("last-modified", "")),
        }
        return _Answer(status, fields=fields)

    def _late(self, place: guard.Target) -> FetchError:
        return FetchError(f"{place.url} took longer than {self._limits.whole:g} seconds.")


@dataclass(frozen=True, slots=True)
class _Answer:
    """One hop's outcome: a place to go on to, or the fields of Fetched."""

    status: int
    location: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def _headers(place: guard.Target, conditions: dict[str, str]) -> dict[str, str]:
    headers = {
        "Host": place.netloc,
        "User-Agent": USER_AGENT,
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    headers.update({name: value for name, value in conditions.items() if value and value.isprintable()})
    if place.user:
        headers["Authorization"] = "Basic " + b64encode(unquote(place.user).encode()).decode("ascii")
    return headers
