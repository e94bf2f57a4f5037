"""Collects all sources of a newsletter: fetches in threads, parses, hands to memory. Holds no rule about articles.

One source's failure is a value in its report and never stops the others; only memory's own errors end the run.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from digest.collect.documents import read_document
from digest.collect.dropfolder import read_path
from digest.collect.fetch import Fetched, Fetcher
from digest.collect.parsed import Parsed
from digest.errors import DigestError
from digest.models import Article, Source


@dataclass(frozen=True, slots=True)
class Validators:
    """What lets the next fetch see that nothing is new. `body_hash` is BLAKE2b of the body, for careless servers."""

    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """How many of the articles given were not known, and how many were known with other content."""

    new: int
    updated: int


class Memory(Protocol):
    """What collecting needs to remember from run to run. Called from one thread only.

    `save` must keep the first `published` of an article whose `dated` is false: it is when it was first seen.
    """

    def validators(self, source: str) -> Validators | None:
        """What was remembered for a source by name; None when nothing was."""

    def remember(self, source: str, validators: Validators) -> None:
        """Keep the validators; called only after the articles of the same body have been saved."""

    def save(self, articles: Sequence[Article]) -> Saved:
        """Keep articles by id, durably."""


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
    """What would be taken from a URL or path; nothing was stored."""

    kind: str
    warnings: tuple[str, ...] = ()
    articles: tuple[Article, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A worker's result. `validators` is None when there is nothing new to remember."""

    parsed: Parsed
    validators: Validators | None
    seconds: float


def collect(
    sources: Sequence[Source],
    *,
    fetcher: Fetcher,
    memory: Memory,
    now: datetime,
    home: Path,
    threads: int = 16,
    progress: Callable[[SourceReport], None] | None = None,
) -> CollectReport:
    """Read every source and save what it gives; relative paths are relative to `home`.

    `progress` is called from the caller's thread, once for each source as it is done. Only errors of `memory`
    (and of `progress`) are raised.
    """
    _import_parsers()
    reports: dict[int, SourceReport] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, min(threads, len(sources) or 1)), thread_name_prefix="collect")
    try:
        jobs: dict[Future[_Read], int] = {}
        for at, source in enumerate(sources):
            known = None if source.replay or not source.url else memory.validators(source.name)
            jobs[pool.submit(_read, source, known, fetcher, now, home)] = at
        for job in as_completed(jobs):
            at = jobs[job]
            reports[at] = _keep(sources[at], job, memory)
            if progress is not None:
                progress(reports[at])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    ordered = tuple(reports[at] for at in range(len(sources)))
    return CollectReport(ordered, sum(report.fetched for report in ordered))


def look(target: str, *, fetcher: Fetcher, now: datetime, home: Path, source: Source | None = None) -> Look:
    """What would be taken from a URL or a path; stores nothing. `source` lends its section, replay and leave."""
    scheme = target.strip().partition("://")[0].lower() if "://" in target else ""
    if scheme == "file" or target.strip().lower().startswith("file:"):
        return Look("", error="file: URLs are not read; name the path itself.")
    if scheme and scheme not in ("http", "https"):
        return Look("", error=f"{scheme}: is not read; only http, https and paths are.")
    lent = source or Source(name=target.strip())
    one = replace(lent, url=target.strip() if scheme else "", path="" if scheme else target)
    try:
        parsed = _read(one, None, fetcher, now, home).parsed
    except DigestError as mistake:
        return Look("", error=str(mistake))
    except Exception as mistake:  # shown to whoever tests the source, instead of a traceback
        return Look("", error=_unexpected(mistake))
    return Look(parsed.kind, parsed.warnings, parsed.articles, parsed.error)


def _read(source: Source, known: Validators | None, fetcher: Fetcher, now: datetime, home: Path) -> _Read:
    """Fetch and parse one source; runs in a worker thread and touches no memory."""
    start = time.monotonic()
    if not source.url:
        parsed = read_path((home / source.path).expanduser(), source, now)
        return _Read(parsed, None, time.monotonic() - start)
    if source.url.strip().lower().startswith("file:"):
        return _Read(Parsed("", error="file: URLs are not read; give the source a path."), None, 0.0)
    asked = known or Validators()
    fetched = fetcher.get(
        source.url,
        etag=asked.etag,
        last_modified=asked.last_modified,
        allow_private=source.allow_private,
    )
    digest = hashlib.blake2b(fetched.body, digest_size=16).hexdigest()
    if fetched.status == 304 or (known is not None and digest == known.body_hash):
        return _Read(Parsed("unchanged"), None, time.monotonic() - start)
    parsed = read_document(fetched, source=source, now=now)
    told = tuple(_moved(fetched))
    if told:
        parsed = Parsed(
            parsed.kind,
            parsed.articles,
            parsed.lost,
            parsed.warnings + told,
            parsed.error,
            parsed.feed_url,
            parsed.duplicates,
        )
    # A document that gave an error is not remembered, so that it is looked at again the next time.
    validators = None if parsed.error else Validators(fetched.etag, fetched.last_modified, digest)
    return _Read(parsed, validators, time.monotonic() - start)


def _import_parsers() -> None:
    """Import what parsing needs before threads do: two that import one package at once can meet it half made."""
    import feedparser  # noqa: F401
    import lxml.html  # noqa: F401


def _moved(fetched: Fetched) -> Iterable[str]:
    if fetched.permanent_url:
        yield f"it has moved for good to {fetched.permanent_url}; change its url"


def _keep(source: Source, job: Future[_Read], memory: Memory) -> SourceReport:
    """Save what a worker has read, then its validators: the other order could lose articles in a crash."""
    try:
        read = job.result()
    except DigestError as mistake:
        return SourceReport(source.name, error=str(mistake))
    except Exception as mistake:  # a bug met by one source must not take the others' articles
        return SourceReport(source.name, error=_unexpected(mistake))
    parsed = read.parsed
    saved = memory.save(parsed.articles) if parsed.articles else Saved(0, 0)
    if read.validators is not None and not source.replay:
        memory.remember(source.name, read.validators)
    return SourceReport(
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


def _unexpected(mistake: Exception) -> str:
    return f"An unexpected {type(mistake).__name__}: {str(mistake)[:300]}"
