"""`digest bounces --pull`: the provider's suppression lists replace lost webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.app import make_app
from digest.scheduler import Scheduler, watch_settings
from digest.store.database import open_database
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from tests.cli.newsroom import NOW, Newsroom, subscriber_rows
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_faults import Fault
from tests.support.sendgrid_server import KEY, SendGridServer, sendgrid_environment

START = datetime.fromisoformat(NOW)
SUPPRESSED = {
    "subscriber0@example.com": "bounced",
    "subscriber1@example.com": "complained",
    "subscriber2@example.com": "unsubscribed",
    "subscriber3@example.com": "bounced",
}


def entry(email: str, ago: timedelta = timedelta(hours=3)) -> dict[str, Any]:
    return {"created": int((START - ago).timestamp()), "email": email, "reason": "as they say"}


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        found.api.suppressed |= {
            "bounces": [entry("Subscriber0@example.com"), entry("stranger@example.org")],
            "blocks": [entry("subscriber4@example.com")],
            "spam_reports": [entry("subscriber1@example.com")],
            "unsubscribes": [entry("subscriber2@example.com")],
            "invalid_emails": [entry("subscriber3@example.com"), entry("no address")],
        }
        yield found


@pytest.fixture
def newsroom(newsroom: Newsroom, server: SendGridServer) -> Newsroom:
    newsroom.environment |= {
        **sendgrid_environment(server.url),
        "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "1s",
    }
    newsroom.set_subscribers(*subscriber_rows(6))
    return newsroom


def suppressed(newsroom: Newsroom) -> dict[str, str]:
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        return SubscriberStore(database).suppressed()


def requested_since(server: SendGridServer) -> set[str | None]:
    """Return the `start_time` of each list request since the last call."""
    found = [urlsplit(one.target) for one in server.requests if "/suppression/" in one.target]
    server.requests.clear()
    return {parse_qs(one.query).get("start_time", [None])[0] for one in found}


def test_the_lists_are_read_with_faulty_files(newsroom: Newsroom) -> None:
    newsroom.json("subscribers", "export", "list.csv")
    newsroom.edit_settings("compose_at:", "compose_att:")
    pulled = newsroom.digest("bounces", "--pull")
    assert (pulled.code, suppressed(newsroom)) == (0, SUPPRESSED)
    assert "unknown key 'schedule.compose_att'" in pulled.err
    newsroom.edit_settings("compose_att:", "compose_at:")
    newsroom.set_subscribers("email: subscriber5")
    again = newsroom.digest("bounces", "--pull")
    assert (again.code, again.err.count("\n")) == (0, 1)
    assert "The last valid list is used" in again.err


def test_addresses_on_the_providers_lists_are_suppressed(newsroom: Newsroom) -> None:
    result = newsroom.json("bounces", "--pull")
    assert (result["entries"], result["suppressed"], result["unread"]) == (6, 4, [])
    assert suppressed(newsroom) == SUPPRESSED
    assert "as they say" in newsroom.digest("subscribers", "history", "subscriber1@example.com").out
    again = newsroom.digest("bounces", "--pull")
    assert (again.code, again.out) == (0, "6 entries read, 0 addresses newly suppressed\n")


def test_the_next_sync_starts_where_the_last_one_ended(newsroom: Newsroom, server: SendGridServer) -> None:
    newsroom.json("bounces", "--pull")
    assert requested_since(server) == {None}
    newsroom.json("bounces", "--pull", DIGEST_NOW="2026-11-24T07:00+05:30")
    assert requested_since(server) == {str(int((START - timedelta(days=2)).timestamp()))}
    newsroom.json("bounces", "--pull", "--anew")
    assert requested_since(server) == {None}


def test_a_list_that_failed_is_read_again_and_the_others_count(newsroom: Newsroom, server: SendGridServer) -> None:
    server.faults = [Fault("bad_no_field", on="suppression")]
    result = newsroom.json("bounces", "--pull", code=1)
    assert result["unread"] == ["bounces"]
    assert result["notes"] == ["sendgrid: cannot read bounces: it answered 400: Bad Request"]
    assert "subscriber0@example.com" not in suppressed(newsroom)
    assert "subscriber1@example.com" in suppressed(newsroom)
    requested_since(server)
    newsroom.json("bounces", "--pull")
    assert requested_since(server) == {None, str(int((START - timedelta(days=2)).timestamp()))}
    assert suppressed(newsroom) == SUPPRESSED


def test_a_resubscribed_address_is_not_suppressed_and_is_reported(newsroom: Newsroom, server: SendGridServer) -> None:
    newsroom.json("bounces", "--pull")
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        signups = SignupStore(app.database)
        for who in ("subscriber0@example.com", "subscriber1@example.com"):
            number = signups.request(who, who, wording="", detail="", now=app.now())
            assert signups.confirm(number, timezone="Asia/Kolkata", source="", detail="", now=app.now())
    result = newsroom.json("bounces", "--pull", "--anew")
    assert (result["suppressed"], result["came_back"]) == (0, 2)
    assert "2 subscribers subscribed again" in result["notes"][0]
    assert "subscriber0@example.com" not in suppressed(newsroom)
    server.api.suppressed["bounces"].append(entry("subscriber0@example.com", -timedelta(minutes=9)))
    newsroom.json("bounces", "--pull", DIGEST_NOW="2026-11-23T08:00+05:30")
    assert suppressed(newsroom)["subscriber0@example.com"] == "bounced"


def test_a_key_without_the_scope_gives_one_sentence(newsroom: Newsroom, server: SendGridServer) -> None:
    server.api.scopes = set(SCOPES) - {"suppression.read"}
    run = newsroom.digest("bounces", "--pull")
    assert run.code == 1
    assert run.err.count("\n") == 1
    assert "the key needs the scope suppression.read (403)" in run.err
    assert KEY not in run.err


def test_options_that_exclude_each_other_are_refused(newsroom: Newsroom) -> None:
    assert newsroom.digest("bounces", "--pull", "-").code == 2
    assert newsroom.digest("bounces", "--anew", "-").code == 2
    run = newsroom.digest("bounces", "--pull", DIGEST_DELIVERY__TRANSPORT="outbox")
    assert run.code == 2
    assert "outbox has no suppression lists" in run.err


def test_the_scheduler_syncs_once_a_day_and_reports_a_failure_once(newsroom: Newsroom, server: SendGridServer) -> None:
    now, message = [START], list[str]()
    with make_app(newsroom.home, environment=newsroom.env(), clock=lambda: now[0]) as app:
        scheduler = Scheduler(watch_settings(app), message.append)
        allowed, server.api.scopes = server.api.scopes, set()
        for _hour in range(3):
            scheduler.sync_suppressions()
            now[0] += timedelta(hours=1)
        assert len(message) == 1, "a failure that persists is reported once"
        server.api.scopes = allowed
        scheduler.sync_suppressions()
        assert message[1:] == [
            "Suppressed 4 subscribers found on the provider's lists (their webhook events never arrived)."
        ]
        server.requests.clear()
        now[0] += timedelta(hours=23)
        scheduler.sync_suppressions()
        assert not server.requests
        now[0] += timedelta(hours=2)
        scheduler.sync_suppressions()
        assert server.requests


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_a_sync_does_not_wait_for_other_jobs_nor_block_them(newsroom: Newsroom, server: SendGridServer) -> None:
    answer = threading.Event()
    with make_app(newsroom.home, environment=newsroom.env(), clock=lambda: START) as app:
        message = list[str]()
        scheduler = Scheduler(watch_settings(app), message.append)
        sync = scheduler.app.suppression_sync
        scheduler.app.__dict__["suppression_sync"] = SimpleNamespace(is_due=lambda: answer.wait(30), run=sync.run)
        running = threading.Thread(target=scheduler.run)
        running.start()
        try:
            # The first tick ends while the provider has not answered.
            wait_until(lambda: any(line.startswith("Collected") for line in message))
            assert not any(line.startswith("Suppressed") for line in message)
            answer.set()
            wait_until(lambda: any(line.startswith("Suppressed") for line in message))
        finally:
            answer.set()
            scheduler.stop.set()
            running.join(30)
    assert "Suppressed 4 subscribers found on the provider's lists (their webhook events never arrived)." in message
