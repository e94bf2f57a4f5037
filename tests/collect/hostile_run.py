"""Collect from the given URLs in a separate process, and print reports and peak memory as JSON.

`python -m tests.collect.hostile_run SECONDS URL…`: SECONDS is the total time of a fetch.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from digest.collect.collector import collect
from digest.collect.http.fetch import Fetcher, FetchLimits
from digest.collect.source_reader import CollectContext
from digest.models import Source
from digest.store.content.articles import ArticleStore
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
    """Peak resident memory in megabytes. On Linux ru_maxrss includes the parent's memory, so /proc is preferred."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text("ascii").partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
