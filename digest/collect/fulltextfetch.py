"""Fetches the pages of a source's cut articles and makes them whole. Thin: what a page is worth, fulltext decides.

One page after the other, as they are of one host, and only so many and so long in one run: what is left over is
asked for in the next. What an earlier run has made whole is not asked for again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from digest.collect.boilerplate import drop_shared
from digest.collect.fetch import Fetched
from digest.collect.fulltext import NO_MORE, complete, wants_page, with_body_of
from digest.collect.parsed import Parsed
from digest.errors import DigestError
from digest.models import Article, Source

MOST_PAGES = 40
"""Pages of one source in one run: a feed's usual thirty items, and what an evening adds."""

LONGEST = 60.0
"""Seconds for one source's pages together, so that a slow site costs no other source its time."""

_KEPT = 2_000
_FAILURES = 3
"""Failed pages in a row after which a site is left alone until the next run."""


class Pages(Protocol):
    """What fetches a page; collect.fetch.Fetcher does."""

    def get(self, url: str, *, etag: str = "", last_modified: str = "", allow_private: bool = False) -> Fetched:
        """Raises DigestError with one sentence."""


@runtime_checkable
class Shelf(Protocol):
    """A memory that can show the articles it holds. Called from several threads at once."""

    def held(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """The stored articles of these ids, by id; unknown ones are left out."""


class Made:
    """The articles that this process has made whole, so that a feed that changed does not ask for all pages again."""

    def __init__(self, most: int = _KEPT) -> None:
        self._lock, self._most = threading.Lock(), most
        self._articles: OrderedDict[str, Article] = OrderedDict()

    def held(self, ids: Sequence[str]) -> Mapping[str, Article]:
        with self._lock:
            return {one: self._articles[one] for one in ids if one in self._articles}

    def keep(self, article: Article) -> None:
        with self._lock:
            self._articles[article.id] = article
            self._articles.move_to_end(article.id)
            while len(self._articles) > self._most:
                self._articles.popitem(last=False)


MADE = Made()


def fill(
    parsed: Parsed,
    source: Source,
    pages: Pages,
    shelf: object = None,
    *,
    allowed: Callable[[str], bool] = lambda _url: True,
    clock: Callable[[], float] = time.monotonic,
    made: Made = MADE,
) -> tuple[Parsed, bool]:
    """The articles made whole where their feed cut them, and whether some are left for the next run.

    `shelf` may be a Shelf; `allowed` says whether a page may be asked for (robots). Failures are warnings of the
    source, each told once with its count; no error is raised.
    """
    cut = [article for article in parsed.articles if wants_page(article)]
    ids = [article.id for article in cut]
    known = {**(shelf.held(ids) if isinstance(shelf, Shelf) else {}), **made.held(ids)}
    whole: dict[str, Article] = {}
    told: dict[str, int] = {}
    deadline, asked, failed, left = clock() + LONGEST, 0, 0, 0
    for article in cut:
        earlier = known.get(article.id)
        again = with_body_of(article, earlier) if earlier else article
        if earlier is not None and _was_read(earlier, again is not article, made) and not _moved_on(article, earlier):
            whole[article.id] = replace(again, warnings=earlier.warnings)
        elif not allowed(article.url):
            told["its page may not be asked for (robots)"] = told.get("its page may not be asked for (robots)", 0) + 1
        elif asked >= MOST_PAGES or failed >= _FAILURES or clock() >= deadline:
            left += 1
            whole[article.id] = again
        else:
            asked += 1
            made_whole, why = _asked(again, source, pages)
            failed = failed + 1 if why else 0
            whole[article.id] = made_whole
            for warning in (why,) if why else made_whole.warnings[len(again.warnings) :]:
                told[warning] = told.get(warning, 0) + 1
            if not why:
                made.keep(made_whole)
    if left:
        told["its page is left for the next run"] = left
    articles = drop_shared([whole.get(article.id, article) for article in parsed.articles])
    warnings = tuple(f"{count} item{'s' * (count != 1)}: {warning}" for warning, count in told.items())
    return replace(parsed, articles=tuple(articles), warnings=parsed.warnings + warnings), left > 0


def _asked(article: Article, source: Source, pages: Pages) -> tuple[Article, str]:
    """The article from its page, and why it could not be had, or ''."""
    try:
        page = pages.get(article.url, allow_private=source.allow_private)
    except DigestError as mistake:
        return article, f"its page could not be fetched: {str(mistake).rstrip('.')}"
    return complete(article, page.body, page.url, page.content_type), ""


def _was_read(held: Article, longer: bool, made: Made) -> bool:
    """Whether the page was asked for before: it gave more, or it is known to give no more."""
    return longer or NO_MORE in held.warnings or bool(made.held([held.id]))


def _moved_on(article: Article, held: Article) -> bool:
    """Whether the feed has news of the article since its page was read."""
    if article.title != held.title:
        return True
    # without a date of its own an article counts from now, which is always later
    return article.dated and (article.updated or article.published) > (held.updated or held.published)
