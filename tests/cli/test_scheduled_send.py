"""`digest send --at`: handed to the provider ahead of time, and cancelled before it goes out."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from digest import pipeline
from digest.app import make_app
from digest.cli import send
from digest.cli.output import plural
from digest.deliver.outcome import Accepted
from digest.models import Actor, EditionState
from digest.store.locks import mark_running
from digest.store.schema import attempt, batch, edition
from digest.usecases.enqueue import SendRequest
from digest.usecases.stop_edition import StopResult
from tests.cli.newsroom import Newsroom
from tests.support.enqueue import claim_one
from tests.support.sendgrid_faults import Fault
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"
SOON = datetime.fromisoformat("2026-11-23T06:25+05:30")


@pytest.fixture
def provider(newsroom: Newsroom) -> Iterator[SendGridServer]:
    with SendGridServer() as server:
        server.clock.set(SOON.timestamp())
        newsroom.environment |= {
            "DIGEST_NOW": SOON.isoformat(),
            **sendgrid_environment(server.url),
            "DIGEST_DELIVERY__BATCH_SIZE": "2",
        }
        yield server


def test_a_scheduled_send_is_handed_to_the_provider_which_delivers_at_its_time(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    assert (sent["state"], sent["accepted"], sent["pending"]) == ("done", sent["frozen"] - sent["excluded"], 0)
    assert {message.state for message in provider.messages} == {"held"}
    provider.clock.advance(36 * 60)
    assert sum(provider.counts.values()) == sent["accepted"]
    assert newsroom.json("send")["placed"] == 0


def test_a_transport_that_cannot_cancel_keeps_a_scheduled_send_pending_until_its_time(newsroom: Newsroom) -> None:
    sent = newsroom.json("send", "--at", "07:30")
    assert sent["pending"] == sent["frozen"] - sent["excluded"]
    assert not newsroom.outbox()
    assert "The pending ones are due from 2026-11-23 07:30" in newsroom.digest("status").out
    assert "due at 2026-11-23 07:30 IST" in newsroom.digest("subscribers", "history", "asha@example.com").out
    assert newsroom.json("send", DIGEST_NOW="2026-11-23T07:31+05:30")["accepted"] == sent["pending"]


def test_status_announces_no_pending_emails_of_a_paused_or_cancelled_edition(newsroom: Newsroom) -> None:
    newsroom.json("send", "--at", "07:30")
    assert newsroom.digest("edition", "pause", EDITION).code == 0
    paused = newsroom.digest("status").out
    assert "due from" not in paused
    assert f"digest edition resume {EDITION}" in paused
    assert newsroom.digest("edition", "cancel", EDITION).code == 0
    assert f"Edition {EDITION} is cancelled; nothing more is sent" in newsroom.digest("status").out
    story = newsroom.json("subscribers", "history", "asha@example.com")["history"][-1]
    assert (story["what"], story["why"]) == ("none", "the edition was given up: cancelled")


def test_an_edition_cancelled_before_its_time_reaches_nobody(newsroom: Newsroom, provider: SendGridServer) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION)
    assert run.code == 0, run.err
    assert f"cancelled the scheduled email for {sent['accepted']} recipients" in run.out
    provider.clock.advance(3600)
    assert not provider.counts
    status = newsroom.json("status", EDITION)
    assert (status["state"], status["accepted"], status["pending"]) == ("cancelled", 0, sent["accepted"])


def test_an_edition_paused_before_its_time_resumes_where_it_stopped(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    assert newsroom.digest("edition", "pause", EDITION).code == 0
    assert newsroom.digest("edition", "resume", EDITION).code == 0
    assert newsroom.json("send")["accepted"] == sent["accepted"]
    provider.clock.advance(3600)
    assert set(provider.counts.values()) == {1}
    assert sum(provider.counts.values()) == sent["accepted"]


def test_cancel_reports_who_will_still_get_the_edition(newsroom: Newsroom, provider: SendGridServer) -> None:
    sent = newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION, DIGEST_NOW="2026-11-23T06:50+05:30")
    assert run.code == 1
    assert f"{sent['accepted']} recipients will still get this edition" in run.err
    provider.clock.advance(3600)
    assert sum(provider.counts.values()) == sent["accepted"]


def test_an_edition_whose_time_has_come_cannot_be_cancelled(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION, DIGEST_NOW="2026-11-23T07:01+05:30")
    assert run.code == 1
    assert "is done and cannot be cancelled" in run.err


def test_an_unknown_batch_is_cancelled_before_its_time_and_sent_again(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    provider.faults = [Fault("accept_then_close"), Fault("ok"), Fault("error_500_accepted")]
    sent = newsroom.json("send", "--at", "07:00")
    assert (sent["unknown"], sent["pending"]) == (0, 0)
    assert any("cancelled in time, and sent again" in problem for problem in sent["problems"])
    provider.clock.advance(3600)
    assert set(provider.counts.values()) == {1}


@pytest.mark.parametrize("text", ["7", "25:00", "tomorrow", "06:00", "2026-12-24T07:00"])
def test_an_invalid_past_or_distant_time_is_rejected(newsroom: Newsroom, text: str) -> None:
    run = newsroom.digest("send", "--at", text)
    assert run.code == 2
    assert run.err.startswith("--at: ") or "--at" in run.err
    assert text != "06:00" or "for tomorrow write 2026-11-24T06:00" in run.err


def test_an_unknown_batch_without_a_schedule_id_is_resolved_by_the_providers_log(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    provider.faults = [Fault("accept_then_close"), Fault("ok"), Fault("lose_then_close")]
    sent = newsroom.json("send", code=1, DIGEST_DELIVERY__THREADS="1")
    looked_up = newsroom.json("reconcile", EDITION, code=1)
    assert 0 < looked_up["unknown"] < sent["unknown"]
    assert len(looked_up["shown"]) == 1
    (left,) = looked_up["batches"]
    resolved = newsroom.json("reconcile", EDITION, "--resend", str(left["batch"]), "--reason", "not in its log")
    assert resolved["unknown"] == 0
    assert newsroom.json("send")["state"] == "done"
    assert set(provider.counts.values()) == {1}


@pytest.mark.parametrize(
    ("zone", "now", "text", "result"),
    [
        ("America/New_York", "2026-03-08T00:30-05:00", "02:30", "does not exist in America/New_York"),
        ("America/New_York", "2026-03-07T12:00-05:00", "2026-03-08T02:30", "write 2026-03-08T03:30"),
        ("Europe/London", "2026-03-29T00:10+00:00", "01:30", "write 2026-03-29T02:30"),
        ("Australia/Lord_Howe", "2026-10-04T00:10+10:30", "02:15", "write 2026-10-04T02:45"),
        ("America/New_York", "2026-11-01T00:10-04:00", "01:30", "2026-11-01T01:30-04:00 or 2026-11-01T01:30-05:00"),
        ("Europe/London", "2026-10-25T00:10+01:00", "01:30", "2026-10-25T01:30+01:00 or 2026-10-25T01:30+00:00"),
        ("Australia/Lord_Howe", "2026-04-05T00:10+11:00", "01:45", "occurs twice in Australia/Lord_Howe"),
        ("Europe/London", "2026-10-25T01:50+00:00", "2026-10-25T01:55+01:00", "is past"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "9999-12-31T23:59-14:00", "more than a year away"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "0001-01-01T00:00+14:00", "more than a year away"),
    ],
)
def test_a_local_time_that_does_not_exist_or_exists_twice_is_rejected(
    newsroom: Newsroom, zone: str, now: str, text: str, result: str
) -> None:
    run = newsroom.digest("send", "--at", text, DIGEST_NOW=now, DIGEST_NEWSLETTER__TIMEZONE=zone)
    assert run.code == 2
    assert result in run.err


@pytest.mark.parametrize(
    ("zone", "now", "text", "due"),
    [
        ("Europe/London", "2026-10-25T00:10+01:00", "2026-10-25T01:30+00:00", "2026-10-25T01:30+00:00"),
        ("Europe/London", "2026-10-25T01:50+01:00", "2026-10-25T01:10+00:00", "2026-10-25T01:10+00:00"),
        ("Europe/London", "2026-10-25T00:10+01:00", "02:00", "2026-10-25T02:00+00:00"),
        ("America/New_York", "2026-03-08T00:10-05:00", "03:00", "2026-03-08T07:00+00:00"),
        ("Asia/Kolkata", "2026-11-23T07:00+05:30", "07:30", "2026-11-23T02:00+00:00"),
    ],
)
def test_an_unambiguous_time_is_accepted(newsroom: Newsroom, zone: str, now: str, text: str, due: str) -> None:
    with make_app(
        newsroom.home, environment=newsroom.env({"DIGEST_NOW": now, "DIGEST_NEWSLETTER__TIMEZONE": zone})
    ) as app:
        assert send._parse_time(app, text) == datetime.fromisoformat(due)


def test_cancellations_beyond_the_providers_limit_follow_when_earlier_ones_expire(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most ten cancellations are open, each until its time. The rest follow when that has passed."""
    newsroom.set_subscribers(
        *(f'email: early{n}@example.com, hour: "07:00"' for n in range(10)),
        *(f'email: late{n}@example.com, hour: "08:00"' for n in range(6)),
    )
    newsroom.environment |= {"DIGEST_DELIVERY__BATCH_SIZE": "1", "DIGEST_DELIVERY__LEAD": "3h"}
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    with make_app(newsroom.home) as app:
        assert pipeline.send(app, EDITION, SendRequest(scheduled=True)).counts.accepted == 16
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


