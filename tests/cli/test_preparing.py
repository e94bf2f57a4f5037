"""What is made between editions changes nothing of what readers get, and an error still names the right one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import orjson
import pytest

from digest import preparing
from digest.app import make_app
from digest.freezing import mirror_list
from tests.cli.newsroom import Newsroom, many
from tests.support.sendgrid_server import KEY, SendGridServer

NOW = datetime.fromisoformat("2026-11-23T07:00+05:30")


@pytest.fixture
def provider(newsroom: Newsroom) -> Iterator[SendGridServer]:
    with SendGridServer() as server:
        server.clock.set(NOW.timestamp())
        newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": server.url,
            "DIGEST_DELIVERY__BATCH_SIZE": "4",
            "SENDGRID_API_KEY": KEY,
        }
        yield server


def prepare(newsroom: Newsroom, worth: int = 0, stop: threading.Event | None = None) -> int:
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        return preparing.prepare(app, stop or threading.Event(), worth=worth)


def test_what_was_prepared_goes_to_everyone_once(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.readers(*many(9), 'email: "o\'neil@example.com"')
    read_the_list(newsroom)
    assert prepare(newsroom) == 10
    assert prepare(newsroom) == 0
    assert newsroom.json("send")["accepted"] == 10
    assert told(provider) == {**{f"reader{n}@example.com": f"{n + 1}" for n in range(9)}, "o'neil@example.com": "10"}
    assert not provider.violations


def read_the_list(newsroom: Newsroom) -> None:
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        mirror_list(app)


def told(server: SendGridServer) -> dict[str, str]:
    """Address → the reader's number that the provider will name in its events."""
    found: dict[str, str] = {}
    for message in server.messages:
        for email, args in zip(message.emails, orjson.loads(message.packed), strict=True):
            assert email not in found
            found[email] = args["dg_delivery"]
    return found


def test_a_refusal_of_what_was_prepared_names_its_reader(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.readers(*many(8))
    read_the_list(newsroom)
    assert prepare(newsroom) == 8
    provider.api.reject = {"reader2@example.com"}
    sent = newsroom.json("send", code=1)
    assert (sent["accepted"], sent["rejected"]) == (7, 1)
    assert [one["email"] for one in sent["not_reached"]] == ["reader2@example.com"]


def test_another_key_makes_them_anew(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.readers(*many(3))
    newsroom.json("send")
    assert prepare(newsroom) == 3
    newsroom.environment["DIGEST_SECRET_KEY"] = "another key and long enough for a signature"
    assert prepare(newsroom) == 3


def test_a_few_are_not_worth_it_and_a_stop_is_heard(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.readers(*many(3))
    newsroom.json("send")
    stop = threading.Event()
    stop.set()
    assert prepare(newsroom, worth=4) == 0
    assert prepare(newsroom, stop=stop) == 0


def test_an_outbox_needs_nothing_beforehand(newsroom: Newsroom) -> None:
    newsroom.readers(*many(3))
    newsroom.json("send")
    assert prepare(newsroom) == 0
