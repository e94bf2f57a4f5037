"""Fetches the pages of a source's cut articles and makes them whole. Thin: what a page is worth, fulltext decides.

One page after the other, as they are of one host, and only so many and so long in one run: what is left over is
asked for in the next. What an earlier run has made whole is not asked for again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol

from digest.collect.clean import clean_article
from digest.collect.fetch import Fetched
from digest.collect.fetcherrors import FetchError
from digest.collect.fulltext import ELSEWHERE, NO_MORE, complete, wants_page, with_body_of
from digest.collect.guard import same_host
from digest.collect.memory import Shelf
from digest.collect.parsed import Parsed
from digest.collect.repeats import drop_shared
from digest.collect.robots import Permission
from digest.errors import DigestError
from digest.models import Article, Source

MOST_PAGES = 40
"""Pages of one source in one run: a feed's usual thirty items, and what an evening adds."""

LONGEST = 60.0
"""Seconds for one source's pages together, so that a slow site costs no other source its time."""

_KEPT = 2_000
_FAILURES = 3
"""Failed pages in a row after which a site is left alone until the next run."""

_GONE = (404, 410)
"""What a status says of one page and not of its site."""


class Loadable(Protocol):
    """A page that was fetched, its body perhaps still packed away; collect.fetch's Fetched and Received are."""

    def load(self) -> Fetched:
        """With the body in memory."""


class Pages(Protocol):
    """What fetches a page."""

    def get(self, url: str, *, allow_private: bool = False) -> AbstractContextManager[Loadable]:
        """The page for as long as the block lasts. Raises DigestError with one sentence."""


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


@dataclass(slots=True)
class _Run:
    """The counts of one source's pages in one run."""

    deadline: float
    asked: int = 0
    failed: int = 0
    left: int = 0
    lost: int = 0
    told: dict[str, int] = field(default_factory=dict)

    def tell(self, warning: str) -> None:
        self.told[warning] = self.told.get(warning, 0) + 1


def fill(
    parsed: Parsed,
    source: Source,
    pages: Pages,
    shelf: object = None,
    *,
    made: Made,
    may: Callable[[str], Permission] = lambda _url: "yes",
    clock: Callable[[], float] = time.monotonic,
    most: int = MOST_PAGES,
    turn: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> tuple[Parsed, bool]:
    """The articles made whole where their feed cut them, and whether some are left for the next run.

    Where the document held links only, the page's title stands, and an article whose page could not be read is not
    there: left for the next run, or lost when its page is gone or forbidden. `shelf` may be a Shelf; `may` says
    whether a page may be asked for (robots); reading a page takes a `turn`. Failures are warnings of the source, each
    told once with its count; no error is raised.
    """
    cut = [article for article in parsed.articles if wants_page(article)]
    ids = [article.id for article in cut]
    known = {**(shelf.held(ids) if isinstance(shelf, Shelf) else {}), **made.held(ids)}
    run = _Run(clock() + LONGEST)
    done: dict[str, Article | None] = {}
    for article in cut:
        earlier = known.get(article.id)
        if earlier is not None and _is_done(article, earlier, parsed.links_only, made):
            again = with_body_of(article, earlier)
            if parsed.links_only:
                again = replace(earlier, source=article.source, section=article.section)
            done[article.id] = replace(again, warnings=earlier.warnings)
            continue
        start = with_body_of(article, earlier) if earlier is not None else article
        answer = "wait" if run.asked >= most or run.failed >= _FAILURES or clock() >= run.deadline else may(article.url)
        if answer == "yes":
            run.asked += 1
            read = _asked(start, source, pages, run, parsed.links_only, turn)
            if read is not None:
                made.keep(read)
        else:
            read = None
            if answer == "no":
                run.lost += 1
                run.tell("its page may not be asked for (robots)")
            else:
                run.left += 1
                run.tell("its page is left for the next run" + " (robots.txt can't be read)" * (answer == "later"))
        done[article.id] = read if read is not None or parsed.links_only else start
    if parsed.links_only:
        for article in parsed.articles:
            if article.id not in done:  # a picture, a PDF
                done[article.id] = None
                run.lost += 1
                run.tell("its link leads to no page")
    there = [done.get(article.id, article) for article in parsed.articles]
    articles = drop_shared([article for article in there if article is not None])
    warnings = tuple(f"{count} item{'s' * (count != 1)}: {warning}" for warning, count in run.told.items())
    lost = parsed.lost + (run.lost if parsed.links_only else 0)
    return replace(parsed, articles=tuple(articles), lost=lost, warnings=parsed.warnings + warnings), run.left > 0


def may_be_private(source: Source, url: str) -> bool:
    """Whether what a source leads to may lie on a private address: on its own host alone, for the link is not ours."""
    return source.allow_private and (not source.url or same_host(url, source.url))


def restored(articles: Sequence[Article], shelf: object) -> tuple[Article, ...]:
    """The articles as their feed has them now, with what the shelf holds of their pages; nothing is asked for."""
    if not isinstance(shelf, Shelf) or not (cut := [article.id for article in articles if wants_page(article)]):
        return tuple(articles)
    held = shelf.held(cut)
    return tuple(
        with_body_of(article, held[article.id])
        if article.id in held and not _moved_on(article, held[article.id])
        else article
        for article in articles
    )


def _asked(
    article: Article,
    source: Source,
    pages: Pages,
    run: _Run,
    links_only: bool,
    turn: Callable[[], AbstractContextManager[object]],
) -> Article | None:
    """The article from its page; None when it could not be had, which is told and counted."""
    try:
        with pages.get(article.url, allow_private=may_be_private(source, article.url)) as got, turn():
            page = got.load()
            read = complete(article, page.body, page.url, page.content_type, page_title=links_only)
            if links_only and NO_MORE in read.warnings:
                read = clean_article(read, sites=(source.name,))
    except DigestError as mistake:
        run.tell(f"its page could not be fetched: {str(mistake).rstrip('.')}")
        if isinstance(mistake, FetchError) and mistake.status in _GONE:
            run.lost += 1
            return None
        run.failed += 1
        run.left += links_only
        return None
    run.failed = 0
    for warning in read.warnings:
        if warning not in article.warnings:
            run.tell(warning)
    if links_only and ELSEWHERE in read.warnings:
        run.lost += 1  # an anchor's text alone, and the page denies it
        return None
    return read


def _is_done(article: Article, held: Article, links_only: bool, made: Made) -> bool:
    """Whether the page was asked for before and the source has no news of it since."""
    if links_only:
        return not _updated(article, held)
    longer = with_body_of(article, held) is not article
    was_read = longer or NO_MORE in held.warnings or bool(made.held([held.id]))
    return was_read and not _moved_on(article, held)


def _moved_on(article: Article, held: Article) -> bool:
    """Whether the feed has news of the article since its page was read."""
    return article.title != held.title or _updated(article, held)


def _updated(article: Article, held: Article) -> bool:
    # without a date of its own an article counts from now, which is always later
    return article.dated and (article.updated or article.published) > (held.updated or held.published)
