"""A newsletter folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.cli.init import make_folder
from tests.cli.newsroom import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    home = tmp_path / "my-letter"
    make_folder(home)
    return Newsroom(home)
