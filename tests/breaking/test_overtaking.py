"""An alert edition does not wait until a slow send of another edition has ended."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from digest import pipeline
from digest.app import make_app
from digest.errors import AlreadyRunning
from digest.store.locks import exclusive, urgent, urgent_waits
from digest.usecases.send_result import SendResult
from tests.breaking.press import ALERT, PAPERS, Press
from tests.cli.newsroom import subscriber_rows
from tests.curate.sample import OTHERS
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

DAILY = "2026-11-23"
RECIPIENTS = 40


@pytest.mark.slow
def test_an_alert_overtakes_a_running_send_which_continues(everywhere: Press) -> None:
    press = everywhere
    press.newsroom.set_subscribers(*subscriber_rows(RECIPIENTS))
    press.publish_bridge()
    press.collect()
    press.publish(PAPERS[3], OTHERS[0])
    sent: list[SendResult] = []
    # Each reply takes so long that the daily edition alone would take 40 s.
    with SendGridServer(latency=1.0) as server:
        press.newsroom.environment |= {
            **sendgrid_environment(server.url),
            "DIGEST_DELIVERY__ON_UNKNOWN": "hold",
        }
        slowly = press.newsroom.environment | {"DIGEST_DELIVERY__BATCH_SIZE": "1", "DIGEST_DELIVERY__THREADS": "1"}

        def send_daily() -> None:
            with make_app(press.newsroom.home, environment=slowly) as app:
                sent.append(pipeline.send(app, DAILY))

        daily = threading.Thread(target=send_daily)
        daily.start()
        while not server.counts:
            time.sleep(0.05)
        alert = press.newsroom.json("breaking", "send")
        assert (alert["state"], alert["accepted"]) == ("done", RECIPIENTS)
        assert sent == []
        assert sum(server.counts.values()) < 2 * RECIPIENTS
        server.latency = 0.0
        daily.join()
        editions = Counter(
            (address, message.subject.startswith("ताज़ा ख़बर"))
            for message in server.messages
            for address in message.emails
        )
    assert set(editions.values()) == {1}
    assert len(editions) == 2 * RECIPIENTS
    (done,) = sent
    assert (done.edition.state, done.counts.accepted, done.counts.unknown) == ("done", RECIPIENTS, 0)
    assert done.report is not None
    assert (done.report.accepted, done.report.stopped) == (RECIPIENTS, False)
    assert press.proposals()[ALERT] == "done"


def test_one_alert_is_sent_at_a_time(press: Press) -> None:
    with make_app(press.newsroom.home, environment=press.newsroom.environment) as app:
        assert not urgent_waits(app.database)
        with urgent(app.database, wait=0.0):
            assert urgent_waits(app.database)
            with pytest.raises(AlreadyRunning, match="sending breaking news"), urgent(app.database, wait=0.0):
                raise AssertionError
        assert not urgent_waits(app.database)


def test_a_lent_lock_is_not_taken_back_after_a_stop(press: Press) -> None:
    stop = threading.Event()
    with (
        make_app(press.newsroom.home, environment=press.newsroom.environment) as app,
        exclusive(app.database, "sending", wait=0.0) as lock,
    ):
        assert lock.lend(stop)
        with pytest.raises(AlreadyRunning), exclusive(app.database, "sending", wait=0.0):
            raise AssertionError
        stop.set()
        assert not lock.lend(stop)
        with exclusive(app.database, "sending", wait=0.0):
            pass


@pytest.mark.slow
def test_digest_run_finishes_an_interrupted_alert(press: Press) -> None:
    press.newsroom.set_subscribers(*subscriber_rows(6))
    press.publish_bridge()
    press.collect()
    with SendGridServer(latency=0.5) as server:
        press.newsroom.environment |= {
            **sendgrid_environment(server.url),
            "DIGEST_DELIVERY__BATCH_SIZE": "1",
            "DIGEST_DELIVERY__THREADS": "1",
        }
        stop = threading.Event()
        with make_app(press.newsroom.home, environment=press.newsroom.environment) as app:
            sent = pipeline.send(app, ALERT, stop=stop, progress=lambda _done, _total: stop.set())
        assert (sent.edition.state, sent.counts.pending > 0) == ("sending", True)
        server.latency = 0.0
        # The limits do not delay an edition whose send has begun.
        with press.scheduler(DIGEST_BREAKING__PER_DAY="1", DIGEST_BREAKING__QUIET='["00:00", "23:59"]') as scheduler:
            scheduler.check()
        assert set(server.counts.values()) == {1}
        assert len(server.counts) == 6
    assert press.proposals() == {ALERT: "done"}
