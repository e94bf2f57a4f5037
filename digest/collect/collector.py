"""Collects all sources of a newsletter: reads in threads, hands to memory. Holds no rule about articles.

One source's failure is a value in its report and never stops the others; only memory's own errors end the run.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from digest.collect import health
from digest.collect.fetch import Fetcher
from digest.collect.fetcherrors import FetchError
from digest.collect.fulltextfetch import Made
from digest.collect.memory import Memory, Remembered, Saved
from digest.collect.reading import Read, Reader
from digest.collect.robots import Robots
from digest.errors import DigestError
from digest.models import Article, Source, SourceHealth

THREADS = 200
"""Sources that are waited for at once. Waiting costs a thread's stack; parsing takes turns (reading.Turns)."""

LOOKED_AT = 10
"""Pages that a look reads: enough to judge a source by."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source gave. `error` is '' or why it gave nothing; `seconds` is fetching and parsing."""

    name: str
    kind: str = ""
    fetched: int = 0
    new: int = 0
    updated: int = 0
    lost: int = 0
    warnings: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CollectReport:
    """Reports in the order of the sources, and how many articles they gave together."""

    sources: tuple[SourceReport, ...]
    articles: int


@dataclass(frozen=True, slots=True)
class Look:
    """What would be taken from a URL or path; nothing was stored.

    `title` is the feed's own. `url` is the address to keep instead of the one asked: the feed that a page names, or
    where it has moved to for good; '' when the one asked is right.
    """

    kind: str
    warnings: tuple[str, ...] = ()
    articles: tuple[Article, ...] = ()
    error: str = ""
    title: str = ""
    url: str = ""


def collect(
    sources: Sequence[Source],
    *,
    fetcher: Fetcher,
    memory: Memory,
    now: datetime,
    home: Path,
    threads: int = THREADS,
    progress: Callable[[SourceReport], None] | None = None,
    patient: bool = False,
    secret: Callable[[str], str] | None = None,
    robots: Robots | None = None,
    made: Made | None = None,
) -> CollectReport:
    """Read every source and save what it gives; relative paths are relative to `home`.

    `progress` is called from the caller's thread, once for each source as it is done. `patient`: sources that keep
    failing are asked less often, for runs that no one waits for. `secret` gives the key that an environment variable
    holds. `robots` and `made` are what earlier runs of this process have learnt of sites and pages. Only errors of
    `memory` (and of `progress`) are raised.
    """
    _import_parsers()
    reader = Reader(fetcher, now, home, robots or Robots(fetcher), made or Made(), secret, shelf=memory)
    found = memory.recall()
    known = [health.begin(source, found.get(source.name)) for source in sources]
    reports: dict[int, SourceReport] = {}

    def done(at: int, report: SourceReport) -> None:
        reports[at] = report
        if progress is not None:
            progress(report)

    asked, listed = [], frozenset(source.name for source in sources)
    for at, source in enumerate(sources):
        refusal = health.refusal(known[at], now, patient=patient) if source.url and not source.replay else ""
        if refusal:
            done(at, SourceReport(source.name, warnings=health.worries(known[at].health, now), error=refusal))
        else:
            asked.append(at)
    with _Crew(threads, [partial(_read, reader, sources[at], known[at]) for at in asked]) as crew:
        for _ in asked:
            nth, read = crew.next()
            at = asked[nth]
            done(at, _keep(sources[at], known[at], read, memory, now, listed))
    ordered = tuple(reports[at] for at in range(len(sources)))
    return CollectReport(ordered, sum(report.fetched for report in ordered))


