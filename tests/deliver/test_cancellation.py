"""Scheduled sends: with every fault of the connection, everyone gets the edition once, as the provider's log shows.
Uses a real ledger, the real transport, and a fake SendGrid with its own clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.deliver.attempt import DeliveryJob
from digest.deliver.ports import ScheduleWindow
from digest.deliver.report import SendReport
from digest.deliver.sendgrid.client import SendGrid
from digest.deliver.worker import send_due
from digest.store.content.editions import EditionStore
from digest.store.database import Database, open_database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import Counts, counts
from tests.deliver.emails import EMAIL, SENDER, token
from tests.store.conftest import KEY, an_edition, enlist
from tests.support.enqueue import Entry, claim_one, enqueue
from tests.support.profiles import pairs
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_server import KEY as API_KEY
from tests.support.sendgrid_server import SendGridServer
from tests.support_tests.sendgrid_client import ask, payload

pytestmark = pytest.mark.usefixtures("brief_pauses")

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DUE = AT + timedelta(minutes=30)
AHEAD = ScheduleWindow(
    max_lead=timedelta(minutes=40), min_lead=timedelta(minutes=15), cancel_deadline=SendGrid.cancel_deadline
)
HARMLESS = {"slow_body", "slow_reply"}
FOR_GOOD = {"unauthorized_401", "early_401", "forbidden_403", "not_found_404", "not_allowed_405", "bad_email"} | {
    kind for kind in FAULTS if kind.startswith("redirect")
}
REJECTS_RECIPIENTS = {"bad_index", "bad_no_field"}


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        found.clock.set(AT.timestamp())
        yield found


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database("sqlite:///digest.db", home=tmp_path)
    yield opened
    opened.close()


def prepare(database: Database, count: int, size: int) -> None:
    enlist(database, *(f"subscriber{n}@example.com" for n in range(count)))
    EditionStore(database).put(an_edition(), over=())
    entries = [Entry(candidate.id, "all", DUE) for candidate in SubscriberStore(database).candidates(KEY)]
    enqueue(database, KEY, entries, size, now=AT)


def run(database: Database, server: SendGridServer, *, timeout: float = 0.4, threads: int = 2) -> SendReport:
    """A run in a new process."""
    transport = SendGrid(API_KEY, host=server.url, timeout=timeout)
    ledger = SqlLedger(database)
    now = datetime.fromtimestamp(server.clock.now(), UTC)
    ledger.begin_run(KEY, recovery={"sendgrid": "hold"}, now=now)
    try:
        return send_due(
            DeliveryJob(KEY, {"all": EMAIL}, SENDER, ledger, [transport], token,
                lambda: datetime.fromtimestamp(server.clock.now(), UTC), threads, schedule_window=AHEAD)
        )  # fmt: skip
    finally:
        transport.close()


def everyone_once(server: SendGridServer, count: int) -> None:
    assert not server.violations
    server.clock.advance(3 * 3600)
    assert server.counts == {f"subscriber{n}@example.com": 1 for n in range(count)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(FAULTS) - HARMLESS - FOR_GOOD - REJECTS_RECIPIENTS - {"refuse", "sandbox"}))
def test_everyone_gets_it_once_whatever_happens_to_a_request(
    database: Database, server: SendGridServer, kind: str
) -> None:
    prepare(database, 12, 4)
    server.faults = [Fault(kind, seconds=0.8), Fault("ok"), Fault(kind, seconds=0.8)]
    for _ in range(3):
        run(database, server)
        # Otherwise the next run retries what is left.
        if not counts(database, KEY).pending:
            break
    assert counts(database, KEY) == Counts(frozen=12, accepted=12, batches=counts(database, KEY).batches, variants=1)
    everyone_once(server, 12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "on"),
    pairs(["accept_then_close", "lose_then_hang", "error_500", "reset_mid_body"], ["batch", "scheduled"]),
)
def test_the_calls_for_scheduling_and_cancelling_may_fail_too(
    database: Database, server: SendGridServer, on: str, kind: str
) -> None:
    prepare(database, 8, 4)
    server.faults = [Fault("accept_then_close"), Fault(kind, seconds=0.6, on=on)]
    for _ in range(2):
        run(database, server, threads=1)
    assert counts(database, KEY).accepted == 8
    everyone_once(server, 8)


def test_the_next_run_cancels_what_a_killed_run_left(database: Database, server: SendGridServer) -> None:
    prepare(database, 8, 4)
    dead = SqlLedger(database)
    claim = claim_one(dead, KEY, "sendgrid", AT, 5, AHEAD)
    assert claim is not None
    transport = SendGrid(API_KEY, host=server.url)
    schedule_id = transport.new_schedule_id()
    assert isinstance(schedule_id, str)
    transport.close()
    dead.record_schedule_id(claim.attempt, schedule_id)
    # It was accepted, and the process died before it could record this.
    body = payload(*(email for _id, email in claim.recipients)) | {
        "batch_id": schedule_id,
        "send_at": int(DUE.timestamp()),
    }
    assert ask(server, body)[0] == 202
    report = run(database, server)
    assert report.problems == [f"batch {claim.batch}: cancelled in time, and sent again"]
    assert counts(database, KEY).accepted == 8
    everyone_once(server, 8)


def test_past_the_cancellation_deadline_an_unknown_batch_is_held(database: Database, server: SendGridServer) -> None:
    prepare(database, 4, 4)
    server.faults = [Fault("accept_then_close"), *[Fault("reset_before_body", on="scheduled")] * 20]
    run(database, server)
    assert counts(database, KEY).unknown == 4
    server.clock.set((DUE - timedelta(minutes=11)).timestamp())
    run(database, server)
    assert counts(database, KEY).unknown == 4
    everyone_once(server, 4)


@pytest.mark.slow
def test_a_provider_that_loses_everything_is_given_up_within_its_cancellation_limit(
    database: Database, server: SendGridServer
) -> None:
    prepare(database, 200, 10)
    server.faults = [Fault("error_500_accepted")] * 100
    report = run(database, server)
    assert len(server.provider.statuses()) <= 10
    assert counts(database, KEY).unknown == 0
    assert "stopped after 5 unknown outcomes in a row; the rest is not sent" in report.problems
    server.faults = []
    run(database, server)
    assert counts(database, KEY).accepted == 200
    everyone_once(server, 200)
