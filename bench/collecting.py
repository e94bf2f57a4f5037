"""Collect all sources of a newsletter, compared with a loop of urllib and feedparser. Each feed takes 100 ms."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from bench import slow_sites
from digest.collect.collector import collect
from digest.collect.http.fetch import Fetcher
from digest.collect.source_reader import CollectContext
from digest.models import Source
from digest.store.content.articles import ArticleStore
from digest.store.database import open_database

LATENCY = 0.1
ITEMS = 10


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, ratio to the rival)."""
    few, many = (10, 20) if quick else (50, 200)
    with slow_sites.running(ITEMS, LATENCY) as site:
        rival = _loop(site, few)
        ours, _ = _ours(site, few)
        larger, again = _ours(site, many)
    return [
        (f"urllib and feedparser in a loop, {few} sources", f"{rival:.2f}", "1"),
        (f"digest: {few} sources, cleaned and stored", f"{ours:.2f}", f"{ours / rival:.2f}"),
        (f"digest: {many} sources", f"{larger:.2f}", ""),
        (f"digest: {many} sources again, nothing new", f"{again:.2f}", ""),
    ]


def _loop(site: str, sources: int) -> float:
    """Return the seconds of fetching and parsing alone, one source after the other."""
    import feedparser

    start, found = time.perf_counter(), 0
    for number in range(sources):
        with urllib.request.urlopen(f"{site}/feed?{number}", timeout=30) as response:
            found += len(feedparser.parse(response.read()).entries)
    assert found == sources * ITEMS, found
    return time.perf_counter() - start


def _ours(site: str, sources: int) -> tuple[float, float]:
    """Return the seconds of a first collection into a new store, and of a second one."""
    source_list = [Source(f"अखबार {n}", url=f"{site}/feed?{n}", allow_private=True) for n in range(sources)]
    took = []
    with tempfile.TemporaryDirectory() as folder:
        database = open_database("sqlite:///digest.db", home=Path(folder))
        store, fetcher = ArticleStore(database, lambda: datetime.now(UTC)), Fetcher()
        for expected in (sources * ITEMS, 0):
            start = time.perf_counter()
            context = CollectContext(fetcher, datetime(2026, 11, 23, 12, tzinfo=UTC), Path(folder), article_store=store)
            report = collect(source_list, context, store)
            took.append(time.perf_counter() - start)
            assert report.articles == expected, [one for one in report.sources if one.error]
        database.close()
    return took[0], took[1]
