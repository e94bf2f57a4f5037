"""The edition that a command selects, expired editions, few stories, and the stories that a weekly edition repeats."""

from __future__ import annotations

import re
import subprocess
import threading
import time
import urllib.request
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from digest import pipeline
from digest.app import make_app
from digest.scheduler import Scheduler, sole_scheduler, watch_settings
from digest.store.locks import exclusive
from tests.cli.newsroom import Newsroom, parse_mail, text_parts
from tests.curate.sample import BRIDGE, OTHERS
from tests.schedule.test_choice import newsroom
from tests.support.folders import newsletter_folder
from tests.support.profiles import only_thorough

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

__all__ = ["newsroom"]


@pytest.fixture
def single(tmp_path: Path) -> Newsroom:
    """A newsroom with one edition a day."""
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    return Newsroom(tmp_path / "newsletter")


@pytest.mark.parametrize(
    ("arguments", "now", "key"),
    [
        ([], "2026-11-23T05:00+05:30", "2026-11-23-subah"),
        ([], "2026-11-23T11:01+05:30", "2026-11-23-shaam"),
        ([], "2026-11-29T11:30+05:30", "2026-11-29-saptahik"),
        (["--edition", "shaam"], "2026-11-23T05:00+05:30", "2026-11-23-shaam"),
        (["--date", "2026-11-24", "--edition", "subah"], "2026-11-23T05:00+05:30", "2026-11-24-subah"),
        # Not on its day, but asked for by name.
        (["--edition", "saptahik"], "2026-11-23T05:00+05:30", "2026-11-23-saptahik"),
        (["--slug", "special"], "2026-11-23T05:00+05:30", "special"),
    ],
)
def test_the_edition_that_compose_means(newsroom: Newsroom, arguments: list[str], now: str, key: str) -> None:
    assert newsroom.json("compose", *arguments, DIGEST_NOW=now)["edition"] == key


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["compose", "--date", "2026-11-24"], 1, "several editions; name one: 2026-11-24-subah, 2026-11-24-shaam"),
        (["compose", "--edition", "sham"], 2, "unknown edition 'sham'; did you mean 'shaam'?"),
        (["compose", "--slug", "shaam"], 2, "shaam is an edition of the schedule; use --edition shaam"),
        (["compose", "--slug", "x", "--edition", "shaam"], 2, "--slug makes a special edition of today"),
        (["send", "saptahik"], 1, "does not appear today. The next one is 2026-11-29-saptahik."),
        (["send", "2026-11-23"], 1, "2026-11-23 has several editions; name one:"),
        (["send", "other"], 1, "There is no edition other. `digest compose --slug other` makes a special edition"),
        (["status", "shaam"], 1, "There is no edition 2026-11-23-shaam"),
    ],
)
def test_a_command_lists_the_choices(newsroom: Newsroom, arguments: list[str], code: int, message: str) -> None:
    run = newsroom.digest(*arguments)
    assert (run.code, message in run.err) == (code, True), run.err


def test_a_command_says_which_edition_it_means(newsroom: Newsroom) -> None:
    run = newsroom.digest("compose")
    assert "This is edition 2026-11-23-subah. Others of today: 2026-11-23-shaam." in run.err
    newsroom.json("send")
    assert newsroom.json("status", "subah")["accepted"] == 6
    # The evening's is not due yet.
    again = newsroom.json("send")
    assert (again["edition"], again["placed"]) == ("2026-11-23-subah", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["send"], "No edition is planned today, which is a holiday (schedule.holidays)."),
        (["send", "subah"], "Edition subah does not appear today, which is a holiday (schedule.holidays)."),
        (["send", "saptahik"], "Edition saptahik does not appear today."),
        (["send", "2026-11-23"], "No edition is planned on 2026-11-23, which is a holiday (schedule.holidays)."),
    ],
)
def test_a_holiday_is_named(newsroom: Newsroom, arguments: list[str], message: str) -> None:
    run = newsroom.digest(*arguments, DIGEST_SCHEDULE__HOLIDAYS="[2026-11-23]")
    assert f"{message} The next one is 2026-11-2" in run.err


def test_check_reports_a_faulty_file_of_holidays(single: Newsroom) -> None:
    single.edit_settings("  expires_after: 4h\n", "  expires_after: 4h\n  holidays: free.ics\n")
    assert "free.ics: file not found" in single.digest("check", "--offline").out
    (single.home / "free.ics").write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:1\nEND:VEVENT\n")
    assert "free.ics:3: DTSTART: " in single.digest("check", "--offline").out
    assert "free.ics:3: " in single.digest("send").err


