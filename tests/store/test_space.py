"""The size of the store, on both databases."""

from __future__ import annotations

from digest.store.database import Database
from digest.store.inspection import measure_space
from tests.store.conftest import Frozen


def test_recipients_of_an_edition_count(database: Database, frozen: Frozen) -> None:
    """On PostgreSQL they are in partitions of their own."""
    before = measure_space(database)
    assert before.total > 0
    assert (before.free is None) is not database.sqlite
    frozen(2000)
    assert measure_space(database).total - before.total > 50_000
