"""Fetch the pages of articles that a feed cut short, one by one. Pages beyond a limit wait for the next run."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol

from digest.collect.cleaning.dedupe import drop_shared
from digest.collect.http.connect import FetchError
from digest.collect.http.fetch import StreamedResponse
from digest.collect.http.robots import Permission
from digest.collect.http.ssrf import same_host
from digest.collect.pages.fulltext import ELSEWHERE, NO_MORE, complete, needs_title, wants_page, with_body_of
from digest.collect.types import ArticleLookup, ParseResult
from digest.errors import DigestError
from digest.models import Article, Source

# Pages of one source per run: the usual thirty items of a feed, and some that were added meanwhile.
MAX_PAGES = 40

# Seconds for all pages of one source, so that a slow site does not delay the others.
MAX_SECONDS = 60.0

# The warning about a page beyond a limit.
NEXT_RUN = "its page will be fetched in the next run"
NOT_IN_PREVIEW = "its page was not fetched for this preview"

# Failed pages in a row after which a site is not asked again in this run.
_MAX_FAILURES = 3

_CACHE_SIZE = 2_000

# Statuses that concern one page and not its site.
_GONE = (404, 410)


class PageFetcher(Protocol):
    """Fetches pages."""

    def stream(self, url: str, *, allow_private: bool = False) -> AbstractContextManager[StreamedResponse]:
        """Open the page, for the duration of the block. Raises DigestError with a one-sentence message."""


class FulltextCache:
    """Remembers the articles that this process has completed. Otherwise a changed feed would cause all pages to be
    fetched again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._articles: OrderedDict[str, Article] = OrderedDict()

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Article]:
        with self._lock:
            return {id: self._articles[id] for id in ids if id in self._articles}

    def add(self, article: Article) -> None:
        with self._lock:
            self._articles[article.id] = article
            self._articles.move_to_end(article.id)
            while len(self._articles) > _CACHE_SIZE:
                self._articles.popitem(last=False)


@dataclass(frozen=True, slots=True)
class FulltextContext:
    """Collaborators and limits of fetching full texts."""

    pages: PageFetcher
    cache: FulltextCache
    article_store: ArticleLookup | None = None
    # Whether robots.txt allows a URL.
    may: Callable[[str], Permission] = lambda _url: "yes"
    max_pages: int = MAX_PAGES
    # The warning about a page that is beyond a limit.
    postponed: str = NEXT_RUN
    clock: Callable[[], float] = time.monotonic
    # Held while a page is parsed.
    parse_slot: Callable[[], AbstractContextManager[object]] = nullcontext


def add_fulltext(parsed: ParseResult, source: Source, context: FulltextContext) -> tuple[ParseResult, bool]:
    """Complete the articles that their feed cut short. Also returns whether some are left for the next run.

    If the document held links only, the page's title is used, and articles whose page can't be read are left out.
    """
    return _FulltextRun(source, context, links_only=parsed.links_only).run(parsed)


def reuse_fulltext(articles: Sequence[Article], article_store: ArticleLookup | None) -> tuple[Article, ...]:
    """Return the articles with full texts that were stored earlier, unless the feed has changed since."""
    cut = [article.id for article in articles if wants_page(article)]
    if article_store is None or not cut:
        return tuple(articles)
    stored = article_store.by_ids(cut)
    return tuple(
        with_body_of(article, stored[article.id])
        if article.id in stored and not _changed_since(article, stored[article.id])
        else article
        for article in articles
    )


def may_be_private(source: Source, url: str) -> bool:
    """Whether a link from the source may lead to a private address: only to the source's own host. A path has none."""
    return source.allow_private and bool(source.url) and same_host(url, source.url)


