"""A one-off send for a later hour, handed over ahead, and stopped before it goes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import select, update

from digest import pipeline
from digest.app import make_app
from digest.cli import send
from digest.deliver.outcome import Accepted
from digest.store.locks import mark_running
from digest.store.schema import attempt, batch, edition
from digest.usecases.stop_edition import StopResult
from tests.cli.newsroom import Newsroom
from tests.support.claiming import claim_one
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
    assert "The pending ones are due from 2026-11-23 07:30" in newsroom.digest("status").out
    assert "due at 2026-11-23 07:30 IST" in newsroom.digest("subscribers", "history", "asha@example.com").out
    assert newsroom.json("send", DIGEST_NOW="2026-11-23T07:31+05:30")["accepted"] == sent["pending"]


def test_what_was_held_of_a_cancelled_edition_is_not_told_as_still_to_come(newsroom: Newsroom) -> None:
    newsroom.json("send", "--at", "07:30")
    assert newsroom.digest("edition", "pause", EDITION).code == 0
    paused = newsroom.digest("status").out
    assert "due from" not in paused
    assert f"digest edition resume {EDITION}" in paused
    assert newsroom.digest("edition", "cancel", EDITION).code == 0
    assert f"Edition {EDITION} is cancelled; nothing more is sent" in newsroom.digest("status").out
    story = newsroom.json("subscribers", "history", "asha@example.com")["history"][-1]
    assert (story["what"], story["why"]) == ("none", "the edition was given up: cancelled")


def test_an_edition_cancelled_before_its_hour_reaches_nobody(newsroom: Newsroom, provider: SendGridServer) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION)
    assert run.code == 0, run.err
    assert f"cancelled the scheduled email for {sent['accepted']} recipients" in run.out
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
    assert f"{sent['accepted']} recipients will still get this edition" in run.err
    provider.clock.advance(3600)
    assert sum(provider.counts.values()) == sent["accepted"]


def test_an_edition_whose_time_has_come_can_not_be_cancelled(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION, DIGEST_NOW="2026-11-23T07:01+05:30")
    assert run.code == 1
    assert "is done and cannot become cancelled" in run.err


def test_what_is_in_doubt_ahead_of_its_time_is_recalled_and_sent_again(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    provider.faults = [Fault("accept_then_close"), Fault("ok"), Fault("error_500_accepted")]
    sent = newsroom.json("send", "--at", "07:00")
    assert (sent["unknown"], sent["pending"]) == (0, 0)
    assert any("cancelled in time, and sent again" in problem for problem in sent["problems"])
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
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "9999-12-31T23:59-14:00", "more than a year away"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "0001-01-01T00:00+14:00", "more than a year away"),
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
        assert send._parse_time(app, said) == datetime.fromisoformat(due)


def test_more_than_a_provider_recalls_at_once_is_taken_back_in_waves(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten recalls are open at most, each until its hour: who is due later is recalled when that has passed."""
    newsroom.readers(
        *(f'email: early{n}@example.com, hour: "07:00"' for n in range(10)),
        *(f'email: late{n}@example.com, hour: "08:00"' for n in range(6)),
    )
    newsroom.environment |= {"DIGEST_DELIVERY__BATCH_SIZE": "1", "DIGEST_DELIVERY__LEAD": "3h"}
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    with make_app(newsroom.home) as app:
        assert pipeline.send(app, EDITION, scheduled=True).counts.accepted == 16
    run = newsroom.digest("edition", "cancel", EDITION)
    assert run.code == 1
    assert "cancelled the scheduled email for 10 recipients" in run.out
    assert "6 recipients cannot be cancelled yet: the provider accepts no more cancellations for now" in run.err
    provider.clock.advance(40 * 60)
    monkeypatch.setenv("DIGEST_NOW", "2026-11-23T07:05+05:30")
    with make_app(newsroom.home) as app:
        assert app.stopper.resume_cancellations() == {EDITION: 6}
        assert app.stopper.resume_cancellations() == {}
    provider.clock.advance(2 * 3600)
    assert not provider.counts


def test_more_than_a_provider_recalls_at_once_of_one_hour_is_told_as_gone(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    newsroom.readers(*(f"email: reader{n}@example.com" for n in range(13)))
    newsroom.environment["DIGEST_DELIVERY__BATCH_SIZE"] = "1"
    newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION)
    assert "cancelled the scheduled email for 10 recipients" in run.out
    assert "3 recipients will still get this edition" in run.err
    assert "yet" not in run.err
    provider.clock.advance(3600)
    assert sum(provider.counts.values()) == 3


