"""Collecting: all sources of a newsletter against a loop of urllib and feedparser, on feeds that take 100 ms each."""

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

PAUSE = 0.1
ITEMS = 10
FEW, MANY = 50, 200


def run() -> list[tuple[str, ...]]:
    """Rows of (what, seconds, ratio to the rival)."""
    with slow_sites.running(ITEMS, PAUSE) as site:
        rival = _loop(site, FEW)
        few, _ = _ours(site, FEW)
        many, again = _ours(site, MANY)
    return [
        (f"urllib and feedparser in a loop, {FEW} sources", f"{rival:.2f}", "1"),
        (f"digest: {FEW} sources, cleaned and stored", f"{few:.2f}", f"{few / rival:.2f}"),
        (f"digest: {MANY} sources", f"{many:.2f}", ""),
        (f"digest: {MANY} sources again, nothing new", f"{again:.2f}", ""),
    ]


def _loop(site: str, sources: int) -> float:
    """Seconds that fetching and parsing alone take, one source after the other."""
    import feedparser

    began, found = time.perf_counter(), 0
    for number in range(sources):
        with urllib.request.urlopen(f"{site}/feed?{number}", timeout=30) as answer:
            found += len(feedparser.parse(answer.read()).entries)
    assert found == sources * ITEMS, found
    return time.perf_counter() - began


def _ours(site: str, sources: int) -> tuple[float, float]:
    """Seconds of a first collection into a new store, and of a second one."""
    listed = [Source(f"अखबार {n}", url=f"{site}/feed?{n}", allow_private=True) for n in range(sources)]
    took = []
    with tempfile.TemporaryDirectory() as place:
        database = open_database("sqlite:///digest.db", home=Path(place))
        store, fetcher = ArticleStore(database, lambda: datetime.now(UTC)), Fetcher()
        for fetched in (sources * ITEMS, 0):
            began = time.perf_counter()
            context = CollectContext(fetcher, datetime(2026, 11, 23, 12, tzinfo=UTC), Path(place), article_store=store)
            report = collect(listed, context, store)
            took.append(time.perf_counter() - began)
            assert report.articles == fetched, [one for one in report.sources if one.error]
        database.close()
    return took[0], took[1]


if __name__ == "__main__":
    for row in run():
        print(*row, sep="\t")
