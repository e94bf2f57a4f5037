"""A newsroom with papers to read, for each test; `everywhere` runs a test on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.breaking.press import Press
from tests.breaking.press import press as open_press


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    with open_press(tmp_path / "newsletter") as found:
        yield found


@pytest.fixture
def everywhere(press: Press, store_url: str) -> Press:
    press.newsroom.environment["DIGEST_STORE__URL"] = store_url
    return press