def test_an_expired_edition_is_reopened_and_sent_with_its_changes(single: Newsroom) -> None:
    single.environment["DIGEST_SCHEDULE__APPROVAL"] = "required"
    single.environment["DIGEST_SCHEDULE__APPROVE_BY"] = "06:50"
    early = {"DIGEST_NOW": "2026-11-23T06:00+05:30"}
    single.json("compose", **early)
    assert single.digest("edition", "edit", "2026-11-23", "--subject", "ख़ास अंक", **early).code == 0
    clock = [datetime.fromisoformat("2026-11-23T06:50+05:30")]
    with make_app(single.home, environment=single.env(), clock=lambda: clock[0]) as app:
        log: list[str] = []
        scheduler = Scheduler(watch_settings(app), log.append)
        scheduler.check()
        assert single.json("edition", "show", "2026-11-23")["reason"].startswith("It was not approved by 06:50")
        assert "reopen 2026-11-23` brings it back" in single.digest("send").err
        clock[0] += timedelta(hours=6)
        reopened = single.digest("edition", "reopen", "2026-11-23", DIGEST_NOW="2026-11-23T12:50+05:30")
        assert "digest edition approve 2026-11-23 && digest send 2026-11-23" in reopened.out
        scheduler.check()
        approved = single.digest("edition", "approve", "2026-11-23", DIGEST_NOW="2026-11-23T12:51+05:30")
        assert "Its hour, 2026-11-23 07:00, was too long ago" in approved.out
        assert "To send it: digest send 2026-11-23" in approved.out
        scheduler.check()
    assert single.outbox() == {}
    sent = single.json("send", "2026-11-23", DIGEST_NOW="2026-11-23T13:00+05:30")
    assert (sent["state"], sent["accepted"], sent["reason"]) == ("done", 6, "")
    assert {parse_mail(mail)["Subject"] for mail in single.outbox().values()} == {"ख़ास अंक"}


def test_a_day_with_few_stories_takes_older_ones(single: Newsroom) -> None:
    few = {"DIGEST_EDITION__WINDOW": "1h", "DIGEST_EDITION__MIN_STORIES": "4"}
    skipped = single.json("compose", **few)
    assert skipped["state"] == "skipped"
    widened = single.json("compose", DIGEST_EDITION__THIN="widen", **few)
    assert widened["state"] == "draft"
    assert 2 <= widened["widened_hours"] <= 48
    assert f"The window is now {widened['widened_hours']} hours." in widened["reason"]
    single.json("send", DIGEST_EDITION__THIN="widen", **few)
    parts = text_parts(single.outbox()["asha@example.com"])
    assert all(f"पिछले {widened['widened_hours']} घंटों की ख़बरें" in part for part in parts.values())
    assert "घंटों की ख़बरें" not in str(single.json("compose", "--slug", "usual"))


def test_a_weekly_edition_has_what_daily_ones_sent_but_not_what_a_weekly_one_did(newsroom: Newsroom) -> None:
    """The daily editions have a history of their own, which the weekly one does not change."""
    newsroom.edit_settings("replay: true}", "}")
    environment = newsroom.env({"DIGEST_EDITION__MIN_STORIES": "1"})
    # Sunday.
    clock = [datetime.fromisoformat("2026-11-29T06:00+05:30")]
    with make_app(newsroom.home, environment=environment, clock=lambda: clock[0]) as app:
        source = app.sources[0].name
        stories = [
            replace(each, source=source, published=clock[0] - timedelta(hours=3)) for each in (*BRIDGE[:1], *OTHERS)
        ]
        app.articles.save(stories)

        def titles(key: str) -> set[str]:
            edition = pipeline.compose(app, key, fetch=False).edition
            assert not any(story.label for story in edition.stories())
            return {story.title for story in edition.stories()}

        morning = titles("2026-11-29-subah")
        assert len(morning) >= 3
        pipeline.send(app, "2026-11-29-subah")
        clock[0] += timedelta(minutes=1)
        assert titles("2026-11-29-shaam") == set()
        weekly = titles("2026-11-29-saptahik")
        assert weekly >= morning
        clock[0] += timedelta(hours=3)
        pipeline.send(app, "2026-11-29-saptahik")
        clock[0] += timedelta(days=7)
        assert titles("2026-12-06-saptahik") & weekly == set()


