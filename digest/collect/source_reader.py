"""Read one source in a worker thread: fetch it, parse it, follow the feeds that it names, and fetch its pages."""

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

from digest.collect.dispatch import merge_results, read_document
from digest.collect.files import read_path
from digest.collect.health import versioned_hash
from digest.collect.http import ssrf
from digest.collect.http.connect import FetchError
from digest.collect.http.fetch import Fetcher, SourceCredential, StreamedResponse
from digest.collect.http.robots import Permission, Robots
from digest.collect.pages.fulltext_fetch import (
    MAX_PAGES,
    NEXT_RUN,
    NOT_IN_PREVIEW,
    FulltextCache,
    FulltextContext,
    add_fulltext,
    may_be_private,
    reuse_fulltext,
)
from digest.collect.types import ArticleLookup, ParseResult, SourceState, Validators
from digest.errors import ConfigurationError, DigestError
from digest.messages import Message, message_of
from digest.models import FulltextMode, Source
from digest.utils import redact
from digest.utils.files import resolve_path

# Bytes. A document of at least this size counts as large. A feed of thirty full articles has some 200,000.
LARGE_DOCUMENT = 1_000_000

# Documents that an index may lead to in one run.
MAX_CHILDREN = 5

# Bytes of an article's page that are read; its text ends before that.
_MAX_PAGE_BYTES = 3_000_000


class ParseLimiter:
    """Limits parsing to one document per core, and one large one. Parsing takes twenty times its size in memory."""

    def __init__(self, cores: int | None = None) -> None:
        self._cores = threading.BoundedSemaphore(cores or os.cpu_count() or 1)
        self._large = threading.Lock()

    @contextmanager
    def slot(self, size: int = 0) -> Iterator[None]:
        """Hold a slot for a document of `size` bytes. Must not be nested."""
        if size < LARGE_DOCUMENT:
            with self._cores:
                yield
        else:
            with self._large, self._cores:
                yield


@dataclass(frozen=True, slots=True)
class CollectContext:
    """Collaborators and options of reading sources."""

    fetcher: Fetcher
    now: datetime
    # Relative paths of sources are relative to this folder.
    home: Path
    # The newsletter's: editions have no articles in another one.
    language: str = "hi"
    # Caches that outlive a run; new ones are made if they are None.
    robots: Robots | None = None
    fulltext_cache: FulltextCache | None = None
    article_store: ArticleLookup | None = None
    # Returns the value of an environment variable, for sources that need a key.
    secret: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """The result of reading a source."""

    parsed: ParseResult
    # None: nothing has changed. Empty validators: read the source again next time.
    validators: Validators | None
    seconds: float = 0.0
    # The address that the source has permanently moved to.
    moved_to: str | None = None


