"""Fetching one URL safely: limits on time, size, hops and addresses. Parses nothing, remembers nothing.

No cookies, no retries of its own: the next run is the retry. Secrets go to the place that they are meant for alone,
and into no message.
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
from urllib.parse import unquote, urljoin

from digest import __version__
from digest.collect import guard
from digest.collect.credential import Credential
from digest.collect.dial import Dialler
from digest.collect.fetcherrors import LATE, SAID, FetchError, late, reason
from digest.collect.manners import Down, Manners
from digest.collect.unpack import TooLarge, Undecodable, accepted, unpacked

MAX_RETRY_AFTER = 24 * 3600.0
"""A server that asks for more than a day is taken at a day, so that a wrong clock can't end a source."""


def retry_after_seconds(value: str, now: float) -> float | None:
    """Seconds to wait, 0 up to a day, from `120` or an HTTP date; None when absent or unreadable.

    `now` is POSIX time in seconds.
    """
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


SMALL = 256 * 1024
"""Bytes of one body that stay in memory: 50 MB for two hundred of them."""


class Spool:
    """A body, its size in bytes and the BLAKE2b of it in hex. Close it, or use it in a `with`."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115  closed by close()
        self._hash = hashlib.blake2b(digest_size=16)
        self.size = 0
        try:
            for piece in pieces:
                self.write(piece)
        except BaseException:
            self.close()
            raise

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()

    def read(self) -> bytes:
        """All of it; may be called again."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        self._file.close()


