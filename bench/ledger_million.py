"""Freeze an edition for a million subscribers on PostgreSQL, then settle and claim its batches.

Set DIGEST_TEST_POSTGRES to the URL of a database, in which a schema is created and dropped. Takes minutes, so
`python -m bench` runs it only by name.
"""

from __future__ import annotations

import os

from bench.freezing import BAR_MILLION, measure, schema


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds or milliseconds, bar)."""
    server = os.environ.get("DIGEST_TEST_POSTGRES")
    if not server:
        return [("DIGEST_TEST_POSTGRES is not set", "", "")]
    with schema(server) as url:
        return measure("postgresql", url, 10_000 if quick else 1_000_000, BAR_MILLION)
