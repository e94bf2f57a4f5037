"""The contract of every engine: it runs the day, alone or with others, sends each email once, and ends on request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from digest.app import App, make_app
from digest.scheduler import Scheduler, watch_settings
from digest.store.sending.status import counts
from digest.store.workers import Worker
from digest.workers.port import Engine
from digest.workers.start import InlineEngine, Process, make_worker
from tests.cli.newsroom import Newsroom

# Each test composes and sends an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
PATIENCE = 60.0


def inline(app: App, process: Process) -> Engine:
    return InlineEngine(app, watch_settings(app), process)


def worker(app: App, process: Process) -> Engine:
    made = make_worker(app, 2, process)
    assert made is not None
    return made


Make = Callable[[App, Process], Engine]


@pytest.fixture(params=[inline, worker])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


@pytest.fixture
def paper(newsroom: Newsroom, postgres_url: str) -> Newsroom:
    """A newsroom whose edition of the day is due."""
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    return newsroom


@dataclass
class Running:
    app: App
    stop: threading.Event
    log: list[str] = field(default_factory=list)
    left: list[str] | None = None


@contextmanager
def ready(_scheduler: Scheduler, _worker: Worker | None) -> Iterator[None]:
    yield


@contextmanager
def running(newsroom: Newsroom, make: Make) -> Iterator[Running]:
    """Run an engine in a thread, and ask it to end after the block."""
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        found = Running(app, threading.Event())
        process = Process(found.stop, found.log.append, found.log.append, ready)

        def run() -> None:
            found.left = list(make(app, process).run())

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield found
        finally:
            found.stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()


def done(app: App) -> bool:
    edition = app.editions.get(KEY)
    return edition is not None and edition.state == "sending" and counts(app.database, KEY).accepted == 5


def wait_for(condition: Callable[[], bool], log: Sequence[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, log
        time.sleep(0.05)


def test_it_composes_and_sends_what_is_due(paper: Newsroom, make: Make) -> None:
    with running(paper, make) as one:
        # The sixth has an hour of their own.
        wait_for(lambda: done(one.app), one.log)
    assert one.left == []
    assert len(paper.outbox()) == 5
    assert not [line for line in one.log if "failed" in line]


def test_several_at_once_do_everything_once(paper: Newsroom, make: Make) -> None:
    with ExitStack() as stack:
        engines = [stack.enter_context(running(paper, make)) for _ in range(2)]
        log = engines[0].log
        wait_for(lambda: done(engines[0].app), log)
    assert len(paper.outbox()) == 5
    composed = [line for each in engines for line in each.log if line.startswith(f"Composed edition {KEY}")]
    assert len(composed) <= 1
    assert not [line for each in engines for line in each.log if "failed" in line]


def test_edited_settings_are_followed(paper: Newsroom, make: Make) -> None:
    with running(paper, make) as one:
        wait_for(lambda: done(one.app), one.log)
        paper.edit_settings("  name: सुबह की ख़बरें", "  name: शाम की ख़बरें")
        wait_for(lambda: any("changed: newsletter.name" in line for line in one.log), one.log)
