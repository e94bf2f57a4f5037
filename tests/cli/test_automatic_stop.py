"""Sending pauses automatically when too many of an edition's first recipients bounce or complain."""

from __future__ import annotations

import re

import pytest

from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.cli.test_alerts import KEY, post_events, sendgrid_settings, smtp_settings, watched
from tests.support.sendgrid_events import of
from tests.support.sendgrid_server import SendGridServer
from tests.support.smtp_server import RecordingSmtp

pytestmark = pytest.mark.slow


def refuse(server: RecordingSmtp, *numbers: int) -> None:
    server.behaviour.reject = frozenset(f"subscriber{number}@example.com" for number in numbers)


def smtp(server: RecordingSmtp, **environment: str) -> dict[str, str]:
    return smtp_settings(server) | {
        "DIGEST_DELIVERY__BATCH_SIZE": "50",
        "DIGEST_DELIVERY__THREADS": "2",
        "DIGEST_DELIVERY__STOP_ON__FIRST": "100",
        "DIGEST_DELIVERY__STOP_ON__BOUNCES": "10",
        **environment,
    }


def test_rejections_of_an_smtp_server_stop_the_send_and_an_admin_resumes_it(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(300))
    with RecordingSmtp() as server, watched(newsroom, **smtp(server)) as day:
        refuse(server, *range(0, 100, 5))
        day.at(7)
        day.run("send")
        edition = day.app.editions.get(KEY)
        assert edition is not None
        assert edition.state == "paused"
        # Two batches were in flight; each stops at its next recipient.
        assert len(server.emails) < 100
        day.watch()
        assert f"sending-stopped:{KEY}" in day.raised()
        # The other batch may meet one more before it stops.
        assert re.search("1[01] of the first 100 recipients bounced or were rejected", day.text("sending-stopped"))
        assert f"`digest edition resume {KEY}` sends the rest" in day.action("sending-stopped")
        day.run("check")
        assert len(server.emails) < 100
        run = newsroom.digest("edition", "resume", KEY, DIGEST_USER="sunita")
        assert run.code == 0
        assert "  resumed by sunita: on the command line" in newsroom.digest("status", KEY).out
        day.run("check")
        day.watch()
        # It is not paused a second time.
        assert f"sending-stopped:{KEY}" in day.resolved()
        assert len(server.emails) == 280
        assert set(server.counts.values()) == {1}


def test_a_send_by_hand_says_why_it_stopped(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(300))
    with RecordingSmtp() as server:
        refuse(server, *range(0, 100, 5))
        newsroom.environment |= smtp(server)
        run = newsroom.digest("send")
        assert run.code == 1
        assert re.search("Sending was paused automatically: 1[01] of the first 100", run.err)
        assert f"digest edition resume {KEY}" in run.err
        decisions = newsroom.json("status")["decisions"]
        assert [decision["what"] for decision in decisions] == ["stopped by itself"]


@pytest.mark.parametrize(
    ("rejected", "settings"),
    [
        # Below the limit among the first hundred, above it later.
        ((*range(0, 90, 10), *range(100, 120)), {}),
        (range(0, 100, 2), {"DIGEST_DELIVERY__STOP_ON__BOUNCES": "0"}),
        (range(0, 100, 2), {"DIGEST_DELIVERY__STOP_ON__FIRST": "0"}),
        # Too few to mean anything.
        (range(4), {"DIGEST_DELIVERY__STOP_ON__BOUNCES": "1"}),
    ],
)
def test_a_send_goes_on_below_the_limit(
    newsroom: Newsroom, rejected: range | tuple[int, ...], settings: dict[str, str]
) -> None:
    newsroom.set_subscribers(*subscriber_rows(120))
    with RecordingSmtp() as server, watched(newsroom, **smtp(server, **settings)) as day:
        refuse(server, *rejected)
        day.at(7)
        day.run("send")
        day.watch()
        assert len(server.emails) == 120 - len(rejected)
        assert f"sending-stopped:{KEY}" not in day.raised()


@pytest.mark.parametrize(("kind", "word"), [("bounce", "bounced or were rejected"), ("spamreport", "complained")])
def test_events_of_a_provider_stop_what_it_holds_for_later(newsroom: Newsroom, kind: str, word: str) -> None:
    """Half of the list gets it at once, the rest later; the events about the first half arrive in between."""
    later = [f"email: later{n}@example.com, hour: '12:00'" for n in range(50)]
    newsroom.set_subscribers(*subscriber_rows(50), *later)
    with SendGridServer() as server:
        settings = sendgrid_settings(server) | {"DIGEST_DELIVERY__STOP_ON__FIRST": "50"}
        with watched(newsroom, **settings) as day:
            day.at(7)
            day.run("send")
            accepted = list(server.provider.acceptances())
            assert len(accepted) == 50
            post_events(day, [of(each, kind, type="bounce", status="5.1.1") for each in accepted[:5]])
            day.watch()
            assert f"sending-stopped:{KEY}" in day.raised()
            assert f"5 of the first 50 recipients {word}" in day.text("sending-stopped")
            day.at(12)
            day.run("check")
            assert len(list(server.provider.acceptances())) == 50
