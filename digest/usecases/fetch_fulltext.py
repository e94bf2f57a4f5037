"""Fetch the full text of stories whose sources gave only an excerpt.

Fetching a page for every article of a hundred sources would take thousands of requests a day; one for each chosen story
takes a dozen. The pages of sources with `fulltext: true` were read while collecting, and those with `false` are never
read. This handles all other sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.models import Article, FulltextMode, Section, Source

if TYPE_CHECKING:
    from digest.collect.source_reader import CollectContext
    from digest.store.content.articles import ArticleStore

# Seconds for all pages of an edition. A slow site may cost a summary, but not the edition.
TIMEOUT = 30.0

_THREADS = 8


@dataclass(frozen=True)
class FulltextFetcher:
    """Reads the pages of chosen stories."""

    sources: Sequence[Source]
    articles: ArticleStore
    context: Callable[[], CollectContext]

    def fetch(self, sections: Sequence[Section], articles: Sequence[Article]) -> int:
        """Read the pages of stories without full text, store the texts, and return how many articles grew.

        If a page fails, its article stays as it is. The next composing tries it again.
        """
        wanted = stories_without_body(sections, articles, {source.name: source for source in self.sources})
        if not wanted:
            return 0
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="pages")
        jobs = [pool.submit(_read_pages, self.context(), source, cut) for source, cut in wanted]
        done, _late = wait(jobs, timeout=TIMEOUT)
        # Threads that are still busy end by the fetcher's own deadline.
        pool.shutdown(wait=False, cancel_futures=True)
        # An error in one source's pages may cost summaries, but not the edition.
        longer = [article for job in done if job.exception() is None for article in job.result()]
        if longer:
            self.articles.save(longer)
        return len(longer)


def stories_without_body(
    sections: Iterable[Section], articles: Sequence[Article], sources: Mapping[str, Source]
) -> list[tuple[Source, tuple[Article, ...]]]:
    """Return source → the first article without full text of each story, for sources with the default `fulltext`."""
    from digest.collect.pages.fulltext import wants_page

    by_id = {article.id: article for article in articles}
    found: dict[str, list[Article]] = {}
    for story in (story for section in sections for story in section.stories):
        own = [by_id[each] for each in story.article_ids if each in by_id]
        if not own or not all(wants_page(article) for article in own):
            continue
        for article in own:
            source = sources.get(article.source)
            if source is not None and source.url and source.fulltext is FulltextMode.SELECTED:
                found.setdefault(source.name, []).append(article)
                break
    return [(sources[name], tuple(cut)) for name, cut in found.items()]


def _read_pages(context: CollectContext, source: Source, cut: tuple[Article, ...]) -> list[Article]:
    from digest.collect.source_reader import SourceReader
    from digest.collect.types import ParseResult

    filled, _left = SourceReader(context).complete(source, ParseResult(None, cut))
    before = {article.id: article.content_hash for article in cut}
    return [article for article in filled.articles if article.content_hash != before[article.id]]
