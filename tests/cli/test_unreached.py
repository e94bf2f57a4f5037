"""Recipients whom an edition does not reach: full mailboxes, missing mailboxes, and hours at which nobody sent."""

from __future__ import annotations

import pytest

from digest.models import Actor, EditionState
from digest.scheduler import Scheduler, watch_settings
from digest.store.sending.status import counts
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.cli.test_alerts import KEY, Day, smtp_settings, watched
from tests.support.smtp_server import RecordingSmtp

# Each test makes and sends an edition.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("brief_pauses")]

FULL, GONE = "subscriber3@example.com", "subscriber4@example.com"


def send_all_day(day: Day) -> None:
    """Send at the hour, again and again until the deadline, and watch."""
    for hour in (7, 8, 12):
        day.at(hour)
        for _ in range(2):
            day.run("send")
        day.watch()


def excluded(day: Day) -> list[tuple[str, int]]:
    return list(day.app.reporter.report(KEY).excluded)


def test_a_full_mailbox_is_a_line_in_the_report_and_no_alarm(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(9))
    with RecordingSmtp() as server:
        server.behaviour.replies[FULL] = "452 4.2.2 Mailbox full"
        with watched(newsroom, **smtp_settings(server), DIGEST_DELIVERY__TRIES="3") as day:
            send_all_day(day)
            assert day.raised() == []
            assert counts(day.app.database, KEY).accepted == 8
            assert excluded(day) == [("its mail server deferred it until it expired: 452 4.2.2 Mailbox full", 1)]


def test_receivers_that_defer_a_share_of_the_list_are_an_alarm(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(9))
    with RecordingSmtp(defer=[f"subscriber{n}@example.com" for n in range(4, 9)]) as server:
        settings = smtp_settings(server) | {"DIGEST_DELIVERY__TRIES": "3"}
        with watched(newsroom, **settings) as day:
            send_all_day(day)
            assert day.raised() == ["provider-down:smtp", f"recipients-expired:{KEY}"]
            assert "5 recipients" in day.text("recipients-expired")
            assert "asked to try later" in day.text("recipients-expired")


def test_an_hour_at_which_nothing_ran_is_named_as_the_cause(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(3), 'email: late@example.com, hour: "08:30"')
    with watched(newsroom) as day:
        day.at(7)
        day.run("send")
        day.at(5, days=1)
        again = Day(Scheduler(watch_settings(day.app), lambda _line: None), day.now, day.receiver)
        # Alerts are checked while the first jobs run.
        again.watch(1)
        again.run("check")
        again.watch()
        assert day.raised() == [f"recipients-expired:{KEY}"]
        assert "Neither `digest run` nor a worker ran at their time" in day.text("recipients-expired")
        assert "delivery.rate" not in day.action("recipients-expired")


def test_a_mailbox_that_the_server_does_not_know_is_not_mailed_again(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(6))
    with RecordingSmtp() as server:
        server.behaviour.replies |= {
            GONE: "550 5.1.1 No such user",
            # The email or the sender is the cause, or the mailbox is full: the address stays.
            "subscriber0@example.com": "550 5.7.1 Message refused by policy",
            "subscriber1@example.com": "552 5.2.2 Mailbox full",
        }
        with watched(newsroom, **smtp_settings(server)) as day:
            day.at(7)
            day.run("send")
            assert counts(day.app.database, KEY).rejected == 3
            assert day.app.subscribers.suppressed() == {GONE: "bounced"}
            day.at(7, days=1)
            day.run("send")
            assert counts(day.app.database, "2026-11-24").rejected == 2
            # An admin who knows better puts the address back, and the past rejection does not count again.
            assert day.app.subscribers.unsuppress(GONE)
            day.run("check")
            assert day.app.subscribers.suppressed() == {}


def test_a_correction_is_never_too_thin(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_ALERTS__THIN_EDITION="2") as day:
        day.at(7)
        day.run("send")
        edition = day.app.editions.get(KEY)
        assert edition is not None
        made = day.app.corrector.correct(
            KEY, edition.lead, Actor("asha", "desk"), title="सही शीर्षक यहाँ है", note="शीर्षक में संख्या ग़लत थी।"
        )
        day.run("check")
        day.watch()
        assert made.correction
        correction = day.app.editions.get(made.correction)
        assert correction is not None
        assert (correction.state, sum(1 for _ in correction.stories())) == (EditionState.DONE, 1)
        assert day.raised() == []
