"""Sites for the tests: a new one for each test, and a read-only one whose edition was sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest import pipeline
from tests.cli.newsroom import newsroom  # noqa: F401
from tests.support.folders import newsletter_folder
from tests.web.site import NOW, Site, site


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "newsletter", ["asha@example.com", "ravi@example.com"]) as served:
        yield served


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Like `pages`, for tests that change nothing."""
    with site(tmp_path_factory.mktemp("unchanged") / "newsletter", ["asha@example.com", "ravi@example.com"]) as served:
        yield served


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The starter folder after today's edition was sent. Tests must leave it unchanged."""
    from digest.app import make_app
    from digest.web.server import run_pages

    home = tmp_path_factory.mktemp("sent") / "newsletter"
    newsletter_folder(home, all_sources=False)
    with make_app(home, environment={"DIGEST_NOW": NOW}) as app:
        pipeline.send(app, "2026-11-23")
        with run_pages(app, port=0) as pages:
            yield Site(app, pages.base)