@pytest.mark.all_sources
def test_sections_and_sources_of_one_edition(newsroom: Newsroom) -> None:
    newsroom.edit_settings("name: शाम,", "name: शाम, sections: [खेल, विज्ञान], min_stories: 1,")
    everything = {section["name"] for section in newsroom.json("compose")["sections"]}
    evening = newsroom.json("compose", "--edition", "shaam")
    assert {section["name"] for section in evening["sections"]} <= {"खेल", "विज्ञान"} < everything
    assert evening["sections"][0]["name"] == "खेल"
    newsroom.edit_settings("name: शाम,", "name: शाम, sources: [खेल दुनिया],")
    stories = newsroom.json("compose", "--edition", "shaam")["sections"][0]["stories"]
    assert {source for story in stories for source in story["sources"]} == {"खेल दुनिया"}


def test_a_second_run_stands_by_until_the_first_ends(single: Newsroom, store_url: str) -> None:
    environment = single.env({"DIGEST_STORE__URL": store_url})
    with (
        make_app(single.home, environment=environment) as first,
        make_app(single.home, environment=environment) as second,
    ):
        log: list[str] = []
        stop, active = threading.Event(), threading.Event()

        def stand_by() -> None:
            with sole_scheduler(second, stop, log.append, log.append) as lock:
                assert lock is not None
                assert lock.is_held()
                active.set()

        with exclusive(first.database, "running the schedule", wait=0.0) as lock:
            thread = threading.Thread(target=stand_by)
            thread.start()
            until = time.monotonic() + 30
            while not log and time.monotonic() < until:
                time.sleep(0.05)
            assert log == ["Another `digest run` works on this store. Standing by, to take over when it ends."]
            assert lock.is_held()
            assert not active.is_set()
        assert active.wait(30)
        thread.join()
        assert log[1:] == ["Nobody else runs the schedule now. This `digest run` takes over."]
        stop.set()
        with (
            exclusive(first.database, "running the schedule", wait=0.0),
            sole_scheduler(second, stop, log.append, log.append) as none,
        ):
            assert none is None


def test_a_store_that_does_not_answer_when_the_service_starts_is_waited_for(single: Newsroom) -> None:
    with make_app(single.home, environment=single.env({"DIGEST_STORE__URL": "postgresql://127.0.0.1:1/none"})) as app:
        watch_settings(app)
        stop, log = threading.Event(), list[str]()

        def say(line: str) -> None:
            log.append(line)
            stop.set()

        with sole_scheduler(app, stop, pytest.fail, say) as lock:
            assert lock is None
        assert log[0].endswith("Trying again until the store answers.")


def test_a_lock_is_lost_with_its_connection(single: Newsroom, postgres_url: str) -> None:
    with make_app(single.home, environment=single.env({"DIGEST_STORE__URL": postgres_url})) as app:
        with exclusive(app.database, "running the schedule", wait=0.0) as lock:
            assert lock._connection is not None
            pid = lock._connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            lock._connection.commit()
            assert lock.is_held()
            with app.database.write() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            scheduler = Scheduler(watch_settings(app), (log := list[str]()).append)
            # It ends, so that the next one waits for its turn.
            scheduler.run(lock)
            assert not lock.is_held()
            assert "The connection to the store broke" in log[-1]
        with sole_scheduler(app, threading.Event(), log.append, log.append) as again:
            assert again is not None


# In a test above one run takes over from another, and tests/cli/test_following_edits.py edits the settings.
@only_thorough
def test_a_second_process_takes_over_with_the_settings_of_then(single: Newsroom) -> None:
    environment = {"DIGEST_NOW": "2026-11-23T04:00+05:30", "DIGEST_WEB__ENABLED": "true", "DIGEST_WEB__PORT": "0"}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            single.command("run"), cwd=single.home, env=single.env(environment), stderr=subprocess.PIPE, text=True
        )

    def read_until(process: subprocess.Popen[str], words: str) -> str:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if words in line:
                return line
        raise AssertionError(lines)

    first = start()
    second = None
    try:
        read_until(first, "Running")
        second = start()
        read_until(second, "Standing by")
        single.edit_settings("  name: सुबह की ख़बरें", "  name: शाम की ख़बरें")
        first.kill()
        read_until(second, "takes over")
        read_until(second, "changed: newsletter.name")
        base = re.search(r"http://[0-9.:]+", read_until(second, "Running, reader pages on "))
        assert base is not None
        with urllib.request.urlopen(base[0].rstrip("."), timeout=30) as answer:
            assert "शाम की ख़बरें" in answer.read().decode()
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.communicate()