@dataclass(slots=True)
class _FulltextRun:
    """One source's pages in one run."""

    source: Source
    context: FulltextContext
    links_only: bool
    fetched: int = 0
    failures_in_row: int = 0
    postponed: int = 0
    lost: int = 0
    deadline: float = 0.0
    warnings: Counter[str] = field(default_factory=Counter)

    def run(self, parsed: ParseResult) -> tuple[ParseResult, bool]:
        self.deadline = self.context.clock() + MAX_SECONDS
        cut = [article for article in parsed.articles if wants_page(article)]
        ids = [article.id for article in cut]
        store = self.context.article_store
        known = {**(store.by_ids(ids) if store is not None else {}), **self.context.cache.by_ids(ids)}
        done = {article.id: self._complete(article, known.get(article.id)) for article in cut}
        if self.links_only:
            for article in parsed.articles:
                # Links to images and PDF files.
                if article.id not in done:
                    done[article.id] = None
                    self.lost += 1
                    self.warnings["its link does not lead to a web page"] += 1
        result = [done.get(article.id, article) for article in parsed.articles]
        articles = drop_shared([article for article in result if article is not None])
        warnings = tuple(f"{count} item{'s' * (count != 1)}: {text}" for text, count in self.warnings.items())
        lost = parsed.lost + (self.lost if self.links_only else 0)
        completed = replace(parsed, articles=tuple(articles), lost=lost, warnings=parsed.warnings + warnings)
        return completed, self.postponed > 0

    def _complete(self, article: Article, known: Article | None) -> Article | None:
        """Return the article with its full text if there is one, as far as this run gets; None to leave it out."""
        if known is not None and self._is_done(article, known):
            if self.links_only:
                return replace(known, source=article.source, section=article.section)
            return replace(with_body_of(article, known), warnings=known.warnings)
        start = with_body_of(article, known) if known is not None else article
        completed = self._read_page(start, article.url) if article.url and self._may_fetch(article.url) else None
        return completed if completed is not None or self.links_only else start

    def _may_fetch(self, url: str) -> bool:
        """Whether the page may be fetched now; records why not."""
        context = self.context
        exhausted = self.fetched >= context.max_pages or self.failures_in_row >= _MAX_FAILURES
        if exhausted or context.clock() >= self.deadline:
            self.postponed += 1
            self.warnings[context.postponed] += 1
            return False
        match context.may(url):
            case "yes":
                return True
            case "no":
                self.lost += 1
                self.warnings["robots.txt forbids fetching its page"] += 1
            case "later":
                self.postponed += 1
                self.warnings[f"{context.postponed} (robots.txt can't be read)"] += 1
        return False

    def _read_page(self, article: Article, url: str) -> Article | None:
        """Return the article completed from its page; None if the page could not be used, which is recorded."""
        self.fetched += 1
        allow_private = may_be_private(self.source, url)
        try:
            with self.context.pages.stream(url, allow_private=allow_private) as got, self.context.parse_slot():
                page = got.load()
                completed = complete(article, page.body, page.url, page.content_type, page_title=self.links_only)
        except DigestError as error:
            self.warnings[f"its page could not be fetched: {str(error).rstrip('.')}"] += 1
            if isinstance(error, FetchError) and error.status in _GONE:
                self.lost += 1
                return None
            self.failures_in_row += 1
            self.postponed += self.links_only
            return None
        self.failures_in_row = 0
        self.warnings.update(warning for warning in completed.warnings if warning not in article.warnings)
        if self.links_only and ELSEWHERE in completed.warnings:
            # Only a link's text is known, and the page contradicts it.
            self.lost += 1
            return None
        self.context.cache.add(completed)
        return completed

    def _is_done(self, article: Article, known: Article) -> bool:
        """Whether the page was read before and the source has not changed the article since."""
        if self.links_only:
            return not _is_newer(article, known)
        is_longer = with_body_of(article, known) is not article
        was_read = is_longer or NO_MORE in known.warnings or bool(self.context.cache.by_ids([known.id]))
        return was_read and not _changed_since(article, known)


def _changed_since(article: Article, known: Article) -> bool:
    """Whether the feed has changed the article since its page was read."""
    return (article.title != known.title and not needs_title(article)) or _is_newer(article, known)


def _is_newer(article: Article, known: Article) -> bool:
    # An undated article counts as published now, which is always later.
    return article.dated and (article.updated or article.published) > (known.updated or known.published)
