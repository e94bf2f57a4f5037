"""Open stores for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.store.database import Database, open_database


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    """An open store. A test with this fixture runs once for each kind."""
    opened = open_database(store_url, home=tmp_path)
    yield opened
    opened.close()
