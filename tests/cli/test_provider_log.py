"""A running process reads the provider's log to resolve batches whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from digest.app import make_app
from digest.scheduler import Scheduler, watch_settings
from digest.workers import steps
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

# It sends an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"
SENT = datetime.fromisoformat("2026-11-23T07:00+05:30")


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer(faults=["accept_then_close", "lose_then_close"]) as server:
        yield server


def test_what_the_log_shows_is_accepted_without_anybody_asking(newsroom: Newsroom, server: SendGridServer) -> None:
    newsroom.set_subscribers(*subscriber_rows(6))
    newsroom.environment |= {
        **sendgrid_environment(server.url),
        "DIGEST_DELIVERY__BATCH_SIZE": "3",
        "DIGEST_DELIVERY__THREADS": "1",
    }
    assert newsroom.json("send", code=1)["unknown"] == 6
    now, lines = [SENT], list[str]()
    with make_app(newsroom.home, environment=newsroom.env(), clock=lambda: now[0]) as app:
        scheduler = Scheduler(watch_settings(app), lines.append)
        # The log would not show it yet.
        assert steps.jobs(scheduler, "reconcile") == []
        now[0] += timedelta(minutes=3)
        [job] = steps.jobs(scheduler, "reconcile")
        assert (job.lock, job.arguments["subject"]) == (f"reconcile {EDITION}", EDITION)
        for _ in range(2):
            scheduler.reconcile(EDITION)
        assert len(lines) == 1, lines
        assert lines[0].startswith(f"Edition {EDITION}: the provider's log shows that batch ")
        status = newsroom.json("status")
        assert (status["accepted"], status["unknown"], status["state"]) == (3, 3, "sending")
        # A batch that never arrived does not appear in the log.
        now[0] += timedelta(days=3)
        asked = len(server.requests)
        scheduler.reconcile()
        assert steps.jobs(scheduler, "reconcile") == []
        assert len(server.requests) == asked