@pytest.mark.parametrize("word", ["pause", "cancel"])
def test_what_a_killed_run_had_in_hand_is_taken_back_too(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    sent = newsroom.json("send", "--at", "07:00")
    with make_app(newsroom.home) as app, app.database.write() as connection:  # as a kill would have left one batch
        last = connection.execute(select(attempt.c.id, attempt.c.batch).order_by(attempt.c.id).limit(1)).one()
        connection.execute(update(attempt).where(attempt.c.id == last.id).values(state="submitting"))
        connection.execute(update(batch).where(batch.c.id == last.batch).values(state="submitting"))
        connection.execute(update(edition).values(state="sending"))
    run = newsroom.digest("edition", word, EDITION)
    assert run.code == 0, run.err
    assert f"cancelled the scheduled email for {sent['accepted']} recipients" in run.out
    if word == "pause":
        assert newsroom.digest("edition", "resume", EDITION).code == 0
        assert newsroom.json("send")["accepted"] == sent["accepted"]
    provider.clock.advance(2 * 3600)
    assert set(provider.counts.values()) == ({1} if word == "pause" else set())


def test_what_a_killed_run_may_have_sent_is_told_when_the_edition_is_paused(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    provider.faults = ["unauthorized_401"]
    newsroom.digest("send")
    with make_app(newsroom.home) as app:
        claim = claim_one(app.ledger, EDITION, "sendgrid", app.now(), 5)  # and then it was killed
    assert claim
    run = newsroom.digest("edition", "pause", EDITION)
    assert run.code == 1
    assert "1 recipient may have this edition: the outcome is unknown" in run.err
    status = newsroom.json("status", EDITION)
    assert (status["state"], status["unknown"]) == ("paused", len(claim.recipients))
    assert newsroom.digest("edition", "resume", EDITION).code == 0
    assert newsroom.json("send", code=1)["pending"] == 0


@pytest.mark.slow
def test_pausing_waits_for_what_another_process_has_in_hand(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    provider.faults = ["unauthorized_401"]
    newsroom.digest("send")
    with make_app(newsroom.home) as app, mark_running(app.database, app.ledger.run):
        claim = claim_one(app.ledger, EDITION, "sendgrid", app.now(), 5)
        assert claim
        with ThreadPoolExecutor(1) as pool, make_app(newsroom.home) as desk:
            told = pool.submit(desk.stopper.stop, EDITION, "paused", out_of=("sending",))
            time.sleep(1)
            assert not told.done()
            app.ledger.settle(claim.attempt, Accepted(), app.now())
            assert told.result(20) == StopResult(stopped=True)
        assert claim_one(app.ledger, EDITION, "sendgrid", app.now(), 5) is None


@pytest.fixture
def killed_before_the_freeze(newsroom: Newsroom) -> None:
    """`digest send --at 07:30`, by a process that died when everybody was about to get a place."""
    dies = "lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)"
    code = (
        f"import os, signal; from digest.usecases.enqueue import Enqueuer; Enqueuer.enqueue = {dies}; "
        "from digest.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "send", "--at", "07:30"]
    done = subprocess.run(command, env=newsroom.env(), cwd=newsroom.home, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.usefixtures("killed_before_the_freeze")
def test_the_hour_that_was_asked_for_outlives_a_kill_before_anybody_has_a_place(newsroom: Newsroom) -> None:
    run = newsroom.json("send")
    assert run["pending"] == run["frozen"] - run["excluded"]
    assert any(
        "An interrupted run scheduled edition 2026-11-23 for 2026-11-23 07:30" in line for line in run["problems"]
    )
    later = newsroom.json("send", DIGEST_NOW="2026-11-23T07:31+05:30")
    assert later["accepted"] == run["pending"]
    assert not any("interrupted" in line for line in later["problems"])


@pytest.mark.usefixtures("killed_before_the_freeze")
def test_an_hour_that_is_past_by_then_is_said(newsroom: Newsroom) -> None:
    run = newsroom.json("send", DIGEST_NOW="2026-11-23T08:00+05:30")
    assert run["accepted"] == run["frozen"] - run["excluded"]
    assert any("That time is past, so it is sent now" in line for line in run["problems"])


def test_a_send_that_ended_by_itself_leaves_no_hour_behind(newsroom: Newsroom) -> None:
    newsroom.environment["DIGEST_SCHEDULE__APPROVAL"] = "required"
    assert newsroom.digest("send", "--at", "07:30").code == 1
    assert newsroom.digest("edition", "approve", EDITION).code == 0
    sent = newsroom.json("send")
    assert sent["accepted"] == sent["frozen"] - sent["excluded"]
