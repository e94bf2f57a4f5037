"""When steps are due, their jobs, and the App that the jobs get."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest.app import App, make_app
from digest.scheduler import Scheduler, watch_settings
from digest.workers import steps
from digest.workers.heartbeat import HeldJobs
from digest.workers.tasks import AppsInUse
from tests.cli.newsroom import NOW, Newsroom

HALF_PAST = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


@pytest.fixture
def scheduler(newsroom: Newsroom) -> Iterator[Scheduler]:
    with make_app(newsroom.home, environment={"DIGEST_NOW": NOW}) as app:
        yield Scheduler(watch_settings(app), lambda _line: None, hands_over=True)


def test_a_step_is_due_once_for_each_of_its_moments(scheduler: Scheduler) -> None:
    app = scheduler.app
    every = app.settings.schedule.collect_every.total_seconds()
    first = steps.due(app, HALF_PAST + timedelta(seconds=7), {})
    assert first.keys() == steps.STEPS.keys()
    # Every process finds the same moment, whenever it looks.
    assert first == steps.due(app, HALF_PAST + timedelta(seconds=29), {})
    assert steps.due(app, HALF_PAST + timedelta(seconds=29), first) == {}
    assert steps.due(app, HALF_PAST + timedelta(seconds=30), first).keys() == {"watch"}
    later = steps.due(app, HALF_PAST + timedelta(seconds=every), first)
    assert later["collect"] - first["collect"] == timedelta(seconds=every)


def test_many_sources_are_collected_in_parts_that_are_all_of_them(scheduler: Scheduler) -> None:
    one = scheduler.app.settings.sources[0]
    many = tuple(one.model_copy(update={"name": f"source {number}"}) for number in range(120))
    app = scheduler.app.copy_with(settings=scheduler.app.settings.model_copy(update={"sources": many}))
    with scheduler.using(app):
        found = steps.jobs(scheduler, "collect")
    assert [job.arguments["subject"] for job in found] == ["1 of 3", "2 of 3", "3 of 3"]
    assert [job.lock for job in found] == ["collect 1 of 3", "collect 2 of 3", "collect 3 of 3"]
    parts = [app.sources[number::3] for number in range(3)]
    assert sorted(source.name for part in parts for source in part) == sorted(source.name for source in app.sources)


def test_each_edition_of_the_day_has_a_job_of_its_own(scheduler: Scheduler) -> None:
    [job] = steps.jobs(scheduler, "edition")
    assert job.arguments == {"name": "edition", "subject": "2026-11-23"}


def test_a_process_does_not_begin_a_job_that_it_has() -> None:
    held = HeldJobs()
    with held.holding("seat 0 of x", 7) as mine, held.holding("seat 0 of x", 8) as again:
        assert (mine, again) == (True, False)
        assert (held.names(), held.workers()) == (["seat 0 of x"], {7})
    assert held.names() == []
    with held.holding("seat 0 of x", 8) as mine:
        assert mine


def test_a_job_keeps_its_settings_and_the_replaced_ones_are_closed_after_it(scheduler: Scheduler) -> None:
    apps = AppsInUse(scheduler)
    before = scheduler.app
    closed: list[App] = []

    class Connection:
        def close(self) -> None:
            closed.append(before)

    # As if the job had used it.
    before.__dict__["transports"] = (Connection(),)
    seen: list[App] = []
    begun, replaced = threading.Event(), threading.Event()

    def job() -> None:
        with apps.use():
            begun.set()
            replaced.wait(10)
            seen.append(scheduler.app)

    thread = threading.Thread(target=job)
    thread.start()
    assert begun.wait(10)
    scheduler.settings.app = before.copy_with()
    apps.retire(before)
    assert closed == []
    replaced.set()
    thread.join()
    assert seen == [before]
    assert closed == [before]
    del before.__dict__["transports"]
    with apps.use() as app:
        assert app is scheduler.settings.app is not before
