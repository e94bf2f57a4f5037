"""Sample articles are fiction: they are written to files, and never go to real addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from digest import pipeline
from digest.app import make_app
from digest.errors import ConfigurationError
from tests.cli.newsroom import Newsroom, Run
from tests.paths import ROOT
from tests.support.smtp_server import RecordingSmtp

KEY = "2026-11-23"
READER = "reader@khabar.in"
# Without `replay` they are news of that day.
OWN = (
    "[{name: सुबह समाचार, path: samples/feeds/subah-samachar.xml}, {name: लोक दर्पण, path: samples/feeds/lok-darpan.xml}]"
)


@pytest.fixture
def server() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as running:
        yield running


def go_live(newsroom: Newsroom, server: RecordingSmtp) -> None:
    """Choose a provider, and add a subscriber with a real address."""
    newsroom.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
        "DIGEST_NEWSLETTER__BASE_URL": "",
    }
    assert newsroom.digest("subscribers", "add", READER).code == 0


def refused(run: Run) -> None:
    assert run.code == 2, run
    assert f"edition {KEY}: has sample articles" in run.err
    assert f"`digest edition discard {KEY}`" in run.err


@pytest.mark.slow
def test_an_edition_of_samples_makes_room_for_the_first_real_one(newsroom: Newsroom, server: RecordingSmtp) -> None:
    assert newsroom.json("send")["accepted"] == len(newsroom.outbox())
    assert newsroom.json("edition", "show", KEY)["sample"]
    go_live(newsroom, server)
    newsroom.environment["DIGEST_SOURCES"] = OWN
    refused(newsroom.digest("send"))
    refused(newsroom.digest("send", "--dry-run"))
    (item,) = (item for item in newsroom.json("check", "--launch", code=1)["items"] if item["name"] == "sources")
    assert (item["ok"], item["fix"]) == (False, f"digest edition discard {KEY}")
    assert not server.emails
    assert newsroom.digest("edition", "discard", KEY).code == 0
    assert newsroom.json("edition", "list")["editions"] == []
    sent = newsroom.json("send")
    assert (sent["state"], sent["accepted"]) == ("done", len(server.emails))
    assert server.counts[READER] == 1
    shown = newsroom.json("edition", "show", KEY)
    assert (shown["sample"], shown["number"]) == (False, 1)
    refused_discard = newsroom.digest("edition", "discard", KEY)
    assert refused_discard.code == 1
    assert "has no sample articles" in refused_discard.err


@pytest.mark.slow
@pytest.mark.all_sources
def test_the_docs_show_the_status_of_the_samples_as_it_is(newsroom: Newsroom) -> None:
    assert newsroom.digest("compose", "--slug", "special").code == 0
    assert newsroom.digest("send", "special").code == 0
    assert f"```text\n{newsroom.digest('status', 'special').out}```" in (ROOT / "docs/sending.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.all_sources
def test_sample_sources_with_a_provider(newsroom: Newsroom, server: RecordingSmtp) -> None:
    go_live(newsroom, server)
    warnings = newsroom.json("check")["warnings"]
    assert any("with samples (replay: " in line and "खेल दुनिया" in line for line in warnings)
    assert any("goes to example addresses only" in line for line in warnings)
    assert any("7 subscribers have example addresses" in line for line in warnings)
    newsroom.json("compose")
    refused(newsroom.digest("edition", "approve", KEY))
    refused(newsroom.digest("send"))
    assert newsroom.json("check", KEY, code=2)["faults"][0]["where"] == f"edition {KEY}"
    assert not server.emails
    # A marked test goes to the addresses that are named, and to nobody else.
    assert newsroom.digest("send", "--to", READER).code == 0
    assert server.counts == {READER: 1}


@pytest.mark.slow
def test_check_knows_the_example_addresses_of_an_import_and_who_left_the_file(
    newsroom: Newsroom, server: RecordingSmtp
) -> None:
    newsroom.home.joinpath("old.csv").write_text("email\numa@example.com\nveena@example.com\n", encoding="utf-8")
    newsroom.json("subscribers", "import", "old.csv")
    go_live(newsroom, server)
    assert any(
        "9 subscribers have example addresses" in line for line in newsroom.json("check", "--offline")["warnings"]
    )
    path = newsroom.home / "subscribers.yaml"
    path.write_text("", encoding="utf-8")
    lost = "subscribers.yaml had 8 subscribers when it was last read, and has 0 now"
    assert any(line.startswith(lost) for line in newsroom.json("check", "--offline")["warnings"])


@pytest.mark.slow
def test_samples_that_wait_for_their_hour_are_not_sent_by_a_provider(newsroom: Newsroom, server: RecordingSmtp) -> None:
    assert newsroom.json("send", "--at", "07:30")["pending"]
    go_live(newsroom, server)
    newsroom.environment |= {"DIGEST_NOW": f"{KEY}T07:31+05:30", "DIGEST_SOURCES": OWN}
    with make_app(newsroom.home, environment=newsroom.env()) as app, pytest.raises(ConfigurationError, match="sample"):
        pipeline.deliver_due(app, KEY, stop=threading.Event())
    assert not server.emails


@pytest.mark.slow
def test_samples_that_went_out_by_a_provider_stay_on_record(newsroom: Newsroom, server: RecordingSmtp) -> None:
    """Example addresses do get them."""
    go_live(newsroom, server)
    assert newsroom.digest("subscribers", "remove", READER).code == 0
    everyone = newsroom.json("send")["accepted"]
    assert everyone == len(server.emails)
    run = newsroom.digest("edition", "discard", KEY)
    assert run.code == 1
    assert "was handed to smtp, so it stays" in run.err
    assert newsroom.json("status")["accepted"] == everyone
