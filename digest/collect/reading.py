"""What one source gives, from its place to its articles: fetched, parsed, followed, its pages read. Runs in a thread.

Follows what a document leads to: the feed that a page names, a sitemap's children, the pages of cut articles. Saves
nothing, and decides nothing about what it reads: documents, fulltext and robots do.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from digest.collect import guard
from digest.collect.credential import Credential
from digest.collect.documents import merged, read_document
from digest.collect.dropfolder import read_path
from digest.collect.fetch import Fetcher, Received
from digest.collect.fetcherrors import FetchError
from digest.collect.fulltextfetch import MOST_PAGES, Made, fill, may_be_private, restored
from digest.collect.health import marked
from digest.collect.memory import Remembered, Validators
from digest.collect.parsed import Parsed
from digest.collect.robots import Permission, Robots
from digest.errors import ConfigurationError, DigestError
from digest.files import placed
from digest.models import Source

LARGE = 1_000_000
"""Bytes from which a document waits for the other large ones; a feed of thirty full articles has some 200,000."""


class Turns:
    """Shared by the threads of one run."""

    def __init__(self, cores: int = 0) -> None:
        self._cores = threading.BoundedSemaphore(cores or os.cpu_count() or 1)
        self._large = threading.Lock()

    @contextmanager
    def turn(self, size: int = 0) -> Iterator[None]:
        """A turn for a document of `size` bytes, until the block ends. Not to be nested."""
        if size < LARGE:
            with self._cores:
                yield
        else:
            with self._large, self._cores:
                yield


MOST_CHILDREN = 5
"""Documents that an index may lead to in one run."""

_LARGEST_PAGE = 3_000_000
"""Bytes of an article's page that are read; what follows is no text of it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a source gave. `validators` None: nothing has changed; empty ones: to be read again the next time.

    `moved_to` is the address that it has moved to for good, or ''.
    """

    parsed: Parsed
    validators: Validators | None
    seconds: float
    moved_to: str = ""


@dataclass(frozen=True)
class Reader:
    """Reads sources with what it was given; safe between threads.

    `secret` finds the key that a variable names. `eager`: pages are read for every source that does not forbid it.
    """

    fetcher: Fetcher
    now: datetime
    home: Path
    robots: Robots
    made: Made
    secret: Callable[[str], str] | None = None
    shelf: object = None
    turns: Turns = field(default_factory=Turns)
    most_pages: int = MOST_PAGES
    eager: bool = False

    def read(self, source: Source, known: Remembered) -> Read:
        """Raises DigestError with one sentence when nothing could be fetched."""
        start = time.monotonic()
        if not source.url:
            return replace(self._read_path(source, known), seconds=time.monotonic() - start)
        if source.url.strip().lower().startswith("file:"):
            raise FetchError("file: URLs are not read; give the source a path.")
        with self._received(source, known) as (received, moved_to):
            read = self._opened(source, known, received, moved_to)
        return replace(read, seconds=time.monotonic() - start)

    def _read_path(self, source: Source, known: Remembered) -> Read:
        """A file that is as it was is not parsed again; a folder is, as its files come and go."""
        path = placed(self.home, source.path)
        before = "" if source.replay else known.validators.body_hash
        body_hash = marked(source, _file_hash(path)) if path.is_file() else ""
        if body_hash and body_hash == before:
            return Read(_unchanged(""), None, 0.0)
        with self.turns.turn():
            parsed = read_path(path, source, self.now)
        again = parsed.error or parsed.pictures  # pictures are files of their own, that may change alone
        return Read(parsed, Validators() if again else Validators(body_hash=body_hash), 0.0)

    def _completed(self, source: Source, parsed: Parsed) -> tuple[Parsed, bool]:
        """The articles with their pages read, as the source asks for, and whether pages are left for the next run."""
        if parsed.error or source.fulltext is False:
            return parsed, False
        if not (source.fulltext or parsed.links_only or self.eager):
            return replace(parsed, articles=restored(parsed.articles, self.shelf)), False
        return self.filled(source, parsed)

    def filled(self, source: Source, parsed: Parsed) -> tuple[Parsed, bool]:
        """The articles made whole from their pages, whatever the source asks for; as fulltextfetch's `fill`."""

        def may(url: str) -> Permission:
            return self.robots.may(url, allow_private=may_be_private(source, url))

        return fill(
            parsed,
            source,
            _Pages(self.fetcher),
            self.shelf,
            made=self.made,
            may=may,
            most=self.most_pages,
            turn=self.turns.turn,
        )

    @contextmanager
    def _received(self, source: Source, known: Remembered) -> Iterator[tuple[Received, str]]:
        """The source's document, and where it has moved to for good; asked for there, and here if that fails."""
        credential = self._credential(source)
        moved_to = known.health.moved_to if not guard.target(source.url).user else ""
        if source.links:
            self._ask_robots(source)
        received = None
        if moved_to:
            try:
                received = self._receive(moved_to, source, known.validators, credential)
                moved_to = received.head.permanent_url or moved_to
            except DigestError:
                moved_to = ""
        if received is None:
            received = self._receive(source.url, source, known.validators, credential)
            moved_to = received.head.permanent_url
        with received:
            yield received, moved_to

    def _opened(self, source: Source, known: Remembered, received: Received, moved_to: str) -> Read:
        head, body_hash = received.head, marked(source, received.spool.hash)
        before = known.validators.body_hash
        if head.status == 304 or body_hash == before:
            return Read(_unchanged(moved_to), None, 0.0, moved_to)
        validators = Validators(head.etag, head.last_modified, body_hash)
        parsed = self._parsed(received, source)
        if parsed.feed_url and not source.links:
            parsed, validators = self._discovered(source, parsed.feed_url, before)
        elif parsed.further:
            parsed, validators = self._followed(source, parsed, received.spool.hash, before)
        if parsed.kind == "unchanged":
            return Read(_unchanged(moved_to, parsed.warnings), None, 0.0, moved_to)
        parsed, left = self._completed(source, parsed)
        if parsed.error:
            moved_to = ""  # nothing good was found there, so it is not gone by
        parsed = replace(parsed, warnings=parsed.warnings + _moved(moved_to))
        # A document that gave an error is not remembered, so that it is looked at again the next time.
        return Read(parsed, Validators() if left or parsed.error else validators, 0.0, moved_to)

    def _discovered(self, source: Source, feed_url: str, before: str) -> tuple[Parsed, Validators]:
        """The feed that a page names. Its own conditions can't be sent, as the page is what is asked for."""
        told = (f"reads the feed that the page names: {feed_url}; put it in url",)
        try:
            got = self._receive(feed_url, source, Validators(), self._credential(source))
        except FetchError as mistake:
            said = f"It is a web page, and the feed that it names can't be fetched: {mistake}"
            raise FetchError(said, mistake.retry_after, mistake.status, late=mistake.late) from mistake
        with got as received:
            body_hash = marked(source, received.spool.hash)
            if body_hash == before:
                return Parsed("unchanged", warnings=told), Validators()
            parsed = self._parsed(received, source)
        if parsed.error:
            told = (f"the page names a feed that gave nothing: {feed_url}",)
        return replace(parsed, warnings=parsed.warnings + told, feed_url=feed_url), Validators("", "", body_hash)

    def _followed(self, source: Source, index: Parsed, index_hash: str, before: str) -> tuple[Parsed, Validators]:
        """An index's documents as one; one that fails is a warning, all of them are an error."""
        hashes, children = [index_hash], list[Parsed]()
        warnings, failed = list(index.warnings), list[str]()
        for url in index.further[:MOST_CHILDREN]:
            try:
                with self._receive(url, source, Validators(), self._credential(source)) as received:
                    hashes.append(received.spool.hash)
                    child = self._parsed(received, source)
            except DigestError as mistake:
                failed.append(str(mistake).rstrip("."))
                continue
            if child.error:
                failed.append(f"{url}: {child.error.rstrip('.')}")
            elif child.further and not child.articles:
                failed.append(f"{url} is an index again, which is not followed")
            else:
                children.append(child)
        warnings += [f"one of its documents gave nothing: {said}" for said in failed]
        if not children and not index.articles:
            said = failed[0] if failed else "it names none"
            error = f"None of the documents that it names gave anything ({said})."
            return replace(index, error=error, further=()), Validators()
        body_hash = marked(source, hashlib.blake2b("".join(hashes).encode(), digest_size=16).hexdigest())
        if body_hash == before and not failed:
            return Parsed("unchanged"), Validators()
        whole = merged(replace(index, warnings=tuple(warnings)), children)
        return whole, Validators("", "", body_hash)

    def _receive(self, url: str, source: Source, validators: Validators, credential: Credential | None) -> Received:
        return self.fetcher.receive(
            url,
            etag=validators.etag,
            last_modified=validators.last_modified,
            allow_private=may_be_private(source, url),
            credential=credential,
        )

    def _parsed(self, received: Received, source: Source) -> Parsed:
        with self.turns.turn(received.spool.size):
            return read_document(received.load(), source=source, now=self.now)

    def _ask_robots(self, source: Source) -> None:
        answer = self.robots.may(source.url, allow_private=source.allow_private)
        if answer == "no":
            raise FetchError(f"{guard.target(source.url).url} may not be read: the site's robots.txt forbids it.")
        if answer == "later":
            raise FetchError(
                f"{guard.target(source.url).url} is not read for now: the site's robots.txt can't be read."
            )

    def _credential(self, source: Source) -> Credential | None:
        """The source's key. Raises FetchError that names the variable, never a value."""
        auth = source.auth
        if auth is None:
            return None
        try:
            value = self.secret(auth.env) if self.secret is not None else ""
        except ConfigurationError as mistake:
            raise FetchError("; ".join(fault.message for fault in mistake.faults)[:300] + ".") from None
        if not value:
            raise FetchError(f"Its key is missing: the environment variable {auth.env} is not set.")
        if not all("!" <= mark <= "~" for mark in value):
            raise FetchError(f"The environment variable {auth.env} holds characters that no key has.")
        return Credential(guard.target(source.url), value, auth.header, auth.param)


def _file_hash(path: Path) -> str:
    """'' for a file that can't be read: reading it says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=16)).hexdigest()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class _Pages:
    """Pages for fulltextfetch, their bodies packed away and cut where no article goes on."""

    fetcher: Fetcher

    def get(self, url: str, *, allow_private: bool = False) -> AbstractContextManager[Received]:
        return self.fetcher.receive(url, allow_private=allow_private, cut=_LARGEST_PAGE)


def _unchanged(moved_to: str, warnings: tuple[str, ...] = ()) -> Parsed:
    return Parsed("unchanged", warnings=warnings + _moved(moved_to))


def _moved(moved_to: str) -> tuple[str, ...]:
    return (f"it has moved for good to {moved_to}; change its url",) if moved_to else ()
