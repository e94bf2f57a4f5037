"""Makes whole the stories that an edition would take, where their sources gave only an excerpt. Part of the pipeline.

A page for every article of a hundred sources would be thousands a day; one for each chosen story is a dozen. Sources
with `fulltext: true` had theirs read when collecting, those with `false` never; this is for all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from digest.models import Article, Section, Source

if TYPE_CHECKING:
    from digest.app import App

LONGEST = 30.0
"""Seconds for all pages of an edition: a slow site costs a summary, not the morning."""

_THREADS = 8


def complete(app: App, sections: Sequence[Section], articles: Sequence[Article]) -> int:
    """Reads the pages of the stories that no source told in full, keeps what they give, and answers how many articles
    were made longer. Pages that can't be had leave their articles as they are; the next composing asks again."""
    wanted = missing(sections, articles, {source.name: source for source in app.sources})
    if not wanted:
        return 0
    longer: list[Article] = []
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="pages")
    jobs = [pool.submit(_read, app, source, cut) for source, cut in wanted]
    done, _late = wait(jobs, timeout=LONGEST)
    # What is still on its way is not waited for; its thread ends by the fetcher's own deadline.
    pool.shutdown(wait=False, cancel_futures=True)
    for job in done:
        if job.exception() is None:  # a fault met by one source's pages costs their summaries, not the edition
            longer += job.result()
    if longer:
        app.articles.save(longer)
    return len(longer)


def missing(
    sections: Iterable[Section], articles: Sequence[Article], sources: Mapping[str, Source]
) -> list[tuple[Source, tuple[Article, ...]]]:
    """By source, the first article of each story of which none is whole, if its source leaves the choice to us."""
    from digest.collect.fulltext import wants_page

    known = {article.id: article for article in articles}
    found: dict[str, list[Article]] = {}
    for story in (story for section in sections for story in section.stories):
        told = [known[each] for each in story.article_ids if each in known]
        if not told or not all(wants_page(article) for article in told):
            continue
        for article in told:
            source = sources.get(article.source)
            if source is not None and source.url and source.fulltext is None:
                found.setdefault(source.name, []).append(article)
                break
    return [(sources[name], tuple(cut)) for name, cut in found.items()]


def _read(app: App, source: Source, cut: tuple[Article, ...]) -> list[Article]:
    from digest.collect.parsed import ParseResult
    from digest.collect.reading import SourceReader

    reader = SourceReader(app.collect_context())
    filled, _left = reader.complete(source, ParseResult("", cut))
    before = {article.id: article.content_hash for article in cut}
    return [article for article in filled.articles if article.content_hash != before[article.id]]
