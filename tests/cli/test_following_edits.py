"""Edits of the list and of the settings while `digest run` runs: valid ones are followed, faulty ones reported once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from digest.app import make_app
from digest.models import EditionState
from digest.scheduler import watch_settings
from digest.utils.redact import redact
from tests.cli.newsroom import Newsroom
from tests.cli.test_run import KEY, MORNING, Day, started

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

Change = Callable[[str, str], None]


@pytest.fixture
def now() -> list[datetime]:
    return [MORNING]


@pytest.fixture
def day(newsroom: Newsroom, now: list[datetime]) -> Iterator[Day]:
    """A day that begins with a valid list."""
    newsroom.set_subscribers(
        "email: asha@example.com", "email: ravi@example.com", 'email: meena@example.com, hour: "08:30"'
    )
    with started(newsroom.home, now) as began:
        began.scheduler.tick()
        yield began


@pytest.fixture
def settings(newsroom: Newsroom) -> Change:
    """Replaces a piece of digest.yaml."""
    return newsroom.edit_settings


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count_logged(day: Day, words: str) -> int:
    return sum(words in line for line in day.log)


def test_a_faulty_list_is_reported_once_and_the_last_valid_one_is_sent_to(newsroom: Newsroom, day: Day) -> None:
    newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com", "email: meena@example.com, hour: 25")
    for minute in (1, 2, 3):
        day.at(5, minute)
        day.scheduler.tick()
    assert count_logged(day, "subscribers.yaml:4") == 1
    day.at(7)
    day.scheduler.tick()
    assert day.accepted() == 2
    day.at(8, 30)
    day.scheduler.tick()
    assert (day.state(), day.accepted()) == (EditionState.DONE, 3)
    assert count_logged(day, "subscribers.yaml:4") == 1


def test_whoever_left_or_was_deleted_since_gets_nothing(newsroom: Newsroom, day: Day) -> None:
    newsroom.set_subscribers("email: asha@example.com", "email: meena@example.com, hour: 25")
    day.scheduler.app.subscribers.suppress("asha@example.com", "unsubscribed", now=day.now[0])
    day.at(9)
    day.scheduler.tick()
    assert set(newsroom.outbox()) == {"meena@example.com"}


def test_someone_deleted_after_the_edition_was_prepared_gets_nothing(newsroom: Newsroom, day: Day) -> None:
    day.at(7)
    day.scheduler.tick()
    newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com, hour: 25")
    day.at(8, 30)
    day.scheduler.tick()
    assert set(newsroom.outbox()) == {"asha@example.com", "ravi@example.com"}
    assert day.state() == EditionState.DONE


def test_after_a_repair_the_edition_goes_to_those_who_were_missing(newsroom: Newsroom, day: Day) -> None:
    newsroom.set_subscribers("email: asha@example.com", "email: new@example.com", "email: nobody")
    day.at(7)
    day.scheduler.tick()
    assert set(newsroom.outbox()) == {"asha@example.com"}
    newsroom.set_subscribers("email: asha@example.com", "email: new@example.com", "email: ravi@example.com")
    day.at(7, 20)
    day.scheduler.tick()
    assert count_logged(day, "The subscriber list is valid again.") == 1
    assert set(newsroom.outbox()) == {"asha@example.com", "new@example.com", "ravi@example.com"}
    # The same fault later is a new one.
    newsroom.set_subscribers("email: asha@example.com", "email: new@example.com", "email: nobody")
    day.scheduler.tick()
    assert count_logged(day, "subscribers.yaml:4") == 2


def test_a_send_by_hand_after_a_repair_keeps_to_the_hours_of_the_day(newsroom: Newsroom, day: Day) -> None:
    day.at(7)
    day.scheduler.tick()
    newsroom.set_subscribers(
        "email: asha@example.com", "email: new@example.com", 'email: late@example.com, hour: "08:30"'
    )
    by_hand = newsroom.json("send", DIGEST_NOW="2026-11-23T07:20+05:30")
    assert by_hand["pending"] == 2, "late@example.com, and meena@example.com who left the list"
    assert set(newsroom.outbox()) == {"asha@example.com", "ravi@example.com", "new@example.com"}
    assert newsroom.json("send", DIGEST_NOW="2026-11-23T08:30+05:30")["pending"] == 0
    assert "late@example.com" in newsroom.outbox()


def test_a_faulty_list_stops_the_day_if_the_settings_say_so(newsroom: Newsroom, now: list[datetime]) -> None:
    newsroom.set_subscribers("email: asha@example.com")
    with started(newsroom.home, now, DIGEST_SUBSCRIBERS__ON_ERROR="stop") as day:
        day.scheduler.tick()
        newsroom.set_subscribers("email: asha@example.com", "email: nobody")
        for minute in (0, 1, 2):
            day.at(7, minute)
            day.scheduler.tick()
        assert newsroom.outbox() == {}
        assert count_logged(day, "nobody gets mail: subscribers.yaml:3") == 1
        newsroom.set_subscribers("email: asha@example.com")
        day.at(7, 3)
        day.scheduler.tick()
        assert set(newsroom.outbox()) == {"asha@example.com"}


def test_commands_refuse_a_faulty_list(newsroom: Newsroom) -> None:
    newsroom.set_subscribers("email: asha@example.com")
    newsroom.json("send")
    newsroom.set_subscribers("email: asha@example.com", "email: nobody")
    for command in (("send",), ("send", "--dry-run")):
        assert newsroom.digest(*command).code == 2


def test_changed_settings_are_used_from_the_next_job_on(day: Day, settings: Change) -> None:
    settings("max_stories: 12", "max_stories: 4")
    day.at(5, 30)
    day.scheduler.tick()
    assert count_logged(day, "changed: edition.max_stories.") == 1
    edition = day.scheduler.app.editions.get(KEY)
    assert edition is not None
    assert len(list(edition.stories())) == 4


def test_a_new_hour_takes_effect(day: Day, settings: Change) -> None:
    settings('send_at: "07:00"', 'send_at: "06:00"')
    day.at(6)
    day.scheduler.tick()
    assert day.accepted() == 2


FAULTS = [
    ("  name: ", "  nam: ", "digest.yaml:6: unknown key 'newsletter.nam'"),
    ("max_stories: 12", "max_stories: many", "digest.yaml:21: 'edition.max_stories'"),
    (
        "samples/feeds/subah-samachar.xml",
        "nowhere",
        "digest.yaml:17: source सुबह समाचार: file or folder not found",
    ),
    ("transport: outbox", "transport: sendgrid", "digest.yaml: 'delivery.sendgrid.key_env'"),
    ("language: hi", "language: xx", "messages/xx.po"),
    ("schedule:", "schedule:\n  holidays: free.ics", "free.ics: file not found"),
    ("schedule:", "alerts: {email: [a@example.com], transport: resend}\nschedule:", "'delivery.resend.key_env'"),
]


def test_faulty_settings_are_reported_once_and_the_old_ones_stay(newsroom: Newsroom, day: Day) -> None:
    path = newsroom.home / "digest.yaml"
    before = path.read_text(encoding="utf-8")
    for number, (old, new, expected) in enumerate(FAULTS, start=1):
        app = day.scheduler.app
        assert old in before
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        for minute in (1, 2):
            day.at(5, number * 5 + minute)
            day.scheduler.tick()
        assert day.scheduler.app is app
        assert (count_logged(day, "the old ones stay in use"), count_logged(day, expected)) == (number, 1)
        if number == len(FAULTS):
            day.at(7)
            day.scheduler.tick()
            assert day.accepted() == 2
        path.write_text(before, encoding="utf-8")
        day.scheduler.tick()
        assert count_logged(day, "The settings are valid again.") == number


def test_an_edit_that_changes_no_value_is_not_reported(newsroom: Newsroom, day: Day) -> None:
    path = newsroom.home / "digest.yaml"
    before = list(day.log)
    path.write_text(path.read_text(encoding="utf-8") + "# A comment.\n", encoding="utf-8")
    day.scheduler.follow_settings()
    assert day.log == before


def test_an_edited_template_is_named(newsroom: Newsroom, day: Day) -> None:
    (newsroom.home / "templates").mkdir(exist_ok=True)
    (newsroom.home / "templates/extra.html.j2").write_text("नमस्ते", encoding="utf-8")
    before = list(day.log)
    day.scheduler.follow_settings()
    assert day.log == [*before, "Edited files are in use: templates/extra.html.j2."]


def test_each_alert_about_a_file_names_its_lines(newsroom: Newsroom, day: Day, settings: Change) -> None:
    """Three edits with different errors are three emails, which must have different texts."""
    settings("max_stories: 12", "max_stories: many")
    day.scheduler.follow_settings()
    settings("send_at:", "send_att:")
    settings("max_stories: many", "max_stories: 12")
    day.scheduler.follow_settings()
    settings("max_stories: 12", "max_stories: 0")
    day.scheduler.follow_settings()
    titles = [message.title for message in day.scheduler.app.alerts.store.open()]
    assert titles == ["digest.yaml has 2 errors in lines 21 and 37"]
    [alert] = day.scheduler.app.alerts.store.open()
    intro, *errors = alert.text.splitlines()
    assert intro == "The settings have errors, so the old ones stay in use:"
    assert [error.split(" ")[0] for error in errors] == ["digest.yaml:21:", "digest.yaml:37:"]


def test_an_edit_of_the_list_is_noticed_at_once(
    newsroom: Newsroom, now: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only at the next full minute: the person who saves an error can still correct it at once."""
    monkeypatch.setattr("digest.scheduler.scheduler._LOOK", 0.05)
    newsroom.set_subscribers("email: asha@example.com")
    with started(newsroom.home, now) as day:
        thread = threading.Thread(target=day.scheduler.run)
        thread.start()
        try:
            wait_until(lambda: bool(count_logged(day, "Collected")))
            newsroom.set_subscribers("email: asha@example.com", "email: nobody")
            wait_until(lambda: count_logged(day, "subscribers.yaml:3") == 1)
            newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com")
            wait_until(lambda: count_logged(day, "The subscriber list is valid again.") == 1)
        finally:
            day.scheduler.stop.set()
            thread.join(timeout=20)