AGENT = "hindi-digest"
"""Our name in User-Agent and in robots.txt."""

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds for connecting, for one read and for everything together; bytes after unpacking; hops.

    `whole` counts from the moment at which the host may be asked: waiting for one's turn is not the host's fault.
    """

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

    def load(self) -> Fetched:
        """Itself, so that it can stand where a Received does."""
        return self

    def __enter__(self) -> Fetched:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


@dataclass(frozen=True, slots=True)
class Received:
    """The same with its body still packed away; `head` is all but the body. Close it, or use it in a `with`."""

    head: Fetched
    spool: Spool

    def load(self) -> Fetched:
        """With the body in memory: up to FetchLimits.body bytes."""
        return replace(self.head, body=self.spool.read())

    def __enter__(self) -> Received:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()


class Fetcher:
    """Fetches by GET; safe to share between threads, as a fetch has a connection of its own.

    `contact` is a URL (or `mailto:` and an address) of whoever answers for our visits; it goes into User-Agent.
    """

    def __init__(self, limits: FetchLimits | None = None, *, contact: str = "", manners: Manners | None = None) -> None:
        self._limits = limits or FetchLimits()
        self._dialler = Dialler(self._limits.connect, self._limits.read)
        self._agent = _user_agent(contact)
        self.manners = manners or Manners()

    def get(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        allow_private: bool = False,
        credential: Credential | None = None,
    ) -> Fetched:
        """Like `receive`, with the body in memory."""
        with self.receive(
            url, etag=etag, last_modified=last_modified, allow_private=allow_private, credential=credential
        ) as received:
            return received.load()

    def receive(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        allow_private: bool = False,
        credential: Credential | None = None,
        cut: int = 0,
    ) -> Received:
        """Fetch a URL, following redirects by hand; every hop is checked like the first, and waits for its turn.

        Sends `etag` and `last_modified` as conditions; an unchanged resource answers with status 304. `cut`: bytes
        after which the rest of a body is left unread, which is no error then. Raises FetchError for everything else
        than 200 (and its like) and 304.
        """
        left = self._limits.whole
        asked = _Asked({"If-None-Match": etag, "If-Modified-Since": last_modified}, allow_private, credential, cut)
        permanent, here, seen = True, url, {url}
        for hop in range(self._limits.redirects + 1):
            try:
                place = guard.target(here)
                with self.manners.turn(place.host):
                    began = time.monotonic()
                    answer = self._timed(place, asked, began + left)
                    left -= time.monotonic() - began
            except (guard.Refused, Down) as refusal:
                after = f" (after a redirect from {guard.target(url).url})" if hop else ""
                raise FetchError(f"{str(refusal).rstrip('.')}{after}.", late=isinstance(refusal, Down)) from refusal
            if answer.location is None:
                moved = place.url if hop and permanent else ""
                head = Fetched(permanent_url=moved, url=place.url, **answer.fields)
                return Received(head, answer.spool or Spool())
            permanent = permanent and answer.status in _PERMANENT
            here = _joined(place.url, answer.location)
            if credential is not None:
                here = credential.cleaned(here)
            if here in seen:
                raise FetchError(f"{place.url} redirects in a circle.")
            seen.add(here)
        raise FetchError(f"{guard.target(url).url} redirects more than {self._limits.redirects} times.")

    def _timed(self, place: guard.Target, asked: _Asked, deadline: float) -> _Answer:
        """One request, and whether it was late noted for the manners."""
        try:
            answer = self._one(place, asked, deadline)
        except FetchError as mistake:
            self.manners.ended(place.host, late=mistake.late)
            raise
        self.manners.ended(place.host, late=False)
        return answer

    def _one(self, place: guard.Target, asked: _Asked, deadline: float) -> _Answer:
        """One request to one place; a redirect's body is not read."""
        from urllib3.exceptions import HTTPError

        whole = self._limits.whole
        with self._dialler.dial(place, deadline, asked.allow_private, whole) as (connection, expired):
            try:
                path, headers = self._request(place, asked)
                connection.request("GET", path, headers=headers, preload_content=False)
                # Closing the response, for it owns the socket now; a body cut off would keep it open.
                with contextlib.closing(connection.getresponse()) as response:
                    return self._read(place, response, asked, deadline)
            except FetchError:
                raise
            except Exception as mistake:
                if expired.is_set() or time.monotonic() >= deadline:
                    raise late(place.url, whole) from mistake
                if isinstance(mistake, TooLarge):
                    raise FetchError(
                        f"{place.url} is larger than {self._limits.body:,} bytes, which is the limit."
                    ) from mistake
                if isinstance(mistake, HTTPError | OSError | ValueError | Undecodable):
                    said = reason(mistake)
                    raise FetchError(f"{place.url} broke off: {said}.", late=said == LATE) from mistake
                # http.client's own errors, and what a socket closed by the watchdog may raise
                raise FetchError(f"{place.url} did not answer in HTTP: {reason(mistake)}.") from mistake

    def _read(self, place: guard.Target, response: Any, asked: _Asked, deadline: float) -> _Answer:
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
                    raise late(place.url, self._limits.whole)
                yield piece

        body = unpacked(pieces(), headers.get("content-encoding", ""), limit=asked.cut or self._limits.body)
        spool = Spool(_until_too_large(body) if asked.cut else body)
        if time.monotonic() >= deadline:
            # the watchdog's cut can look like a clean end of the body
            spool.close()
            raise late(place.url, self._limits.whole)
        fields = {
            "status": status,
            "content_type": str(headers.get("content-type", "")),
            "etag": str(headers.get("etag", "")),
            "last_modified": str(headers.get("last-modified", "")),
        }
        return _Answer(status, fields=fields, spool=spool)

    def _request(self, place: guard.Target, asked: _Asked) -> tuple[str, dict[str, str]]:
        """Path and headers of one request."""
        path = place.path
        headers = {
            "Host": place.netloc,
            "User-Agent": self._agent,
            "Accept": ACCEPT,
            "Accept-Encoding": accepted(),
            "Connection": "close",
        }
        headers.update({name: value for name, value in asked.conditions.items() if value and value.isprintable()})
        if place.user:
            headers["Authorization"] = "Basic " + b64encode(unquote(place.user).encode()).decode("ascii")
        if asked.credential is not None and asked.credential.meant_for(place):
            path = asked.credential.path(path)
            headers.update(asked.credential.headers())
        return path, headers


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all hops of one fetch have in common."""

    conditions: dict[str, str]
    allow_private: bool
    credential: Credential | None
    cut: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """One hop's outcome: a place to go on to, or the fields of Fetched and the body."""

    status: int
    location: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    spool: Spool | None = None


def _joined(base: str, location: str) -> str:
    """Where a redirect leads. Raises FetchError for what is no address."""
    # http.client reads headers as Latin-1; many servers write Hindi paths in UTF-8, as browsers take them
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urljoin(base, location)
    except ValueError as mistake:
        raise FetchError(f"{base} redirects to what is not a URL ({mistake}).") from mistake


def _until_too_large(pieces: Iterator[bytes]) -> Iterator[bytes]:
    with contextlib.suppress(TooLarge):
        yield from pieces


def _user_agent(contact: str) -> str:
    """Our name, and who answers for us: a comment, so without what would end it or the header."""
    named = "".join(mark for mark in contact.strip() if "!" <= mark <= "~" and mark not in '()\\"')[:200]
    return f"{AGENT}/{__version__} (+{named})" if named else f"{AGENT}/{__version__} (+feed reader)"
