"""A special edition: a person composes and approves it, and `digest run` sends it, at once or at a chosen time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from digest.app import App, make_app
from digest.cli.watch import Rates, read_day
from digest.models import EditionState
from digest.scheduler import Scheduler, watch_settings
from digest.store.sending.decisions import Decision, OperatorDecision
from digest.usecases.special import obeys_frequency
from tests.cli.newsroom import NOW, Newsroom

# Each test composes an edition.
pytestmark = pytest.mark.slow

KEY = "vishesh"
START = datetime.fromisoformat(NOW)
COMPOSE = ("compose", "--slug", KEY, "--hours", "72")


@contextmanager
def running(newsroom: Newsroom, now: datetime, *, hands_over: bool = False) -> Iterator[tuple[App, Scheduler]]:
    """`digest run` at this time."""
    with make_app(newsroom.home, environment=newsroom.environment, clock=lambda: now) as app:
        yield app, Scheduler(watch_settings(app), lambda _line: None, hands_over=hands_over)


def state_after_check(newsroom: Newsroom, now: datetime) -> str:
    """Return the state after `digest run` has checked the edition, some seconds after this time."""
    with running(newsroom, now + timedelta(seconds=30)) as (app, scheduler):
        scheduler.editions.check_one(KEY)
        edition = app.editions.get(KEY)
        assert edition is not None
        return edition.state


def later(**by: int) -> str:
    return (START + timedelta(**by)).isoformat()


def test_an_approval_sends_it_at_once(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    with running(newsroom, START) as (_app, scheduler):
        assert KEY in list(scheduler.editions.keys())
    assert state_after_check(newsroom, START) == EditionState.DRAFT, "nobody has approved it"
    approved = newsroom.digest("edition", "approve", KEY)
    assert "`digest run` sends it at once, or you do now: digest send vishesh" in approved.out
    assert state_after_check(newsroom, START) == EditionState.DONE
    assert len(newsroom.outbox(KEY)) == newsroom.json("status", KEY)["accepted"] > 0


def test_workers_send_it_too(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    newsroom.digest("edition", "approve", KEY)
    with running(newsroom, START + timedelta(seconds=30), hands_over=True) as (app, scheduler):
        scheduler.editions.check_one(KEY)
        edition = app.editions.get(KEY)
    assert edition is not None
    assert edition.state == EditionState.SENDING
    assert newsroom.json("status", KEY)["pending"] > 0


def test_it_waits_for_the_time_of_its_approval(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    approved = newsroom.digest("edition", "approve", KEY, "--at", "2026-11-24T18:00")
    assert "`digest run` sends it at 2026-11-24 18:00" in approved.out
    at = datetime.fromisoformat("2026-11-24T18:00+05:30")
    assert state_after_check(newsroom, at - timedelta(minutes=1)) == EditionState.APPROVED
    assert state_after_check(newsroom, at) == EditionState.DONE


def test_the_status_lists_those_that_wait_for_their_time(newsroom: Newsroom) -> None:
    newsroom.digest("send")
    newsroom.json(*COMPOSE)
    assert newsroom.json("status")["specials"] == [], "it is not approved"
    newsroom.digest("edition", "approve", KEY, "--at", "2026-12-20T18:00")
    assert newsroom.json("status")["specials"] == [{"edition": KEY, "at": "2026-12-20T18:00:00+05:30"}]
    assert "Approved special editions: vishesh at 2026-12-20 18:00" in newsroom.digest("status").out
    with running(newsroom, START) as (app, _scheduler):
        steps = read_day(app, Rates()).steps
    # It is listed, although many steps of the schedule come before it.
    assert (f"{steps[-1][0]:%m-%d %H:%M}", steps[-1][1], len(steps)) == ("12-20 18:00", f"send {KEY}", 6)


def test_a_withdrawn_approval_takes_its_time_along(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    newsroom.digest("edition", "approve", KEY, "--at", "2026-11-24T18:00")
    newsroom.digest("edition", "reopen", KEY, DIGEST_NOW=later(seconds=30))
    newsroom.digest("edition", "approve", KEY, DIGEST_NOW=later(minutes=1))
    assert state_after_check(newsroom, START + timedelta(minutes=1)) == EditionState.DONE


def test_a_forgotten_one_is_not_sent_days_later(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    newsroom.digest("edition", "approve", KEY)
    assert state_after_check(newsroom, START + timedelta(days=2)) == EditionState.EXPIRED
    assert not newsroom.outbox(KEY)
    newsroom.digest("edition", "reopen", KEY, DIGEST_NOW=later(days=2))
    newsroom.digest("edition", "approve", KEY, DIGEST_NOW=later(days=2, minutes=1))
    assert state_after_check(newsroom, START + timedelta(days=2, minutes=1)) == EditionState.DONE


def test_a_draft_that_was_paused_is_not_approved_by_resuming_it(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    for act in ("pause", "resume"):
        assert newsroom.digest("edition", act, KEY).code == 0
    assert state_after_check(newsroom, START) == EditionState.DRAFT
    newsroom.digest("edition", "approve", KEY, DIGEST_NOW=later(minutes=1))
    newsroom.digest("edition", "pause", KEY)
    assert state_after_check(newsroom, START + timedelta(minutes=2)) == EditionState.PAUSED
    newsroom.digest("edition", "resume", KEY, DIGEST_NOW=later(minutes=3))
    assert state_after_check(newsroom, START + timedelta(minutes=3)) == EditionState.DONE


def test_an_approval_can_obey_the_days_of_subscribers(newsroom: Newsroom) -> None:
    newsroom.set_subscribers("email: asha@example.com, frequency: weekly:sun", "email: ravi@example.com")
    newsroom.json(*COMPOSE)
    newsroom.digest("edition", "approve", KEY, "--obey-frequency")
    assert state_after_check(newsroom, START) == EditionState.DONE
    assert list(newsroom.outbox(KEY)) == ["ravi@example.com"]


def test_what_a_send_approved_for_itself_is_left_to_it(newsroom: Newsroom) -> None:
    """`digest send` approves the draft. If it ends before it sends, only `digest send` continues."""
    newsroom.json(*COMPOSE)
    with running(newsroom, START) as (app, _scheduler):
        app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    assert state_after_check(newsroom, START) == EditionState.APPROVED
    assert newsroom.json("send", KEY)["state"] == "done"


@pytest.mark.parametrize("at", ["2026-11-22T07:00", "2027-11-22T07:00", "soon"])
def test_a_time_that_cannot_be_is_refused(newsroom: Newsroom, at: str) -> None:
    newsroom.json(*COMPOSE)
    refused = newsroom.digest("edition", "approve", KEY, "--at", at)
    assert (refused.code, at in refused.err) == (2, True)
    assert newsroom.json("edition", "show", KEY)["state"] == "draft"


def test_an_edition_of_the_schedule_has_its_time_there(newsroom: Newsroom) -> None:
    key = newsroom.json("compose")["edition"]
    refused = newsroom.digest("edition", "approve", key, "--at", "2026-11-24T18:00")
    assert (refused.code, "the schedule has its time" in refused.err) == (1, True)


def test_composing_tells_what_just_missed_it_and_which_sources_failed(newsroom: Newsroom) -> None:
    newsroom.edit_settings("sources:\n", 'sources:\n  - {name: टूटा, url: "http://127.0.0.1:9/feed"}\n')
    done = newsroom.digest(*COMPOSE, "--explain", DIGEST_EDITION__MAX_STORIES="3")
    assert done.code == 0, done.err
    assert "Just missed the edition" in done.out
    assert "`digest edition add` adds one" in done.out
    assert "source टूटा:" in done.err
    assert "not composed again" not in done.err


def test_composing_tells_how_many_stories_are_too_weak(newsroom: Newsroom) -> None:
    newsroom.edit_settings("min_score: 0\n", "min_score: 5\n")
    done = newsroom.digest("compose")
    explained = newsroom.digest("compose", "--explain")
    assert "left out as too weak; --explain shows what just missed the edition" in done.err
    lines = explained.err.splitlines()
    assert any(re.fullmatch(r" - [0-9]+ too weak \(a score below 5\)", line) for line in lines)
    assert "left out, with the number of articles:" in lines, "each number has its unit"
    assert "--explain shows" not in explained.err


def test_the_name_of_a_special_edition_without_articles_is_free(newsroom: Newsroom) -> None:
    empty = newsroom.json("compose", "--slug", KEY, "--words", "xyzabc")
    assert empty["state"] == "skipped"
    assert "so nobody gets it" in newsroom.digest("edition", "discard", KEY).err.replace("It is skipped, ", "")
    assert "nothing to cancel" in newsroom.digest("edition", "cancel", KEY).err
    assert newsroom.json(*COMPOSE)["state"] == "draft"
    taken = newsroom.digest(*COMPOSE)
    assert (taken.code, "Edition vishesh exists already" in taken.err) == (1, True)


def test_it_raises_no_alert_about_few_stories(newsroom: Newsroom) -> None:
    newsroom.environment["DIGEST_ALERTS__THIN_EDITION"] = "90"
    newsroom.json("compose", "--slug", "khaali", "--words", "xyzabc")
    newsroom.json(*COMPOSE)
    with running(newsroom, START) as (app, _scheduler):
        app.watch.run()
        assert [each for each in app.alerts.store.open() if each.kind.startswith("edition-")] == []


def test_an_alert_that_is_over_is_not_listed(newsroom: Newsroom) -> None:
    """Also if `digest run` has ended, which would resolve it."""
    newsroom.environment["DIGEST_SCHEDULE__APPROVAL"] = "required"
    key = newsroom.json("compose")["edition"]
    with running(newsroom, START) as (app, _scheduler):
        app.watch.run()
    waiting = [each["kind"] for each in newsroom.json("alerts", "list")["alerts"]]
    assert "edition-waiting" in waiting
    assert newsroom.digest("edition", "approve", key).code == 0
    assert [each["kind"] for each in newsroom.json("alerts", "list")["alerts"]] == [
        kind for kind in waiting if kind != "edition-waiting"
    ]


def test_a_withdrawn_approval_takes_its_choice_of_subscribers_with_it() -> None:
    def decided(*whats: str) -> list[OperatorDecision]:
        return [OperatorDecision(START, what, "") for what in whats]

    assert obeys_frequency(decided(Decision.OBEYS_FREQUENCY, EditionState.APPROVED))
    assert not obeys_frequency(decided(Decision.OBEYS_FREQUENCY, EditionState.APPROVED, EditionState.DRAFT))
    assert not obeys_frequency(
        decided(Decision.OBEYS_FREQUENCY, EditionState.APPROVED, EditionState.DRAFT, EditionState.APPROVED)
    )


def test_a_time_on_another_day_is_refused_for_the_subscribers_of_its_day(newsroom: Newsroom) -> None:
    newsroom.json(*COMPOSE)
    refused = newsroom.digest("edition", "approve", KEY, "--at", "2026-11-28T07:00", "--obey-frequency")
    assert refused.code == 1
    assert "--obey-frequency means the subscribers of that day" in refused.err
    assert newsroom.json("edition", "show", KEY)["state"] == "draft"
