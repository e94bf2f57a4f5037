"""A newsletter folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.newsroom import Newsroom
from tests.support.folders import newsletter_folder


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    home = tmp_path / "newsletter"
    newsletter_folder(home)
    return Newsroom(home)
