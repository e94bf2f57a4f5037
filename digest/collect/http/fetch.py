"""Fetch one URL safely, with limits on time, size, redirects and addresses.

There are no retries, because the next run fetches again. Secrets are sent only to the host that they are for, and
appear in no message.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urljoin, urlsplit, urlunsplit

from digest import __version__
from digest.collect.http import ssrf
from digest.collect.http.connect import (
    STATUS_MEANINGS,
    TIMED_OUT,
    Connector,
    Deadline,
    FetchError,
    describe_cause,
    timeout_error,
)
from digest.collect.http.decode import BodyTooLarge, DecompressError, accept_encoding, decompress
from digest.collect.http.politeness import HostLimiter, HostUnavailable
from digest.messages import Message, message_of

_DEFAULT_PORTS = {("http", 80), ("https", 443)}


@dataclass(frozen=True, slots=True)
class SourceCredential:
    """A secret and where to put it."""

    # The source's own address.
    origin: ssrf.Target
    value: str = field(repr=False)
    # The name of a header or of a parameter; exactly one of them is set.
    header: str = ""
    param: str = ""

    def applies_to(self, target: ssrf.Target) -> bool:
        """Whether a request may carry it: to the same host and port, or an upgrade from http to https, never down."""
        if target.host != self.origin.host or (self.origin.scheme, target.scheme) == ("https", "http"):
            return False
        is_upgrade = {(self.origin.scheme, self.origin.port), (target.scheme, target.port)} == _DEFAULT_PORTS
        return target.port == self.origin.port or is_upgrade

    def add_to_path(self, path: str) -> str:
        """Return the request's path, including its query, with the parameter added."""
        if not self.param:
            return path
        return f"{path}{'&' if '?' in path else '?'}{quote(self.param, safe='')}={quote(self.value, safe='')}"

    def headers(self) -> dict[str, str]:
        return {self.header: self.value} if self.header else {}

    def remove_from(self, url: str) -> str:
        """Return a redirect's URL without the parameter, which many servers repeat in it."""
        if not self.param:
            return url
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        pairs = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) != self.param]
        return urlunsplit(parts._replace(query="&".join(pairs)))


# Our name in User-Agent and in robots.txt.
AGENT = "hindi-digest"

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)

# Seconds. A server with a wrong clock must not be able to stop a source for longer than a day.
MAX_RETRY_AFTER = 24 * 3600.0

# Bytes of one body that are kept in memory: 50 MB for two hundred fetches.
MAX_IN_MEMORY = 256 * 1024

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})


def retry_after_seconds(value: str, now: float) -> float | None:
    """Return the seconds to wait by a Retry-After header (RFC 9110, 10.2.3), at most a day; None if unreadable."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), MAX_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(value)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return min(max(0.0, when.timestamp() - now), MAX_RETRY_AFTER)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


class TempBody:
    """A response body that waits to be parsed, in memory if it is small. Close it, or use it in a `with`."""

    def __init__(self, chunks: Iterable[bytes] = ()) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115
        self._hash = hashlib.blake2b(digest_size=16)
        self.size = 0
        try:
            for chunk in chunks:
                self.write(chunk)
        except BaseException:
            self.close()
            raise

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    @property
    def hash(self) -> str:
        """BLAKE2b of the body, in hex."""
        return self._hash.hexdigest()

    def read(self) -> bytes:
        """Return the whole body; may be called again."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits of one fetch."""

    # Seconds.
    connect: float = 10.0
    read: float = 15.0
    # Seconds for everything, without the wait for the host limiter, which is not the host's fault.
    total: float = 30.0
    # Bytes after decompression.
    body: int = 10_000_000
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Response:
    """A response: status 200 with a body, or 304 without one."""

    status: int
    # The final URL, after redirects; None if the body is a file's.
    url: str | None
    body: bytes = b""
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    # The final URL if all redirects were permanent (301, 308).
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """A response with its body in a TempBody. Close it, or use it in a `with`."""

    # The response without its body.
    head: Response
    temp_body: TempBody

    def load(self) -> Response:
        """Return the response with its body in memory: up to FetchLimits.body bytes."""
        return replace(self.head, body=self.temp_body.read())

    def __enter__(self) -> StreamedResponse:
        return self

    def __exit__(self, *_: object) -> None:
        self.temp_body.close()


