"""The provider's own lists, pulled: what lost posts would have said, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.app import make_app
from digest.scheduler import Scheduler
from digest.store.database import open_database
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from tests.cli.newsroom import NOW, Newsroom, many
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_faults import Fault
from tests.support.sendgrid_server import KEY, SendGridServer

START = datetime.fromisoformat(NOW)
BARRED = {
    "reader0@example.com": "bounced",
    "reader1@example.com": "complained",
    "reader2@example.com": "unsubscribed",
    "reader3@example.com": "bounced",
}


def row(email: str, ago: timedelta = timedelta(hours=3)) -> dict[str, Any]:
    return {"created": int((START - ago).timestamp()), "email": email, "reason": "as they say"}


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        found.api.suppressed |= {
            "bounces": [row("Reader0@example.com"), row("stranger@example.org")],
            "blocks": [row("reader4@example.com")],
            "spam_reports": [row("reader1@example.com")],
            "unsubscribes": [row("reader2@example.com")],
            "invalid_emails": [row("reader3@example.com"), row("no address")],
        }
        yield found


@pytest.fixture
def room(newsroom: Newsroom, server: SendGridServer) -> Newsroom:
    newsroom.environment |= {
        "SENDGRID_API_KEY": KEY,
        "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
        "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "1s",
        "DIGEST_DELIVERY__SENDGRID__HOST": server.url,
    }
    newsroom.readers(*many(6))
    return newsroom


def barred(room: Newsroom) -> dict[str, str]:
    with closing(open_database("sqlite:///digest.db", home=room.home)) as database:
        return SubscriberStore(database).suppressed()


def asked_since(server: SendGridServer) -> set[str | None]:
    """The `start_time` of the requests for lists since the last look."""
    found = [urlsplit(one.target) for one in server.requests if "/suppression/" in one.target]
    server.requests.clear()
    return {parse_qs(one.query).get("start_time", [None])[0] for one in found}


def test_readers_are_barred_by_what_the_lists_say(room: Newsroom) -> None:
    told = room.json("bounces", "--pull")
    assert (told["entries"], told["suppressed"], told["unread"]) == (6, 4, [])
    assert barred(room) == BARRED
    assert "as they say" in room.digest("subscribers", "history", "reader1@example.com").out
    again = room.digest("bounces", "--pull")
    assert (again.code, again.out) == (0, "6 entries read, 0 addresses newly suppressed\n")


def test_the_next_pull_asks_from_where_the_last_ended(room: Newsroom, server: SendGridServer) -> None:
    room.json("bounces", "--pull")
    assert asked_since(server) == {None}
    room.json("bounces", "--pull", DIGEST_NOW="2026-11-24T07:00+05:30")
    assert asked_since(server) == {str(int((START - timedelta(days=2)).timestamp()))}
    room.json("bounces", "--pull", "--anew")
    assert asked_since(server) == {None}


def test_a_list_that_fails_is_read_from_its_old_mark_and_the_others_count(
    room: Newsroom, server: SendGridServer
) -> None:
    server.faults = [Fault("bad_no_field", on="suppression")]
    told = room.json("bounces", "--pull", code=1)
    assert told["unread"] == ["bounces"]
    assert told["notes"] == ["sendgrid: cannot read bounces: it answered 400: Bad Request"]
    assert "reader0@example.com" not in barred(room)
    assert "reader1@example.com" in barred(room)
    asked_since(server)
    room.json("bounces", "--pull")
    assert asked_since(server) == {None, str(int((START - timedelta(days=2)).timestamp()))}
    assert barred(room) == BARRED


def test_who_came_back_since_stays_in_and_is_named(room: Newsroom, server: SendGridServer) -> None:
    room.json("bounces", "--pull")
    with make_app(room.home, environment=room.env()) as app:
        signups = SignupStore(app.database)
        for who in ("reader0@example.com", "reader1@example.com"):
            number = signups.request(who, who, wording="", detail="", now=app.now())
            assert signups.confirm(number, timezone="Asia/Kolkata", source="", detail="", now=app.now())
    told = room.json("bounces", "--pull", "--anew")
    assert (told["suppressed"], told["came_back"]) == (0, 2)
    assert "2 subscribers subscribed again" in told["notes"][0]
    assert "reader0@example.com" not in barred(room)
    server.api.suppressed["bounces"].append(row("reader0@example.com", -timedelta(minutes=9)))
    room.json("bounces", "--pull", DIGEST_NOW="2026-11-23T08:00+05:30")
    assert barred(room)["reader0@example.com"] == "bounced"


def test_a_key_without_the_scope_gets_one_sentence(room: Newsroom, server: SendGridServer) -> None:
    server.api.scopes = set(SCOPES) - {"suppression.read"}
    run = room.digest("bounces", "--pull")
    assert run.code == 1
    assert run.err.count("\n") == 1
    assert "the key needs the scope suppression.read (403)" in run.err
    assert KEY not in run.err


def test_what_goes_with_what(room: Newsroom) -> None:
    assert room.digest("bounces", "--pull", "-").code == 2
    assert room.digest("bounces", "--anew", "-").code == 2
    run = room.digest("bounces", "--pull", DIGEST_DELIVERY__TRANSPORT="outbox")
    assert run.code == 2
    assert "outbox has no suppression lists" in run.err


def test_the_clock_pulls_once_a_day_and_bears_a_key_that_may_not(room: Newsroom, server: SendGridServer) -> None:
    now, said = [START], list[str]()
    with make_app(room.home, environment=room.env(), clock=lambda: now[0]) as app:
        scheduler = Scheduler(app, said.append)
        allowed, server.api.scopes = server.api.scopes, set()
        for _hour in range(3):
            scheduler.sync_suppressions()
            now[0] += timedelta(hours=1)
        assert len(said) == 1, "what stays wrong is said once"
        server.api.scopes = allowed
        scheduler.sync_suppressions()
        assert said[1:] == [
            "Suppressed 4 subscribers found on the provider's lists (their webhook events never arrived)."
        ]
        server.requests.clear()
        now[0] += timedelta(hours=23)
        scheduler.sync_suppressions()
        assert not server.requests
        now[0] += timedelta(hours=2)
        scheduler.sync_suppressions()
        assert server.requests


def test_a_provider_that_hangs_holds_up_no_send(room: Newsroom, server: SendGridServer) -> None:
    """The pull does not wait for its turn, nor the others for it."""
    with make_app(room.home, environment=room.env()) as app:
        scheduler, said = Scheduler(app, lambda _line: None), list[str]()
        scheduler.log = said.append
        with scheduler._one_at_a_time:
            scheduler._guarded(scheduler.sync_suppressions, in_turn=False)()
        assert said == ["Suppressed 4 subscribers found on the provider's lists (their webhook events never arrived)."]
