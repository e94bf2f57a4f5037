"""The scheduler: a whole day, restarts in the middle of it, and a clean stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest import pipeline
from digest.app import make_app
from digest.models import EditionState
from digest.scheduler import Scheduler, watch_settings
from digest.store.locks import exclusive
from digest.store.sending.status import counts
from digest.usecases.enqueue import SendRequest
from tests.cli.newsroom import Newsroom
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

MORNING = datetime.fromisoformat("2026-11-23T05:00+05:30")
KEY = "2026-11-23"


@dataclass
class Day:
    """A scheduler whose jobs and clock the test controls."""

    scheduler: Scheduler
    now: list[datetime]
    log: list[str] = field(default_factory=list)

    def at(self, hour: int, minute: int = 0) -> None:
        self.now[0] = MORNING.replace(hour=hour, minute=minute)

    def accepted(self) -> int:
        return counts(self.scheduler.app.database, KEY).accepted

    def state(self) -> str:
        edition = self.scheduler.app.editions.get(KEY)
        return edition.state if edition else ""


@contextmanager
def started(home: Path, now: list[datetime], **environment: str) -> Iterator[Day]:
    with make_app(home, environment=environment, clock=lambda: now[0]) as app:
        log: list[str] = []
        yield Day(Scheduler(watch_settings(app), log.append), now, log)


def test_a_moment_that_comes_while_a_job_runs_is_not_missed(newsroom: Newsroom) -> None:
    """Composing on a busy machine lasts beyond the hour. The send follows at once, before another collection."""
    now, log = [MORNING.replace(hour=6, minute=59)], list[str]()
    stop = threading.Event()

    def say(line: str) -> None:
        log.append(line)
        if line.startswith("Composed"):
            now[0] = MORNING.replace(hour=7, second=5)
        if line.startswith(f"Edition {KEY}, sending"):
            stop.set()

    with make_app(newsroom.home, environment={}, clock=lambda: now[0]) as app:
        scheduler = Scheduler(watch_settings(app), say, stop=stop, monotonic=lambda: now[0].timestamp())
        run = threading.Thread(target=scheduler.run)
        run.start()
        sent = stop.wait(45)
        stop.set()
        run.join()
        assert sent, log
        assert counts(app.database, KEY).accepted == 5
    assert not [line for line in log if line.startswith("Collected")], log


def test_the_scheduler_runs_a_whole_day(newsroom: Newsroom) -> None:
    now = [MORNING]
    with started(newsroom.home, now) as day:
        day.scheduler.tick()
        assert day.state() == ""
        day.at(5, 30)
        day.scheduler.check()
        assert day.state() == "draft"
        day.scheduler.check()
        assert day.state() == "draft"
        day.at(7)
        day.scheduler.check()
        # Joseph's hour is 08:30.
        assert (day.state(), day.accepted()) == ("sending", 5)
        day.at(8, 29)
        day.scheduler.check()
        assert day.accepted() == 5
        day.at(8, 30)
        day.scheduler.check()
        assert (day.state(), day.accepted()) == ("done", 6)


def test_the_next_edition_lies_ahead(newsroom: Newsroom) -> None:
    def plan(hour: int) -> list[str]:
        day.at(hour)
        day.log.clear()
        day.scheduler.editions.log_plan()
        return day.log

    with started(newsroom.home, [MORNING]) as day:
        assert plan(5) == ["Next edition: 2026-11-23, composed at 05:30, sent at 07:00."]
        assert plan(6) == ["Next edition: 2026-11-23, sent at 07:00."]
        tomorrow = "Next edition: 2026-11-24, composed at Tue 2026-11-24 05:30, sent at Tue 2026-11-24 07:00."
        assert plan(8) == ["Edition 2026-11-23 was due at 07:00. What is missing is done now.", tomorrow]
        # After schedule.expires_after.
        assert plan(12) == [tomorrow]


def test_a_send_by_hand_makes_the_scheduler_wait_without_a_fault(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each of the five checks would wait for five seconds.
    monkeypatch.setitem(pipeline.send.__kwdefaults__, "wait", 0.01)
    with started(newsroom.home, [MORNING]) as day:
        with exclusive(day.scheduler.app.database, "sending", wait=0.0):
            for minute in range(5):
                day.at(7, minute)
                day.scheduler.check()
        assert day.log[-1] == "edition 2026-11-23 waits: another digest process is sending"
        assert not [line for line in day.log[:-1] if "another digest process" in line]
        assert day.scheduler.app.alerts.store.open() == []
        day.scheduler.check()
        assert day.accepted() == 5


def test_what_was_left_out_of_an_edition_is_logged(newsroom: Newsroom) -> None:
    folder = newsroom.home / "samples/blocks/2026-11-23"
    folder.mkdir()
    (folder / "quote.yaml").write_text("text: क\n", encoding="utf-8")
    with started(newsroom.home, [MORNING.replace(hour=5, minute=30)]) as day:
        day.scheduler.check()
        assert f"Edition {KEY}: block left out: blocks/2026-11-23/quote.yaml:1: 'by' is required" in day.log


def test_a_provider_that_can_cancel_gets_the_edition_before_its_time(newsroom: Newsroom) -> None:
    now = [MORNING]
    with SendGridServer() as server:
        given = {
            **sendgrid_environment(server.url),
        }
        with started(newsroom.home, now, **given) as day:
            for minute in (30, 45):
                day.at(5, minute)
                day.scheduler.check()
            assert day.state() == "draft"
            day.at(6, 21)
            server.clock.set(now[0].timestamp())
            day.scheduler.check()
            # Joseph's hour is 08:30.
            assert (day.state(), day.accepted()) == ("sending", 5)
            assert {message.state for message in server.messages} == {"held"}
            newsroom.set_subscribers(*(f"email: {address}" for address in ("asha@example.com", "late@example.com")))
            day.at(7)
            server.clock.set(now[0].timestamp())
            day.scheduler.check()
            # One subscriber was added after the provider got the edition.
            assert day.accepted() == 6
            day.at(8, 30)
            day.scheduler.check()
            server.clock.set(now[0].timestamp())
            assert day.state() == "done"
        assert set(server.counts.values()) == {1}
        assert server.counts["late@example.com"] == 1


def test_a_restart_in_the_middle_of_the_day_makes_no_second_edition(newsroom: Newsroom) -> None:
    now = [MORNING.replace(hour=7)]
    with started(newsroom.home, now) as day:
        day.scheduler.check()
    before = newsroom.outbox()
    now[0] = MORNING.replace(hour=8)
    with started(newsroom.home, now) as day:
        day.scheduler.check()
        day.scheduler.check()
        assert len(day.scheduler.app.editions.all()) == 1
        assert newsroom.outbox() == before
        day.at(9)
        day.scheduler.check()
        assert set(newsroom.outbox()) - set(before) == {"joseph@example.com"}


def test_a_missed_send_is_caught_up_until_the_edition_expires(newsroom: Newsroom) -> None:
    with started(newsroom.home, [MORNING.replace(hour=9)]) as day:
        day.scheduler.check()
        assert (day.state(), day.accepted()) == ("done", 6)


def test_an_edition_that_is_too_late_expires(newsroom: Newsroom) -> None:
    now = [MORNING.replace(hour=6)]
    with started(newsroom.home, now) as day:
        day.scheduler.check()
        day.at(11, 1)
        day.scheduler.check()
        assert (day.state(), day.accepted()) == ("expired", 0)
        assert any("expired" in line for line in day.log)
    assert newsroom.outbox() == {}


def test_nothing_is_sent_without_approval(newsroom: Newsroom) -> None:
    now = [MORNING.replace(hour=6)]
    with started(newsroom.home, now, DIGEST_SCHEDULE__APPROVAL="required") as day:
        day.scheduler.check()
        day.at(7)
        day.scheduler.check()
        day.at(7, 1)
        day.scheduler.check()
        assert (day.state(), day.accepted()) == ("draft", 0)
        assert sum("waits for approval" in line for line in day.log) == 1
        newsroom.environment["DIGEST_NOW"] = "2026-11-23T07:02+05:30"
        assert newsroom.digest("edition", "approve", KEY).code == 0
        day.at(7, 3)
        day.scheduler.check()
        assert day.accepted() == 5


def test_an_error_in_the_list_is_logged_and_the_scheduler_goes_on(newsroom: Newsroom) -> None:
    with started(newsroom.home, [MORNING.replace(hour=7)]) as day:
        (newsroom.home / "subscribers.yaml").write_text("subscribers:\n  - email: nobody\n", encoding="utf-8")
        day.scheduler.check()
        assert any("subscribers.yaml:2" in line for line in day.log)
        newsroom.set_subscribers("email: asha@example.com")
        day.scheduler.check()
        assert day.accepted() == 1


def test_the_store_is_pruned_once_a_day_and_not_just_before_an_edition(newsroom: Newsroom) -> None:
    now = [MORNING]
    with started(newsroom.home, now) as day:
        pruner, log = day.scheduler.app.pruner, day.log
        day.scheduler.collect()
        collected = len(day.scheduler.app.articles.between(MORNING - timedelta(days=365), MORNING))
        assert collected > 0
        now[0] += timedelta(days=60)
        # The edition is composed at 05:30.
        now[0] = now[0].replace(hour=5, minute=20)
        day.scheduler.prune()
        assert pruner.is_due()
        now[0] = now[0].replace(hour=12)
        day.scheduler.prune()
        assert not pruner.is_due()
        assert [line for line in log if line.startswith("Pruned the store: ")] != []
        now[0] += timedelta(hours=23)
        assert pruner.is_due()


def test_the_store_is_not_pruned_if_the_settings_say_so(newsroom: Newsroom) -> None:
    with started(newsroom.home, [MORNING.replace(hour=12)], DIGEST_STORE__PRUNE="never") as day:
        day.scheduler.prune()
        assert day.scheduler.app.pruner.is_due()


def test_an_edition_that_is_resumed_goes_on_at_once(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody decides while the scheduler waits for its next tick, which never comes here."""
    monkeypatch.setattr("digest.scheduler.scheduler._TICK", 3600.0)
    now, log = [MORNING.replace(hour=7)], list[str]()
    stop, waiting, sent = threading.Event(), threading.Event(), threading.Event()

    def say(line: str) -> None:
        log.append(line)
        if line.startswith("Collected"):
            waiting.set()
        if line.startswith(f"Edition {KEY}, sending: 5 of"):
            sent.set()

    with make_app(newsroom.home, environment={}, clock=lambda: now[0]) as app:
        pipeline.send(app, KEY, SendRequest(scheduled=True), stop=stop, deliver=False)
        app.editions.move(KEY, EditionState.PAUSED, out_of=(EditionState.SENDING,))
        run = threading.Thread(target=Scheduler(watch_settings(app), say, stop=stop).run)
        run.start()
        assert waiting.wait(60), log
        app.editions.move(KEY, EditionState.SENDING, out_of=(EditionState.PAUSED,))
        app.editions.record_decision(KEY, EditionState.SENDING, "at the desk", now=now[0])
        resumed = sent.wait(60)
        stop.set()
        run.join()
        assert resumed, log