def test_cancellations_of_one_hour_beyond_the_providers_limit_are_reported_as_too_late(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    newsroom.set_subscribers(*(f"email: subscriber{n}@example.com" for n in range(13)))
    newsroom.environment["DIGEST_DELIVERY__BATCH_SIZE"] = "1"
    newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "cancel", EDITION)
    assert "cancelled the scheduled email for 10 recipients" in run.out
    assert "3 recipients will still get this edition" in run.err
    assert "yet" not in run.err
    provider.clock.advance(3600)
    assert sum(provider.counts.values()) == 3


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_batches_of_a_killed_run_are_cancelled_too(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    sent = newsroom.json("send", "--at", "07:00")
    # Leave one batch in the state in which a kill leaves it.
    with make_app(newsroom.home) as app, app.database.write() as connection:
        last = connection.execute(select(attempt.c.id, attempt.c.batch).order_by(attempt.c.id).limit(1)).one()
        connection.execute(update(attempt).where(attempt.c.id == last.id).values(state="submitting"))
        connection.execute(update(batch).where(batch.c.id == last.batch).values(state="submitting"))
        connection.execute(update(edition).values(state="sending"))
    run = newsroom.digest("edition", command, EDITION)
    assert run.code == 0, run.err
    assert f"cancelled the scheduled email for {sent['accepted']} recipients" in run.out
    if command == "pause":
        assert newsroom.digest("edition", "resume", EDITION).code == 0
        assert newsroom.json("send")["accepted"] == sent["accepted"]
    provider.clock.advance(2 * 3600)
    assert set(provider.counts.values()) == ({1} if command == "pause" else set())


def test_pausing_reports_what_a_killed_run_may_have_sent(
    newsroom: Newsroom, provider: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    provider.faults = ["unauthorized_401"]
    newsroom.digest("send")
    with make_app(newsroom.home) as app:
        # Nothing settles this claim, as after a kill.
        claim = claim_one(app.ledger, EDITION, "sendgrid", app.now(), 5)
    assert claim
    run = newsroom.digest("edition", "pause", EDITION)
    assert run.code == 1
    # Which batch was claimed, the full one or the rest, depends on the threads.
    number = plural(len(claim.recipients), "recipient may", "recipients may")
    assert f"{number} have this edition: the outcome is unknown" in run.err
    status = newsroom.json("status", EDITION)
    assert (status["state"], status["unknown"]) == ("paused", len(claim.recipients))
    assert newsroom.digest("edition", "resume", EDITION).code == 0
    assert newsroom.json("send", code=1)["pending"] == 0


def test_pausing_waits_for_the_batches_in_flight_of_another_process(
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
        with ThreadPoolExecutor(1) as pool, make_app(newsroom.home) as other:
            stop = partial(other.stopper.stop, EDITION, EditionState.PAUSED, Actor("tester", "command"), why="a test")
            result = pool.submit(stop, out_of=(EditionState.SENDING,))
            time.sleep(1)
            assert not result.done()
            app.ledger.settle(claim.attempt, Accepted(), app.now())
            assert result.result(20) == StopResult(stopped=True)
        assert claim_one(app.ledger, EDITION, "sendgrid", app.now(), 5) is None


def test_the_requested_time_survives_a_kill_before_enqueueing(newsroom: Newsroom, tmp_path: Path) -> None:
    """`digest send --at 07:30` dies just before it enqueues. The next send comes before that time, or after it."""
    die = "lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)"
    code = (
        f"import os, signal; from digest.usecases.enqueue import Enqueuer; Enqueuer.enqueue = {die}; "
        "from digest.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "send", "--at", "07:30"]
    done = subprocess.run(command, env=newsroom.env(), cwd=newsroom.home, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    afterwards = Newsroom(tmp_path / "afterwards", newsroom.environment)
    shutil.copytree(newsroom.home, afterwards.home)

    run = newsroom.json("send")
    assert run["pending"] == run["frozen"] - run["excluded"]
    assert any(
        "An interrupted run scheduled edition 2026-11-23 for 2026-11-23 07:30" in line for line in run["problems"]
    )
    later = newsroom.json("send", DIGEST_NOW="2026-11-23T07:31+05:30")
    assert later["accepted"] == run["pending"]
    assert not any("interrupted" in line for line in later["problems"])

    run = afterwards.json("send", DIGEST_NOW="2026-11-23T08:00+05:30")
    assert run["accepted"] == run["frozen"] - run["excluded"]
    assert any("That time is past, so it is sent now" in line for line in run["problems"])


def test_a_send_that_ended_normally_leaves_no_requested_time(newsroom: Newsroom) -> None:
    newsroom.environment["DIGEST_SCHEDULE__APPROVAL"] = "required"
    assert newsroom.digest("send", "--at", "07:30").code == 1
    assert newsroom.digest("edition", "approve", EDITION).code == 0
    sent = newsroom.json("send")
    assert sent["accepted"] == sent["frozen"] - sent["excluded"]
