"""Pages of the desk with 1,000,000 subscribers and 5,000 articles of the day, on PostgreSQL: ms, p50 and p95.

Set DIGEST_TEST_POSTGRES to the URL of a database, in which a schema is created and dropped. The CPU time is that of the
desk without that of PostgreSQL. It takes minutes, so `python -m bench` runs it only by name.
"""

from __future__ import annotations

import os

from bench import desk
from bench.freezing import schema


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (page, ms p50, p95, CPU ms p95, the bar)."""
    server = os.environ.get("DIGEST_TEST_POSTGRES")
    if not server:
        return [("DIGEST_TEST_POSTGRES is not set", "", "", "", "")]
    with schema(server) as url:
        return desk.measure(url, quick=quick)