def look(
    target: str,
    *,
    fetcher: Fetcher,
    now: datetime,
    home: Path,
    source: Source | None = None,
    secret: Callable[[str], str] | None = None,
    robots: Robots | None = None,
) -> Look:
    """What would be taken from a URL or a path; stores nothing. `source` lends its settings.

    Of articles that their feed cut up to LOOKED_AT pages are read, unless the source's `fulltext` is false.
    """
    scheme = target.strip().partition("://")[0].lower() if "://" in target else ""
    if scheme == "file" or target.strip().lower().startswith("file:"):
        return Look("", error="file: URLs are not read; name the path itself.")
    if scheme and scheme not in ("http", "https"):
        return Look("", error=f"{scheme}: is not read; only http, https and paths are.")
    lent = source or Source(name=target.strip())
    one = replace(lent, url=target.strip() if scheme else "", path="" if scheme else target)
    reader = Reader(fetcher, now, home, robots or Robots(fetcher), Made(), secret, most_pages=LOOKED_AT, eager=True)
    read = _read(reader, one, Remembered(SourceHealth(one.name)))
    if not isinstance(read, Read):
        return Look("", error=read.message)
    parsed = read.parsed
    url = parsed.feed_url or read.moved_to
    return Look(parsed.kind, parsed.warnings, parsed.articles, parsed.error, parsed.title, url)


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why a source could not be read."""

    message: str
    retry_after: float | None = None


def _read(reader: Reader, source: Source, known: Remembered) -> Read | _Failed:
    """One source in a worker thread; touches no memory."""
    try:
        return reader.read(source, known)
    except FetchError as mistake:
        return _Failed(str(mistake), mistake.retry_after if mistake.status in (429, 503) else None)
    except DigestError as mistake:
        return _Failed(str(mistake))
    except Exception as mistake:  # a bug met by one source must not take the others' articles
        return _Failed(f"An unexpected {type(mistake).__name__}: {str(mistake)[:300]}")


class _Crew:
    """Runs jobs in threads and hands over each result as it comes; a result that was handed over is kept no longer.

    Parsing takes turns, so that results come about as fast as they can be saved.
    """

    def __init__(self, threads: int, jobs: Sequence[Callable[[], Read | _Failed]]) -> None:
        self._results: queue.SimpleQueue[tuple[int, Read | _Failed]] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(max(1, min(threads, THREADS, len(jobs))), thread_name_prefix="collect")
        for nth, job in enumerate(jobs):
            self._pool.submit(self._work, nth, job)

    def next(self) -> tuple[int, Read | _Failed]:
        """The number and the result of a job that is done; waits for one."""
        return self._results.get()

    def _work(self, nth: int, job: Callable[[], Read | _Failed]) -> None:
        self._results.put((nth, job()))

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _import_parsers() -> None:
    """Import what parsing needs before threads do: two that import one package at once can meet it half made."""
    import feedparser  # noqa: F401
    import lxml.html  # noqa: F401


def _keep(
    source: Source,
    known: Remembered,
    read: Read | _Failed,
    memory: Memory,
    now: datetime,
    listed: frozenset[str],
) -> SourceReport:
    """Save what a worker has read, then what is to be remembered: the other order could lose articles in a crash."""
    if isinstance(read, _Failed):
        after = health.after_failure(known, now, read.message, read.retry_after)
        report = SourceReport(source.name, error=read.message)
    else:
        parsed = read.parsed
        if parsed.pictures:
            memory.keep(parsed.pictures)
        saved = memory.save(parsed.articles, listed=listed) if parsed.articles else Saved(0, 0)
        if parsed.error:
            after = health.after_failure(known, now, parsed.error, None, fetched=True)
        else:
            after = health.after_good(known, now, new=saved.new, validators=read.validators, moved_to=read.moved_to)
        report = SourceReport(
            source.name,
            parsed.kind,
            len(parsed.articles),
            saved.new,
            saved.updated,
            parsed.lost,
            parsed.warnings,
            parsed.error,
            round(read.seconds, 3),
        )
    if not source.replay:  # a recorded sample has no health, and is read anew each time
        memory.note(after)
        report = replace(report, warnings=report.warnings + health.worries(after.health, now))
    return report