def test_a_faulty_template_is_reported_with_its_line(newsroom: Newsroom, day: Day) -> None:
    folder = newsroom.home / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "letter.txt.j2").write_text("{{ letter.name }\n", encoding="utf-8")
    day.scheduler.tick()
    assert count_logged(day, "templates/letter.txt.j2:1") == 1
    (folder / "letter.txt.j2").unlink()
    day.scheduler.tick()
    assert count_logged(day, "The settings are valid again.") == 1


def test_an_edit_that_nobody_foresaw_does_not_stop_the_jobs(newsroom: Newsroom, day: Day) -> None:
    (newsroom.home / "templates").mkdir(exist_ok=True)
    (newsroom.home / "templates/letter.html.j2").write_bytes(b"\xff\xfe{{")
    (newsroom.home / "templates/pages").write_text("not a folder", encoding="utf-8")
    day.scheduler.tick()
    assert count_logged(day, "the old ones stay in use") == 1
    (newsroom.home / "templates/letter.html.j2").unlink()
    day.at(7)
    day.scheduler.tick()
    assert day.accepted() == 2


def test_a_secret_of_new_settings_is_masked_from_then_on_and_a_refused_app_is_closed(newsroom: Newsroom) -> None:
    """The first edit names a variable without a valid signing secret; the second raises an unexpected exception."""
    with make_app(newsroom.home, environment={"ALERTS_SECRET": "open-sesame"}) as app:
        watch = watch_settings(app)
        opened = len(app._open)
        newsroom.edit_settings(
            "schedule:",
            "alerts: {webhook: 'https://alerts.example.com/x', webhook_secret_env: ALERTS_SECRET}\nschedule:",
        )
        assert watch.reload() is None
        assert "ALERTS_SECRET" in str(watch.problems)
        assert redact("401: open-sesame is wrong") == "401: *** is wrong"
        # No file system takes this name.
        newsroom.edit_settings("samples/feeds/subah-samachar.xml", "x" * 300)
        assert watch.reload() is None
        assert "cannot be used: OSError" in str(watch.problems)
        assert len(app._open) == opened


