"""Collects from the URLs given, in a process of its own, and prints reports and the peak of memory as JSON.

`python -m tests.collect.hostile_run SECONDS URL…`: SECONDS is the whole deadline of a fetch.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from digest.collect.collector import collect
from digest.collect.fetch import Fetcher, FetchLimits
from digest.collect.reading import CollectContext
from digest.models import Source
from digest.store.articles import ArticleStore
from digest.store.database import open_database

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def main(seconds: float, urls: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home:
        database = open_database("sqlite:///digest.db", home=Path(home))
        store = ArticleStore(database, lambda: NOW)
        fetcher = Fetcher(FetchLimits(total=seconds))
        report = collect(
            [Source(url, url=url, allow_private=True) for url in urls],
            CollectContext(fetcher, NOW, Path(home), article_store=store),
            store,
        )
        database.close()
    rows = [
        {"url": one.name, "error": one.error, "warnings": one.warnings, "new": one.new, "seconds": one.seconds}
        for one in report.sources
    ]
    json.dump({"sources": rows, "megabytes": _peak()}, sys.stdout)


def _peak() -> float:
    """Megabytes at most resident. Linux counts what the parent held into ru_maxrss, so /proc goes first."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text("ascii").partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
