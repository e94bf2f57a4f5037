"""Inactive subscribers are listed, asked once by the ledger, and paused if they do not answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from digest.app import App, make_app
from digest.cli.commands import cli
from digest.errors import DigestError
from digest.models import RenderedEmail
from digest.newsletter.reengagement import QuestionStep, step_due
from digest.notify.alert import AlertKind
from digest.pipeline import deliver_due, send
from digest.render.lint import lint
from digest.scheduler import Scheduler, watch_settings
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.subscriber_texts import TextKind
from digest.store.schema import delivery, last_click
from digest.store.sending.status import counts
from digest.subscribers.address import normalise
from digest.web.app import load_pages
from digest.web.server import run_pages
from digest.web.stay import question
from tests.support.clock import StoppedClock
from tests.support.folders import newsletter_folder
from tests.support.tables import each_row
from tests.web.site import Site, translated

START = datetime.fromisoformat("2026-01-05T09:00+05:30")
PEOPLE = ("asha@example.com", "ravi@example.com", "meera@example.com", "new@example.com")
BASE = "http://127.0.0.1:8000"
# The time without activity before the question, and the time to answer.
AFTER, WAIT = timedelta(days=181), timedelta(days=15)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(START)


@pytest.fixture
def app(tmp_path: Path, clock: StoppedClock) -> Iterator[App]:
    """Three people joined half a year ago, one a month ago."""
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    rows = "".join(f"  - {{email: {each}}}\n" for each in PEOPLE[:3])
    (home / "subscribers.yaml").write_text(f"subscribers:\n{rows}", encoding="utf-8")
    environment = {"DIGEST_NEWSLETTER__BASE_URL": BASE, "DIGEST_REENGAGE__ENABLED": "true"}
    with make_app(home, environment=environment, clock=clock) as app:
        app.subscriber_list.sync()
        clock.now += AFTER
        (home / "subscribers.yaml").write_text(f"subscribers:\n{rows}  - {{email: {PEOPLE[3]}}}\n", encoding="utf-8")
        app.subscriber_list.sync()
        yield app


def ids(app: App) -> dict[str, int]:
    store = PreferenceStore(app.database)
    found = {each: store.find(normalise(each)) for each in PEOPLE}
    return {email: one.id for email, one in found.items() if one}


def would_ask(app: App) -> set[str]:
    return {each.email for each in app.reengagement.plan().ask}


def would_pause(app: App) -> set[str]:
    return {each.email for each in app.reengagement.plan().pause}


def the_question(app: App) -> RenderedEmail:
    return question(load_pages(app, BASE), app.signer, app.reengagement.key())


def stay_link(app: App, key: str, id: int) -> str:
    """The path of the button of a question."""
    return f"/stay/{key}/{app.signer.sign_link('stay', key)}/{app.signer.sign('preferences', id)}"


def ask(app: App) -> str:
    import threading

    key = app.reengagement.ask(app.reengagement.plan(), the_question(app))
    assert key
    deliver_due(app, key, stop=threading.Event())
    return key


def test_only_those_who_were_silent_for_long_are_shown(app: App) -> None:
    assert would_ask(app) == set(PEOPLE[:3])


@pytest.mark.parametrize(
    "act",
    [
        lambda app, id: app.subscriber_texts.reply(id, "", TextKind.REPLY, "नमस्ते", about="", hash="x", at=app.now()),
        lambda app, id: PreferenceStore(app.database).record(id, "changed", ConsentContext("web:leave"), now=app.now()),
        lambda app, id: PreferenceStore(app.database).unsubscribe(id, ConsentContext("web:leave"), now=app.now()),
    ],
    ids=["replied", "used a page", "left"],
)
def test_whoever_did_something_is_not_asked(app: App, act: Callable[[App, int], object]) -> None:
    act(app, ids(app)["asha@example.com"])
    assert would_ask(app) == {"ravi@example.com", "meera@example.com"}


def test_a_click_counts_and_an_automatic_reply_does_not(app: App) -> None:
    known = ids(app)
    app.subscriber_texts.reply(known["asha@example.com"], "", TextKind.AUTO_REPLY, "", about="", hash="x", at=app.now())
    with app.database.write() as connection:
        connection.execute(last_click.insert().values(subscriber=known["ravi@example.com"], at=app.now()))
    assert would_ask(app) == {"asha@example.com", "meera@example.com"}


def test_each_is_asked_once_by_the_ledger(app: App, clock: StoppedClock) -> None:
    key = ask(app)
    assert key == "reengage-2026-07-05"
    assert counts(app.database, key).accepted == 3
    assert would_ask(app) == set()
    assert app.reengagement.ask(app.reengagement.plan(), the_question(app)) is None
    clock.now += timedelta(days=100)
    assert would_ask(app) == set()
    mails = sorted(path.name for path in (app.home / "outbox" / key).glob("*.eml"))
    assert len(mails) == 3


@pytest.mark.slow
def test_the_question_is_nobody_elses_edition(app: App) -> None:
    import threading

    key = ask(app)
    with pytest.raises(DigestError, match="reengage"):
        send(app, key)
    with app.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(delivery)).scalar() == 3
    assert deliver_due(app, key, stop=threading.Event()) is None
    assert app.archive.missing() == []
    assert app.editions.newest() is None
    with run_pages(app, port=0) as pages:
        assert key not in Site(app, pages.base).get("/archive").text


@pytest.mark.slow
def test_whoever_does_not_answer_is_paused_until_they_come_back(app: App, clock: StoppedClock) -> None:
    key = ask(app)
    known = ids(app)
    clock.now += timedelta(days=1)
    with run_pages(app, port=0) as pages:
        site = Site(app, pages.base)
        place = stay_link(app, key, known["asha@example.com"])
        asked = site.get(place)
        assert translated("Yes, keep it coming") in asked.text
        assert would_pause(app) == set()
        done = site.post(place)
        assert translated("Your emails keep coming.") in done.text
        clock.now += WAIT
        assert would_pause(app) == {"ravi@example.com", "meera@example.com"}
        app.reengagement.pause(app.reengagement.plan())
        assert would_pause(app) == set()
        assert set(PreferenceStore(app.database).paused(app.now())) == {"ravi@example.com", "meera@example.com"}
        site.post(stay_link(app, key, known["ravi@example.com"]))
        assert set(PreferenceStore(app.database).paused(app.now())) == {"meera@example.com"}
    assert app.reengagement_store.counts() == {"open": 0, "stayed": 1, "paused": 2}


def test_nobody_is_paused_who_never_got_the_question(app: App, clock: StoppedClock) -> None:
    app.reengagement.ask(app.reengagement.plan(), the_question(app))
    clock.now += WAIT
    assert would_pause(app) == set()


@pytest.mark.slow
def test_the_page_needs_a_signature_and_a_get_changes_nothing(app: App) -> None:
    key = ask(app)
    asha = ids(app)["asha@example.com"]
    with run_pages(app, port=0) as pages:
        site = Site(app, pages.base)
        own = stay_link(app, key, asha)
        code, token = own.split("/")[3:]
        foreign = [f"/stay/{key}/{code}/{each}" for each in ("x", app.signer.sign("leave", asha))]
        # Another edition has the token too, but not the code of the question.
        foreign += [f"/stay/{token}", f"/stay/{key}/{code[:-1]}x/{token}", f"/stay/{key}x/{code}/{token}"]
        # A code of another question, and a subscriber whom nobody asked.
        foreign += [stay_link(app, "reengage-2026-01-01", asha), stay_link(app, key, 999)]
        for path in foreign:
            assert site.get(path).status == 404, path
            assert site.request("POST", path).status == 404, path
        for method in ("GET", "HEAD"):
            assert site.request(method, own).status == 200
        assert app.reengagement_store.counts()["open"] == 3
        PreferenceStore(app.database).unsubscribe(asha, ConsentContext("web:leave"), now=app.now())
        assert translated("You get no email from us") in site.get(own).text
        site.post(own)
        assert app.subscribers.suppressed()["asha@example.com"] == "unsubscribed"


def test_the_question_is_a_sound_email_in_hindi(app: App) -> None:
    email = the_question(app)
    assert [str(each) for each in lint(email) if each.level == "error"] == []
    assert f'{stay_link(app, app.reengagement.key(), 0).rpartition("/")[0]}/-DGX_PREFS-"' in email.html
    assert "/leave/-DGX_PREFS-" in email.text
    assert email.subject.startswith("क्या हम")


def test_the_command_only_shows_unless_it_is_told_to_send(app: App, clock: StoppedClock) -> None:
    app.database.close()
    environment = {"DIGEST_NOW": clock.now.isoformat(), "DIGEST_NEWSLETTER__BASE_URL": BASE}

    def run(*arguments: str, **more: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(
            cli, ["--home", str(app.home), "subscribers", "reengage", "--json", *arguments], env=environment | more
        )
        return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else {}

    code, shown = run()
    assert (code, len(shown["ask"]), shown["sent"]) == (0, 3, False)
    assert run("--send")[1] == {}
    code, shown = run("--send", DIGEST_REENGAGE__ENABLED="true")
    assert (code, shown["accepted"], shown["paused"]) == (0, 3, 0)
    assert run("--send", DIGEST_REENGAGE__ENABLED="true")[1]["ask"] == []


def test_one_run_asks_a_limited_number(app: App) -> None:
    limited = replace(app.reengagement, at_most=2)
    plan = limited.plan()
    assert (len(plan.ask), plan.more) == (2, 1)


AT = datetime.fromisoformat("2026-07-07T11:00+05:30")


@each_row(
    ("hours", "announced", "done", "expected"),
    [
        (-25, False, False, QuestionStep.NOTHING),
        (-24, False, False, QuestionStep.ANNOUNCE),
        (-13, False, False, QuestionStep.ANNOUNCE),
        (-13, True, False, QuestionStep.NOTHING),
        # Too late to stop it.
        (-11, False, False, QuestionStep.NOTHING),
        (1, False, False, QuestionStep.NOTHING),
        (0, True, False, QuestionStep.ASK),
        (6, True, False, QuestionStep.ASK),
        (7, True, False, QuestionStep.NOTHING),
        (1, True, True, QuestionStep.NOTHING),
    ],
)
def test_the_admins_are_told_before_anybody_is_asked(
    hours: int, announced: bool, done: bool, expected: QuestionStep
) -> None:
    assert step_due(AT, AT + timedelta(hours=hours), announced=announced, done=done) is expected


@contextmanager
def weekly(app: App, clock: StoppedClock) -> Iterator[tuple[Scheduler, list[str]]]:
    """A schedule that asks on Tuesdays, and its log. Three of thirteen people are inactive."""
    joined = (*PEOPLE, *(f"s{number}@example.com" for number in range(9)))
    rows = "".join(f"  - {{email: {each}}}\n" for each in joined)
    (app.home / "subscribers.yaml").write_text(f"subscribers:\n{rows}", encoding="utf-8")
    environment = {
        "DIGEST_NEWSLETTER__BASE_URL": BASE,
        "DIGEST_REENGAGE__ENABLED": "true",
        "DIGEST_REENGAGE__WEEKDAY": "tue",
        "DIGEST_ALERTS__EMAIL": '["desk@example.com"]',
    }
    app.database.close()
    log: list[str] = []
    with make_app(app.home, environment=environment, clock=clock) as again:
        again.subscriber_list.sync()
        yield Scheduler(watch_settings(again), log.append), log


@pytest.mark.slow
def test_the_schedule_asks_once_a_week_a_day_after_it_told_the_admins(app: App, clock: StoppedClock) -> None:
    with weekly(app, clock) as (scheduler, log):

        def run(*moments: tuple[int, int]) -> None:
            for day, hour in moments:
                clock.now = START.replace(month=7, day=day, hour=hour)
                scheduler.reengage()

        run((5, 9), (6, 9), (6, 11), (6, 12), (7, 10))
        assert log == ["On Tuesday at 11:00 3 subscribers who did nothing for 180 days are asked whether to continue."]
        (alert,) = (each for each in scheduler.app.alerts.store.open() if each.kind == AlertKind.REENGAGE_PLANNED)
        assert alert.until == AT
        assert scheduler.app.reengagement.unfinished() == []
        run((7, 11), (7, 12))
        key = "reengage-2026-07-07"
        assert log[1:] == [f"Edition {key}: sending begins. 0 subscribers were paused."]
        # The edition jobs deliver it, like any edition that is not finished.
        assert key in set(scheduler.editions.keys())
        scheduler.editions.check_one(key)
        assert counts(scheduler.app.database, key).accepted == 3
        # Without an answer they are paused two weeks later.
        run((8, 11), (13, 11), (14, 11), (20, 11), (21, 11), (27, 11), (28, 11))
        assert len(PreferenceStore(scheduler.app.database).paused(clock.now)) == 3
        assert scheduler.app.reengagement.unfinished() == []


def test_the_schedule_never_asks_more_than_half_of_the_list(app: App, clock: StoppedClock) -> None:
    with weekly(app, clock) as (scheduler, log):
        clock.now += timedelta(days=200)
        while clock.now.weekday() != 0:
            clock.now += timedelta(days=1)
        for hour in (11, 35):
            clock.now = clock.now.replace(hour=11) + timedelta(hours=hour - 11)
            scheduler.reengage()
        assert [line.partition(",")[0] for line in log] == [
            "More than half of the list seems not to read",
            "Nobody is asked whether to continue: more than half of the list seems not to read.",
        ]
        assert scheduler.app.reengagement.unfinished() == []


def test_by_default_the_schedule_asks_nobody(app: App, clock: StoppedClock) -> None:
    scheduler = Scheduler(watch_settings(app), lambda _line: None)
    for hours in range(0, 24 * 8, 6):
        clock.now = AT + timedelta(hours=hours)
        scheduler.reengage()
    assert app.reengagement.unfinished() == []
