"""Faults in the jobs of `digest run`: one alert at the start and one at the end, also while the store is busy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from digest.app import make_app
from digest.models import EditionState
from digest.newsletter.process_down import clear_failed_start
from digest.newsletter.reload import SettingsWatch
from digest.notify.alert import Alert
from digest.scheduler import Scheduler
from digest.store import errors as store_errors
from digest.store.schema import edition
from tests.cli.newsroom import Newsroom
from tests.cli.test_run import KEY, MORNING, Day, started
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.slow

UNFINISHED = f"unfinished edition {KEY}"


@pytest.fixture
def now() -> list[datetime]:
    return [MORNING]


@pytest.fixture
def day(newsroom: Newsroom, now: list[datetime]) -> Iterator[Day]:
    with started(newsroom.home, now) as began:
        yield began


@contextmanager
def locked(newsroom: Newsroom, day: Day) -> Iterator[None]:
    """Another program holds the store within the block."""
    day.scheduler.app.database.engine.dispose()
    with closing(sqlite3.connect(newsroom.home / "digest.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def alerts(day: Day) -> dict[tuple[str, str], Alert]:
    return {alert.key: alert for alert in day.scheduler.app.alerts.store.open()}


def tick(day: Day, hour: int, minute: int, times: int = 1) -> None:
    """Run the jobs once a minute."""
    for later in range(times):
        day.at(hour, minute + later)
        day.scheduler.tick()


def test_an_edition_that_fails_while_it_is_sent_is_told_once_and_ends_after_a_day(newsroom: Newsroom, day: Day) -> None:
    """Meanwhile the planned edition has nothing to send, and does not report the batches that cannot be sent."""
    tick(day, 7, 0)
    assert day.state() == EditionState.SENDING
    mark = newsroom.home / "digest.db.mark"
    before = mark.read_bytes()
    mark.write_bytes(b"?")
    tick(day, 8, 30, times=5)
    assert sum("digest.db.mark: is damaged" in line for line in day.log) == 3
    assert alerts(day)["job-failed", UNFINISHED].until == MORNING.replace(hour=8, minute=32) + timedelta(days=1)
    mark.write_bytes(before)
    tick(day, 8, 40)
    assert (day.accepted(), day.state(), alerts(day)) == (6, EditionState.DONE, {})


def test_what_still_fails_after_a_day_is_told_again(newsroom: Newsroom, now: list[datetime]) -> None:
    with started(newsroom.home, now, DIGEST_SCHEDULE__EXPIRES_AFTER="3d") as day:
        tick(day, 7, 0)
        (newsroom.home / "digest.db.mark").write_bytes(b"?")
        tick(day, 8, 30, times=3)
        assert ("job-failed", UNFINISHED) in alerts(day)
        day.now[0] += timedelta(days=1)
        day.scheduler.watch()
        assert ("job-failed", UNFINISHED) not in alerts(day)
        day.scheduler.tick()
        assert ("job-failed", UNFINISHED) in alerts(day)
        assert sum(line.startswith(f"{UNFINISHED} fails again and again") for line in day.log) == 2


def test_an_alert_that_finds_the_store_locked_is_stored_at_the_next_tick(
    newsroom: Newsroom, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_errors, "BUSY_SECONDS", 0.1)
    tick(day, 5, 0)
    newsroom.edit_settings("max_stories: 12", "max_stories: many")
    with locked(newsroom, day):
        tick(day, 5, 1, times=2)
    assert alerts(day) == {}
    tick(day, 5, 3)
    assert set(alerts(day)) == {("settings-faulty", "digest.yaml")}
    assert alerts(day)["settings-faulty", "digest.yaml"].since == MORNING.replace(minute=1)
    newsroom.edit_settings("max_stories: many", "max_stories: 12")
    with locked(newsroom, day):
        tick(day, 5, 4)
    assert sum("settings are valid again" in line for line in day.log) == 1
    tick(day, 5, 5)
    assert alerts(day) == {}


def test_a_fault_that_ended_before_its_alert_could_be_stored_is_not_told(
    newsroom: Newsroom, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_errors, "BUSY_SECONDS", 0.1)
    tick(day, 5, 0)
    newsroom.edit_settings("max_stories: 12", "max_stories: many")
    with locked(newsroom, day):
        tick(day, 5, 1)
    newsroom.edit_settings("max_stories: many", "max_stories: 12")
    tick(day, 5, 2, times=2)
    assert alerts(day) == {}


def test_a_start_that_fails_is_told_once_by_what_is_valid(newsroom: Newsroom) -> None:
    """The machine restarts at night after an edit that nobody corrected, and systemd tries again and again."""
    newsroom.json("edition", "list")
    newsroom.edit_settings("max_stories: 12", "max_stories: many")
    with WebhookReceiver() as receiver:
        newsroom.environment |= {
            "DIGEST_ALERTS__EMAIL": "admin@example.com",
            "DIGEST_ALERTS__WEBHOOK": receiver.url,
            "DIGEST_ALERTS__WEBHOOK_PRIVATE": "true",
        }
        for _ in range(2):
            run = newsroom.digest("run")
            assert run.code == 2
            assert "edition.max_stories" in run.err
        assert receiver.kinds() == ["settings-faulty:start"]
        (told,) = receiver.accepted
        assert "digest.yaml:" in told["data"]["text"]
        assert "`digest check`" in told["data"]["action"]
        emails = list((newsroom.home / "outbox").glob("*/*admin@example.com.eml"))
        assert len(emails) == 1
        newsroom.edit_settings("max_stories: many", "max_stories: 12")
        # Without this section an email could be sent by another transport than the configured one.
        newsroom.edit_settings("threads: 4", "threads: viele")
        assert newsroom.digest("run").code == 2
        assert len(receiver.kinds()) == 2
        assert list((newsroom.home / "outbox").glob("*/*admin@example.com.eml")) == emails
        newsroom.edit_settings("threads: viele", "threads: 4")
        with make_app(newsroom.home, environment=newsroom.env()) as app:
            clear_failed_start(app)
            app.alerts.deliver()
        assert receiver.kinds("alert.resolved") == ["settings-faulty:start"]


def test_the_minutes_before_an_edition_are_kept_free(day: Day) -> None:
    tick(day, 5, 28)
    assert not any(line.startswith("Collected") for line in day.log)
    tick(day, 5, 31)
    assert any(line.startswith("Collected") for line in day.log)


def test_holidays_that_cannot_be_read_are_told_and_do_not_end_the_jobs(newsroom: Newsroom, now: list[datetime]) -> None:
    environment = {"DIGEST_SCHEDULE__HOLIDAYS": "free.ics"}
    with make_app(newsroom.home, environment=environment, clock=lambda: now[0]) as app:
        log: list[str] = []
        scheduler = Scheduler(SettingsWatch(app, needs_restart=()), log.append)
        scheduler.tick()
        assert any(line.startswith("check failed: free.ics: file not found") for line in log)
        assert any(line.startswith("Collected") for line in log)


def test_a_list_that_stops_the_day_is_one_fault_also_for_an_edition_that_is_being_sent(
    newsroom: Newsroom, now: list[datetime]
) -> None:
    with started(newsroom.home, now, DIGEST_SUBSCRIBERS__ON_ERROR="stop") as day:
        tick(day, 7, 0)
        before = (newsroom.home / "subscribers.yaml").read_text(encoding="utf-8")
        newsroom.set_subscribers("email: nobody")
        tick(day, 8, 30, times=2)
        assert (day.accepted(), set(alerts(day))) == (5, {("list-faulty", "subscribers.yaml")})
        (newsroom.home / "subscribers.yaml").write_text(before, encoding="utf-8")
        tick(day, 8, 33)
        assert (day.accepted(), day.state(), alerts(day)) == (6, EditionState.DONE, {})


def test_a_new_newsletter_has_missed_nothing_on_its_first_day(newsroom: Newsroom, now: list[datetime]) -> None:
    both = '[{slug: subah}, {slug: shaam, send_at: "18:00"}]'
    with started(newsroom.home, now, DIGEST_SCHEDULE__EDITIONS=both) as day:
        tick(day, 12, 0)
        tick(day, 18, 0, times=2)
        assert set(alerts(day)) == set()
        day.now[0] = MORNING.replace(hour=12) + timedelta(days=1)
        day.scheduler.tick()
        assert set(alerts(day)) == {("edition-missed", "2026-11-24-subah")}


def test_a_look_for_conditions_that_fails_is_told(newsroom: Newsroom, now: list[datetime]) -> None:
    """An edition in the store is damaged, and the alert about it is sent."""
    with WebhookReceiver() as receiver:
        environment = {"DIGEST_ALERTS__WEBHOOK": receiver.url, "DIGEST_ALERTS__WEBHOOK_PRIVATE": "true"}
        with started(newsroom.home, now, **environment) as day:
            tick(day, 5, 30)
            with day.scheduler.app.database.write() as connection:
                connection.execute(update(edition).values(sections={}))
            for _ in range(4):
                day.scheduler.guard.run(day.scheduler.watch)
        assert receiver.kinds() == ["job-failed:watch"]