class Fetcher:
    """Fetches with GET. Safe to share between threads. `contact`, a URL or `mailto:`, goes into User-Agent."""

    def __init__(
        self, limits: FetchLimits | None = None, *, contact: str = "", limiter: HostLimiter | None = None
    ) -> None:
        self._limits = limits or FetchLimits()
        self._connector = Connector(self._limits.connect, self._limits.read)
        self._user_agent = _user_agent(contact)
        self.limiter = limiter or HostLimiter()

    def get(self, url: str, **options: Any) -> Response:
        """Like `stream`, with the body in memory."""
        with self.stream(url, **options) as response:
            return response.load()

    def stream(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        allow_private: bool = False,
        credential: SourceCredential | None = None,
        truncate_at: int | None = None,
    ) -> StreamedResponse:
        """Fetch a URL. Every redirect is checked like the first URL, and waits for the host limiter.

        `allow_private` permits private addresses for the host of this URL only: a redirect to another host must lead
        to a public address.
        An unchanged resource gives 304. With `truncate_at`, a longer body is cut there. Raises FetchError for any
        other status than 2xx and 304.
        """
        time_left = self._limits.total
        conditions = {"If-None-Match": etag or "", "If-Modified-Since": last_modified or ""}
        request = _Request(conditions, url if allow_private else None, credential, truncate_at)
        is_permanent, current, visited = True, url, {url}
        for hop in range(self._limits.redirects + 1):
            try:
                target = ssrf.parse_url(current)
                with self.limiter.slot(target.host):
                    start = time.monotonic()
                    answer = self._request_and_record(target, request, start + time_left)
                    time_left -= time.monotonic() - start
            except (ssrf.UrlRefused, HostUnavailable) as error:
                message = message_of(error)
                if hop:
                    first = ssrf.parse_url(url).url
                    message = Message("%(why)s (after a redirect from %(url)s).", why=message, url=first)
                private = isinstance(error, ssrf.PrivateAddress) and not hop
                raise FetchError(message, timed_out=isinstance(error, HostUnavailable), private=private) from error
            if answer.location is None:
                permanent_url = target.url if hop and is_permanent else None
                head = Response(permanent_url=permanent_url, url=target.url, **answer.fields)
                return StreamedResponse(head, answer.temp_body or TempBody())
            is_permanent = is_permanent and answer.status in _PERMANENT
            current = _redirect_target(target.url, answer.location)
            if credential is not None:
                current = credential.remove_from(current)
            if current in visited:
                raise FetchError(Message("%(url)s redirects in a circle.", url=target.url))
            visited.add(current)
        raise FetchError(
            Message(
                "%(url)s redirects more than %(num)s times.", url=ssrf.parse_url(url).url, num=self._limits.redirects
            )
        )

    def _request_and_record(self, target: ssrf.Target, request: _Request, deadline: float) -> _Answer:
        """Send one request, and record in the limiter whether it timed out."""
        try:
            answer = self._request(target, request, Deadline(deadline, self._limits.total))
        except FetchError as error:
            self.limiter.record_result(target.host, timed_out=error.timed_out)
            raise
        self.limiter.record_result(target.host, timed_out=False)
        return answer

    def _request(self, target: ssrf.Target, request: _Request, deadline: Deadline) -> _Answer:
        """Send one request to one address. The body of a redirect is not read."""
        from urllib3.exceptions import HTTPError

        connecting = self._connector.connect(target, deadline, allow_private=request.may_be_private(target))
        with connecting as (connection, expired):
            try:
                path, headers = self._path_and_headers(target, request)
                connection.request("GET", path, headers=headers, preload_content=False)
                # The response owns the socket now, and would keep it open if its body were not read to the end.
                with contextlib.closing(connection.getresponse()) as response:
                    return self._read_response(target, response, request, deadline)
            except FetchError:
                raise
            except Exception as error:
                if expired.is_set() or deadline.remaining <= 0:
                    raise timeout_error(target.url, deadline.total) from error
                if isinstance(error, BodyTooLarge):
                    message = Message(
                        "%(url)s is larger than %(num)s bytes, which is the limit.",
                        url=target.url,
                        num=f"{self._limits.body:,}",
                    )
                    raise FetchError(message) from error
                cause = describe_cause(error)
                if isinstance(error, HTTPError | OSError | ValueError | DecompressError):
                    raise FetchError(
                        Message("%(url)s broke off: %(why)s.", url=target.url, why=cause), timed_out=cause == TIMED_OUT
                    ) from error
                # Errors of http.client itself, and what a socket raises after the watchdog has closed it.
                raise FetchError(
                    Message("%(url)s did not answer in HTTP: %(why)s.", url=target.url, why=cause)
                ) from error

    def _read_response(self, target: ssrf.Target, response: Any, request: _Request, deadline: Deadline) -> _Answer:
        status, headers = int(response.status), response.headers
        if status in _REDIRECTS and headers.get("location"):
            return _Answer(status, location=str(headers["location"]))
        if status == 304:
            return _Answer(304, fields={"status": 304})
        if not 200 <= status < 300:
            retry_after = retry_after_seconds(headers.get("retry-after", ""), time.time())
            meaning = STATUS_MEANINGS.get(status, Message("answered with an error"))
            raise FetchError(
                Message("%(url)s %(why)s (HTTP %(num)s).", url=target.url, why=meaning, num=status),
                retry_after=retry_after,
                status=status,
            )

        def chunks() -> Iterator[bytes]:
            # read1 returns what has arrived. read would wait for a full chunk, and so beyond the deadline.
            while chunk := response.read1(65536, decode_content=False):
                if deadline.remaining <= 0:
                    raise timeout_error(target.url, deadline.total)
                yield chunk

        limit = request.truncate_at or self._limits.body
        body = decompress(chunks(), headers.get("content-encoding", ""), limit=limit)
        temp_body = TempBody(_truncate(body) if request.truncate_at else body)
        if deadline.remaining <= 0:
            # A socket closed by the watchdog can look like the regular end of the body.
            temp_body.close()
            raise timeout_error(target.url, deadline.total)
        fields = {
            "status": status,
            "content_type": str(headers.get("content-type", "")),
            "etag": headers.get("etag") or None,
            "last_modified": headers.get("last-modified") or None,
        }
        return _Answer(status, fields=fields, temp_body=temp_body)

    def _path_and_headers(self, target: ssrf.Target, request: _Request) -> tuple[str, dict[str, str]]:
        path = target.path
        headers = {
            "Host": target.netloc,
            "User-Agent": self._user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": accept_encoding(),
            "Connection": "close",
        }
        headers.update({name: value for name, value in request.conditions.items() if value and value.isprintable()})
        if target.user:
            headers["Authorization"] = "Basic " + b64encode(unquote(target.user).encode()).decode("ascii")
        if request.credential is not None and request.credential.applies_to(target):
            path = request.credential.add_to_path(path)
            headers.update(request.credential.headers())
        return path, headers