@dataclass(frozen=True)
class SourceReader:
    """Reads sources. Safe to share between threads."""

    context: CollectContext
    max_pages: int = MAX_PAGES
    # Nothing is kept, and there is no next run: fetch pages for every source that does not forbid it with
    # `fulltext: false`.
    preview: bool = False
    parse_limiter: ParseLimiter = field(default_factory=ParseLimiter)
    robots: Robots = field(init=False)
    fulltext_cache: FulltextCache = field(init=False)

    def __post_init__(self) -> None:
        context = self.context
        object.__setattr__(self, "robots", context.robots or Robots(context.fetcher))
        object.__setattr__(self, "fulltext_cache", context.fulltext_cache or FulltextCache())

    def read(self, source: Source, state: SourceState) -> SourceResult:
        """Read the source. Raises DigestError with a one-sentence message if nothing could be fetched."""
        start = time.monotonic()
        if not source.url:
            result = self._read_path(source, state)
        elif source.url.strip().lower().startswith("file:"):
            raise FetchError("file: URLs are not supported; give the source a path instead.")
        else:
            with self._fetch_source(source, state) as (response, moved_to):
                result = self._read_response(source, state, response, moved_to)
        return replace(result, seconds=time.monotonic() - start)

    def complete(self, source: Source, parsed: ParseResult) -> tuple[ParseResult, bool]:
        """Add full texts from the articles' pages, whatever the source's `fulltext` says (see add_fulltext)."""

        def may(url: str) -> Permission:
            return self.robots.may(url, allow_private=may_be_private(source, url))

        context = FulltextContext(
            pages=_Pages(self.context.fetcher),
            cache=self.fulltext_cache,
            article_store=self.context.article_store,
            may=may,
            max_pages=self.max_pages,
            postponed=NOT_IN_PREVIEW if self.preview else NEXT_RUN,
            parse_slot=self.parse_limiter.slot,
        )
        return add_fulltext(parsed, source, context)

    def _read_path(self, source: Source, state: SourceState) -> SourceResult:
        """Read a file or folder. Only a file can be known as unchanged; a folder's files come and go."""
        path = resolve_path(self.context.home, source.path)
        previous = None if source.replay else state.validators.body_hash
        file_hash = _file_hash(path) if path.is_file() else None
        body_hash = versioned_hash(source, file_hash) if file_hash else None
        if body_hash and body_hash == previous:
            return SourceResult(_unchanged_result(None), None)
        with self.parse_limiter.slot():
            parsed = read_path(path, source, self.context.now)
        # Images are separate files, which may change while the document stays the same.
        read_again = parsed.error or parsed.images
        return SourceResult(parsed, Validators() if read_again else Validators(body_hash=body_hash))

    def _complete_if_wanted(self, source: Source, parsed: ParseResult) -> tuple[ParseResult, bool]:
        """Add full texts as the source's settings ask. Also returns whether pages are left for the next run."""
        if parsed.error or source.fulltext is FulltextMode.NEVER:
            return parsed, False
        if not (source.fulltext is FulltextMode.ALWAYS or parsed.links_only or self.preview):
            return replace(parsed, articles=reuse_fulltext(parsed.articles, self.context.article_store)), False
        return self.complete(source, parsed)

    @contextmanager
    def _fetch_source(self, source: Source, state: SourceState) -> Iterator[tuple[StreamedResponse, str | None]]:
        """Yield the source's document, and the address it has permanently moved to, if any. That one is tried first."""
        credential = self._credential(source)
        moved_to = state.health.moved_to if not ssrf.parse_url(source.url).user else None
        if source.links:
            self._check_robots(source)
        response = None
        if moved_to:
            try:
                response = self._fetch(moved_to, source, state.validators, credential)
                moved_to = response.head.permanent_url or moved_to
            except DigestError:
                moved_to = None
        if response is None:
            response = self._fetch(source.url, source, state.validators, credential)
            moved_to = response.head.permanent_url
        with response:
            yield response, moved_to

    def _read_response(
        self, source: Source, state: SourceState, response: StreamedResponse, moved_to: str | None
    ) -> SourceResult:
        head, body_hash = response.head, versioned_hash(source, response.temp_body.hash)
        previous = state.validators.body_hash
        if head.status == 304 or body_hash == previous:
            return SourceResult(_unchanged_result(moved_to), None, moved_to=moved_to)
        validators = Validators(redact.unless_secret(head.etag), redact.unless_secret(head.last_modified), body_hash)
        parsed = self._parse(response, source)
        if parsed.feed_url and not source.links:
            parsed, validators = self._read_named_feed(source, parsed.feed_url, previous)
        elif parsed.further:
            parsed, validators = self._read_children(source, parsed, response.temp_body.hash, previous)
        if parsed.kind == "unchanged":
            return SourceResult(_unchanged_result(moved_to, parsed.warnings), None, moved_to=moved_to)
        parsed, incomplete = self._complete_if_wanted(source, parsed)
        if parsed.error:
            # Nothing usable is there, so do not go there again.
            moved_to = None
        parsed = replace(parsed, warnings=parsed.warnings + _moved_warning(moved_to))
        # After an error the document is parsed again next time, even if it has not changed.
        return SourceResult(parsed, Validators() if incomplete or parsed.error else validators, moved_to=moved_to)

    def _read_named_feed(self, source: Source, feed_url: str, previous: str | None) -> tuple[ParseResult, Validators]:
        """Return the feed that a page names. Its ETag is not used, because the page is requested first."""
        warning = f"reads the feed that the page names: {feed_url}; put it in url"
        try:
            fetched = self._fetch(feed_url, source, Validators(), self._credential(source))
        except FetchError as error:
            message = Message("It is a web page, and the feed that it names can't be fetched: %(why)s", why=error)
            raise FetchError(message, error.retry_after, error.status, timed_out=error.timed_out) from error
        with fetched as response:
            body_hash = versioned_hash(source, response.temp_body.hash)
            if body_hash == previous:
                return ParseResult("unchanged", warnings=(warning,)), Validators()
            parsed = self._parse(response, source)
        if parsed.error:
            warning = f"the page names a feed without articles: {feed_url}"
        parsed = replace(parsed, warnings=(*parsed.warnings, warning), feed_url=feed_url)
        return parsed, Validators(body_hash=body_hash)

    def _read_children(
        self, source: Source, index: ParseResult, index_hash: str, previous: str | None
    ) -> tuple[ParseResult, Validators]:
        """Return the documents that an index names, as one result.

        One failure is a warning; if all fail it is an error.
        """
        hashes, children = [index_hash], list[ParseResult]()
        failures = list[str]()
        for url in index.further[:MAX_CHILDREN]:
            try:
                with self._fetch(url, source, Validators(), self._credential(source)) as response:
                    hashes.append(response.temp_body.hash)
                    child = self._parse(response, source)
            except DigestError as error:
                failures.append(message_of(error))
                continue
            if child.error:
                failures.append(Message("%(where)s: %(why)s", where=url, why=child.error))
            elif child.further and not child.articles:
                failures.append(f"{url} is another index, which is not followed")
            else:
                children.append(child)
        if not children and not index.articles:
            reason = failures[0] if failures else Message("it names none")
            message = Message("None of the documents that it names could be used (%(why)s).", why=reason)
            return replace(index, error=message, further=()), Validators()
        body_hash = versioned_hash(source, hashlib.blake2b("".join(hashes).encode(), digest_size=16).hexdigest())
        if body_hash == previous and not failures:
            return ParseResult("unchanged"), Validators()
        warnings = tuple(f"one of its documents could not be used: {failure.rstrip('.')}" for failure in failures)
        merged = merge_results(replace(index, warnings=index.warnings + warnings), children)
        return merged, Validators(body_hash=body_hash)

    def _fetch(
        self, url: str, source: Source, validators: Validators, credential: SourceCredential | None
    ) -> StreamedResponse:
        return self.context.fetcher.stream(
            url,
            etag=validators.etag,
            last_modified=validators.last_modified,
            allow_private=may_be_private(source, url),
            credential=credential,
        )

    def _parse(self, response: StreamedResponse, source: Source) -> ParseResult:
        with self.parse_limiter.slot(response.temp_body.size):
            loaded = response.load()
            if source.auth or any(redact.secrets_of_url(source.url)):
                # Some APIs repeat the key, in the links of articles too.
                loaded = replace(loaded, body=redact.without_known_bytes(loaded.body))
            return read_document(loaded, source=source, now=self.context.now)

    def _check_robots(self, source: Source) -> None:
        url = ssrf.parse_url(source.url).url
        match self.robots.may(source.url, allow_private=source.allow_private):
            case "no":
                raise FetchError(Message("The site's robots.txt forbids fetching %(url)s.", url=url))
            case "later":
                raise FetchError(Message("%(url)s was not fetched: the site's robots.txt can't be read.", url=url))

    def _credential(self, source: Source) -> SourceCredential | None:
        """Return the source's key. The FetchError that it raises names the variable, never a value."""
        auth = source.auth
        if auth is None:
            return None
        secret = self.context.secret
        try:
            value = secret(auth.env) if secret is not None else ""
        except ConfigurationError as error:
            raise FetchError("; ".join(problem.message for problem in error.problems)[:300] + ".") from None
        if not value:
            raise FetchError(
                Message("Its key is missing: the environment variable %(name)s is not set.", name=auth.env)
            )
        if not all("!" <= char <= "~" for char in value):
            raise FetchError(
                Message("The environment variable %(name)s contains characters that no key has.", name=auth.env)
            )
        return SourceCredential(ssrf.parse_url(source.url), value, auth.header, auth.param)


def _file_hash(path: Path) -> str | None:
    """Return the file's hash; None if it can't be read. The read that follows reports why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=16)).hexdigest()
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Pages:
    """Fetches article pages up to a limit, with their bodies in temporary files."""

    fetcher: Fetcher

    def stream(self, url: str, *, allow_private: bool = False) -> AbstractContextManager[StreamedResponse]:
        return self.fetcher.stream(url, allow_private=allow_private, truncate_at=_MAX_PAGE_BYTES)


def _unchanged_result(moved_to: str | None, warnings: tuple[str, ...] = ()) -> ParseResult:
    return ParseResult("unchanged", warnings=warnings + _moved_warning(moved_to))


def _moved_warning(moved_to: str | None) -> tuple[str, ...]:
    return (f"it has permanently moved to {moved_to}; change its url",) if moved_to else ()
