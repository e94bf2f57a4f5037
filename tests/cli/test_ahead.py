"""A one-off send for a later hour, handed over ahead, and stopped before it goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from digest.app import make_app
from digest.cli import sending
from tests.cli.newsroom import Newsroom
from tests.support.sendgrid_faults import Fault
from tests.support.sendgrid_server import KEY, SendGridServer

EDITION = "2026-11-23"
SOON = datetime.fromisoformat("2026-11-23T06:25+05:30")


@pytest.fixture
def provider(newsroom: Newsroom) -> Iterator[SendGridServer]:
    with SendGridServer() as server:
        server.clock.set(SOON.timestamp())
        newsroom.environment |= {
            "DIGEST_NOW": SOON.isoformat(),
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": server.url,
            "DIGEST_DELIVERY__BATCH_SIZE": "2",
            "SENDGRID_API_KEY": KEY,
        }
        yield server


def test_a_send_for_later_is_with_the_provider_and_goes_at_its_time(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    assert (sent["state"], sent["accepted"], sent["pending"]) == ("done", sent["frozen"] - sent["excluded"], 0)
    assert {message.state for message in provider.messages} == {"held"}
    provider.clock.advance(36 * 60)
    assert sum(provider.counts.values()) == sent["accepted"]
    assert newsroom.json("send")["placed"] == 0


def test_a_send_for_later_by_a_transport_that_can_not_recall_waits_for_its_time(newsroom: Newsroom) -> None:
    sent = newsroom.json("send", "--at", "07:30")
    assert sent["pending"] == sent["frozen"] - sent["excluded"]
    assert not newsroom.outbox()
    assert "those pending are due from 2026-11-23 07:30 on" in newsroom.digest("status").out
    assert "due at 2026-11-23 07:30 IST" in newsroom.digest("subscribers", "history", "asha@example.com").out
    assert newsroom.json("send", DIGEST_NOW="2026-11-23T07:31+05:30")["accepted"] == sent["pending"]


def test_what_was_held_of_a_cancelled_edition_is_not_told_as_still_to_come(newsroom: Newsroom) -> None:
    newsroom.json("send", "--at", "07:30")
    assert newsroom.digest("edition", "pause", EDITION).code == 0
    paused = newsroom.digest("status").out
    assert "due from" not in paused
    assert f"digest edition resume {EDITION}" in paused
    assert newsroom.digest("edition", "cancel", EDITION).code == 0
    assert f"edition {EDITION} is cancelled; nobody further is mailed" in newsroom.digest("status").out
    story = newsroom.json("subscribers", "history", "asha@example.com")["history"][-1]
    assert (story["what"], story["why"]) == ("none", "the edition was given up: cancelled")


def test_an_edition_cancelled_before_its_hour_reaches_nobody(newsroom: Newsroom, provider: SendGridServer) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION)
    assert run.code == 0, run.err
    assert f"{sent['accepted']} readers' letters were recalled" in run.out
    provider.clock.advance(3600)
    assert not provider.counts
    status = newsroom.json("status", EDITION)
    assert (status["state"], status["accepted"], status["pending"]) == ("cancelled", 0, sent["accepted"])


def test_an_edition_paused_before_its_hour_goes_on_where_it_was(newsroom: Newsroom, provider: SendGridServer) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    assert newsroom.digest("edition", "pause", EDITION).code == 0
    assert newsroom.digest("edition", "resume", EDITION).code == 0
    assert newsroom.json("send")["accepted"] == sent["accepted"]
    provider.clock.advance(3600)
    assert set(provider.counts.values()) == {1}
    assert sum(provider.counts.values()) == sent["accepted"]


def test_what_is_too_late_to_recall_is_told(newsroom: Newsroom, provider: SendGridServer) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION, DIGEST_NOW="2026-11-23T06:50+05:30")
    assert run.code == 1
    assert f"{sent['accepted']} readers' letters could not be recalled any more" in run.err
    provider.clock.advance(3600)
    assert sum(provider.counts.values()) == sent["accepted"]


def test_an_edition_whose_time_has_come_can_not_be_cancelled(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION, DIGEST_NOW="2026-11-23T07:01+05:30")
    assert run.code == 1
    assert "is done; it can't become cancelled" in run.err


def test_what_is_in_doubt_ahead_of_its_time_is_recalled_and_sent_again(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    provider.faults = [Fault("accept_then_close"), Fault("ok"), Fault("error_500_accepted")]
    sent = newsroom.json("send", "--at", "07:00")
    assert (sent["unknown"], sent["pending"]) == (0, 0)
    assert any("recalled before its time, and sent again" in problem for problem in sent["problems"])
    provider.clock.advance(3600)
    assert set(provider.counts.values()) == {1}


@pytest.mark.parametrize("said", ["7", "25:00", "tomorrow", "06:00", "2026-12-24T07:00"])
def test_a_time_that_is_none_past_or_far_is_said(newsroom: Newsroom, said: str) -> None:
    run = newsroom.digest("send", "--at", said)
    assert run.code == 2
    assert run.err.startswith("--at: ") or "--at" in run.err
    assert said != "06:00" or "for tomorrow write 2026-11-24T06:00" in run.err


def test_what_is_in_doubt_without_a_fence_is_settled_by_the_providers_log(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    provider.faults = [Fault("accept_then_close"), Fault("ok"), Fault("lose_then_close")]
    sent = newsroom.json("send", code=1, DIGEST_DELIVERY__THREADS="1")
    told = newsroom.json("reconcile", EDITION, code=1)
    assert 0 < told["unknown"] < sent["unknown"]
    assert len(told["shown"]) == 1
    (left,) = told["batches"]
    settled = newsroom.json("reconcile", EDITION, "--resend", str(left["batch"]), "--reason", "not in its log")
    assert settled["unknown"] == 0
    assert newsroom.json("send")["state"] == "done"
    assert set(provider.counts.values()) == {1}


@pytest.mark.parametrize(
    ("zone", "now", "said", "told"),
    [
        ("America/New_York", "2026-03-08T00:30-05:00", "02:30", "does not come in America/New_York"),
        ("America/New_York", "2026-03-07T12:00-05:00", "2026-03-08T02:30", "write 2026-03-08T03:30"),
        ("Europe/London", "2026-03-29T00:10+00:00", "01:30", "write 2026-03-29T02:30"),
        ("Australia/Lord_Howe", "2026-10-04T00:10+10:30", "02:15", "write 2026-10-04T02:45"),
        ("America/New_York", "2026-11-01T00:10-04:00", "01:30", "2026-11-01T01:30-04:00 or 2026-11-01T01:30-05:00"),
        ("Europe/London", "2026-10-25T00:10+01:00", "01:30", "2026-10-25T01:30+01:00 or 2026-10-25T01:30+00:00"),
        ("Australia/Lord_Howe", "2026-04-05T00:10+11:00", "01:45", "comes twice in Australia/Lord_Howe"),
        ("Europe/London", "2026-10-25T01:50+00:00", "2026-10-25T01:55+01:00", "is past"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "9999-12-31T23:59-14:00", "another time"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "0001-01-01T00:00+14:00", "another time"),
    ],
)
def test_a_time_that_clocks_skip_or_show_twice(newsroom: Newsroom, zone: str, now: str, said: str, told: str) -> None:
    run = newsroom.digest("send", "--at", said, DIGEST_NOW=now, DIGEST_NEWSLETTER__TIMEZONE=zone)
    assert run.code == 2
    assert told in run.err


@pytest.mark.parametrize(
    ("zone", "now", "said", "due"),
    [
        ("Europe/London", "2026-10-25T00:10+01:00", "2026-10-25T01:30+00:00", "2026-10-25T01:30+00:00"),
        ("Europe/London", "2026-10-25T01:50+01:00", "2026-10-25T01:10+00:00", "2026-10-25T01:10+00:00"),
        ("Europe/London", "2026-10-25T00:10+01:00", "02:00", "2026-10-25T02:00+00:00"),
        ("America/New_York", "2026-03-08T00:10-05:00", "03:00", "2026-03-08T07:00+00:00"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "07:30", "2026-11-23T02:00+00:00"),
    ],
)
def test_a_time_that_is_one_moment(newsroom: Newsroom, zone: str, now: str, said: str, due: str) -> None:
    with make_app(
        newsroom.home, environment=newsroom.env({"DIGEST_NOW": now, "DIGEST_NEWSLETTER__TIMEZONE": zone})
    ) as app:
        assert sending._moment(app, said) == datetime.fromisoformat(due)
