"""Desks for the tests, with a draft of today that waits for approval and a user of each role."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from digest import pipeline
from digest.app import make_app
from digest.models import Edition, EditionState, Role
from digest.web import app
from tests.support.folders import newsletter_folder
from tests.web.desk.browser import Browser, set_up
from tests.web.site import Site, site

KEY = "2026-11-23"
SETTINGS = {
    "DIGEST_NOW": f"{KEY}T06:32+05:30",
    "DIGEST_SCHEDULE__APPROVAL": "required",
    "DIGEST_SCHEDULE__APPROVE_BY": "06:50",
}


# Drafts are composed a minute before the desk opens.
EARLIER = f"{KEY}T06:31+05:30"


def open_desk(home: Path, **settings: str) -> Iterator[Site]:
    return _open(home, settings, all_sources=False)


def open_desk_of_all_sources(home: Path, **settings: str) -> Iterator[Site]:
    """A desk whose edition comes from all samples, which takes three times as long to compose."""
    return _open(home, settings, all_sources=True)


def _open(home: Path, settings: Mapping[str, str], *, all_sources: bool) -> Iterator[Site]:
    environment = {**SETTINGS, **settings}
    composed = _composed(all_sources, **{**environment, "DIGEST_NOW": EARLIER})
    shutil.copytree(Path(composed.name) / "newsletter", home)
    with pytest.MonkeyPatch.context() as patched:
        _build_pages_when_asked(patched)
        opened = ExitStack()
        served = opened.enter_context(site(home, None, **environment))
    with opened:
        yield served


def _build_pages_when_asked(patched: pytest.MonkeyPatch) -> None:
    """Leave the routes of the readers' pages out until a request needs them: building them takes half of the start."""
    make_routers, make_pages = app._routers, app._fastapi

    def later(*arguments: Any) -> list[Any]:
        return [partial(make_routers, *arguments)]

    def pages_when_asked(title: str, pages: Any, routers: list[Any]) -> Any:
        @cache
        def made() -> Any:
            first, *others = routers
            return make_pages(title, pages, [*first(), *others])

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            await made()(scope, receive, send)

        return answer

    patched.setattr(app, "_routers", later)
    patched.setattr(app, "_fastapi", pages_when_asked)


@cache
def _composed(all_sources: bool, /, **environment: str) -> tempfile.TemporaryDirectory[str]:
    """A newsletter with a draft and the subscribers of its list, for each test to copy."""
    made = tempfile.TemporaryDirectory()
    home = Path(made.name) / "newsletter"
    newsletter_folder(home, all_sources=all_sources)
    with make_app(home, environment=environment) as opened:
        pipeline.compose(opened, KEY)
        opened.subscriber_list.sync()
    return made


def edition_of(desk: Site, key: str = KEY) -> Edition:
    found = desk.app.editions.get(key)
    assert found is not None
    return found


def put_draft(desk: Site, edition: Edition) -> None:
    assert desk.app.editions.put(edition, over=(EditionState.DRAFT,))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    yield from open_desk(tmp_path / "newsletter")


@pytest.fixture
def editor(desk: Site) -> Browser:
    return set_up(desk, "suman", Role.EDITOR)


@pytest.fixture
def sender(desk: Site) -> Browser:
    return set_up(desk, "kavita", Role.SENDER)


@pytest.fixture
def small_desk(tmp_path: Path) -> Iterator[Site]:
    """A desk whose edition has room for few stories, so that some are not selected."""
    yield from open_desk(tmp_path / "newsletter", DIGEST_EDITION__MAX_STORIES="4")