def test_a_key_that_needs_a_restart_says_so_once(newsroom: Newsroom, day: Day, settings: Change) -> None:
    path = newsroom.home / "digest.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + "\nstore: {url: 'sqlite:///other.db'}\n", encoding="utf-8")
    settings("edition:", "edition:\n  memory: 3d")
    for _ in range(2):
        day.scheduler.tick()
    assert count_logged(day, "Changes of store.url take effect when you restart `digest run`.") == 1
    assert day.scheduler.app.settings.edition.memory.days == 3
    assert not (newsroom.home / "other.db").exists()


def test_an_edition_in_progress_keeps_its_emails_and_hours(newsroom: Newsroom, day: Day, settings: Change) -> None:
    day.at(7)
    day.scheduler.tick()
    (first, *_), before = newsroom.outbox().values(), day.scheduler.app.editions.emails(KEY)
    settings('send_at: "07:00"', 'send_at: "09:30"')
    settings("max_stories: 12", "max_stories: 4")
    day.at(8, 30)
    day.scheduler.tick()
    assert count_logged(day, "changed: edition.max_stories, schedule.send_at.") == 1
    assert (day.state(), day.accepted()) == (EditionState.DONE, 3)
    assert day.scheduler.app.editions.emails(KEY) == before
    late = newsroom.outbox()["meena@example.com"]
    assert b"Subject: " in first
    assert subject(late) == subject(first)


def subject(mail: bytes) -> bytes:
    return mail[mail.index(b"\r\nSubject:") : mail.index(b"\r\nDate:")]


def test_new_hours_are_logged(day: Day, settings: Change) -> None:
    settings('compose_at: "05:30"', 'compose_at: "05:15"')
    settings('send_at: "07:00"', 'send_at: "18:45"')
    day.scheduler.tick()
    assert count_logged(day, "Next edition: 2026-11-23, composed at 05:15, sent at 18:45.") == 1