@dataclass(frozen=True, slots=True)
class _Request:
    """The parts of a request that all redirects of one fetch share."""

    conditions: dict[str, str]
    # The URL whose host may have a private address; None if none may.
    private: str | None
    credential: SourceCredential | None
    truncate_at: int | None

    def may_be_private(self, target: ssrf.Target) -> bool:
        return self.private is not None and ssrf.same_host(target.url, self.private)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The outcome of one request: a redirect's location, or the fields of a Response and its body."""

    status: int
    location: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    temp_body: TempBody | None = None


def _redirect_target(base: str, location: str) -> str:
    """Return the absolute URL of a redirect. Raises FetchError if it is not a URL."""
    # http.client decodes headers as Latin-1, but many servers write Hindi paths in UTF-8, which browsers accept.
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urljoin(base, location)
    except ValueError as error:
        raise FetchError(
            Message("%(url)s redirects to something that is not a URL (%(why)s).", url=base, why=error)
        ) from error


def _truncate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks up to the limit. A larger body is cut, and is not an error."""
    with contextlib.suppress(BodyTooLarge):
        yield from chunks


def _user_agent(contact: str) -> str:
    """Return our name and contact.

    The contact is a comment in the header, so characters that would end it are removed.
    """
    shown = "".join(char for char in contact.strip() if "!" <= char <= "~" and char not in '()\\"')[:200]
    return f"{AGENT}/{__version__} (+{shown or 'feed reader'})"
