"""Scheduled batches: when they are claimed, what can be cancelled, and what confirms an attempt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest.deliver.outcome import Accepted, NotSent, Unknown
from digest.deliver.ports import Claim, ScheduleWindow
from digest.store.database import Database, open_database
from digest.store.locks import mark_running
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from tests.store.conftest import KEY, NOW, Frozen
from tests.support.enqueue import claim_one

AHEAD = ScheduleWindow(
    max_lead=timedelta(minutes=40), min_lead=timedelta(minutes=15), cancel_deadline=timedelta(minutes=12)
)
DUE = NOW + timedelta(minutes=30)
HOLD = {"sendgrid": "hold"}


@dataclass
class Scheduling:
    name: str = "sendgrid"
    cancel_deadline: timedelta = AHEAD.cancel_deadline
    max_open_cancellations: int = 10

    def new_schedule_id(self) -> str | NotSent:
        raise NotImplementedError

    def cancel(self, schedule_id: str) -> bool:
        raise NotImplementedError


@pytest.fixture
def scheduled(frozen: Frozen) -> list[int]:
    """Thirty recipients in batches of one, due in half an hour."""
    return frozen(30, size=1, due=DUE)


def ahead(ledger: SqlLedger, now: datetime = NOW) -> Claim:
    got = claim_one(ledger, KEY, "sendgrid", now, 5, AHEAD)
    assert got is not None
    return got


def unknown_claim(ledger: SqlLedger, schedule_id: str) -> Claim:
    got = ahead(ledger)
    ledger.record_schedule_id(got.attempt, schedule_id)
    ledger.settle(got.attempt, Unknown("no answer"), NOW)
    return got


@pytest.mark.slow
@pytest.mark.usefixtures("scheduled")
@pytest.mark.parametrize(
    ("minutes_before", "claimed"), [(41, False), (40, True), (15, True), (14, False), (1, False), (0, True)]
)
def test_a_batch_is_claimed_when_it_can_be_scheduled_or_is_due(
    ledger: SqlLedger, minutes_before: int, claimed: bool
) -> None:
    now = DUE - timedelta(minutes=minutes_before)
    got = claim_one(ledger, KEY, "sendgrid", now, 5, AHEAD)
    assert (got is not None) == claimed
    assert ledger.is_due(KEY, now, AHEAD) == claimed
    if got:
        assert got.send_at == (DUE if minutes_before else None)


@pytest.mark.usefixtures("scheduled")
def test_without_scheduling_nothing_is_claimed_early(ledger: SqlLedger) -> None:
    assert claim_one(ledger, KEY, "smtp", NOW, 5) is None
    assert not ledger.is_due(KEY, NOW)


@pytest.mark.usefixtures("scheduled")
def test_a_cancelled_batch_is_sent_again_and_counts_add_up(ledger: SqlLedger, database: Database) -> None:
    got = unknown_claim(ledger, "F1")
    assert counts(database, KEY).unknown == 1
    cancellation = ledger.begin_cancellation(KEY, Scheduling(), NOW)
    assert cancellation is not None
    assert (cancellation.attempt, cancellation.batch, cancellation.schedule_id) == (got.attempt, got.batch, "F1")
    assert counts(database, KEY).unknown == 1
    ledger.confirm_cancellation(cancellation.attempt, NOW)
    ledger.confirm_cancellation(cancellation.attempt, NOW)
    assert (counts(database, KEY).unknown, counts(database, KEY).pending) == (0, 30)
    assert ledger.begin_cancellation(KEY, Scheduling(), NOW) is None


def test_a_batch_that_a_stop_could_not_cancel_is_unknown_and_cancelled_later(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """After a kill before the confirmation, a recipient who never gets the email does not count as accepted."""
    frozen(1, due=DUE)
    got = ahead(ledger)
    ledger.record_schedule_id(got.attempt, "F1")
    ledger.settle(got.attempt, Accepted("m1"), NOW)
    assert ledger.scheduled_recipients(KEY, NOW) == (1, 0)
    begun = ledger.begin_stop_cancellation(KEY, Scheduling(), NOW)
    assert begun is not None
    assert ledger.scheduled_recipients(KEY, NOW) == (0, 1)
    assert (counts(database, KEY).accepted, counts(database, KEY).unknown) == (0, 1)
    assert not ledger.finish(KEY, NOW)
    again = ledger.begin_cancellation(KEY, Scheduling(), NOW)
    assert again == begun
    ledger.confirm_cancellation(again.attempt, NOW)
    assert counts(database, KEY).pending == 1


def test_a_cancelled_batch_is_pending_only_if_no_other_attempt_may_have_reached_it(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """An operator had it sent again during the cancellation, which says nothing about the second attempt."""
    frozen(1, due=DUE)
    unknown_claim(ledger, "F1")
    first = ledger.begin_cancellation(KEY, Scheduling(), NOW)
    assert first is not None
    assert ledger.decide(KEY, first.batch, NotSent("not at the provider"), DecisionGrounds("asked"), NOW)
    second = ahead(ledger)
    ledger.record_schedule_id(second.attempt, "F2")
    ledger.settle(second.attempt, Accepted("m2"), NOW)
    ledger.confirm_cancellation(first.attempt, NOW)
    assert (counts(database, KEY).accepted, counts(database, KEY).pending) == (1, 0)
    both = ledger.begin_stop_cancellation(KEY, Scheduling(), NOW)
    assert both is not None
    assert both.attempt == second.attempt
    ledger.confirm_cancellation(both.attempt, NOW)
    assert counts(database, KEY).pending == 1


@pytest.mark.usefixtures("scheduled")
def test_nothing_is_cancelled_after_the_deadline(ledger: SqlLedger) -> None:
    unknown_claim(ledger, "F1")
    assert ledger.begin_cancellation(KEY, Scheduling(), DUE - timedelta(minutes=12)) is None
    assert ledger.begin_cancellation(KEY, Scheduling(), DUE - timedelta(minutes=12, seconds=1)) is not None


@pytest.mark.usefixtures("scheduled")
def test_an_unconfirmed_cancellation_stays_open_and_is_tried_again(ledger: SqlLedger) -> None:
    unknown_claim(ledger, "F1")
    first = ledger.begin_cancellation(KEY, Scheduling(), NOW)
    assert first is not None
    assert ledger.begin_cancellation(KEY, Scheduling(), NOW, excluding={first.attempt}) is None
    assert ledger.begin_cancellation(KEY, Scheduling(), NOW) == first


@pytest.mark.usefixtures("scheduled")
def test_never_more_cancellations_are_open_than_the_provider_allows(ledger: SqlLedger, database: Database) -> None:
    for number in range(12):
        unknown_claim(ledger, f"F{number}")
    for _ in range(10):
        cancellation = ledger.begin_cancellation(KEY, Scheduling(), NOW)
        assert cancellation is not None
        ledger.confirm_cancellation(cancellation.attempt, NOW)
    assert ledger.begin_cancellation(KEY, Scheduling(), NOW) is None
    assert counts(database, KEY).unknown == 2
    # Another edition's count too: the limit is the account's.
    assert ledger.begin_cancellation(KEY, Scheduling(max_open_cancellations=11), NOW) is not None


@pytest.mark.usefixtures("scheduled")
def test_a_run_killed_before_it_had_a_schedule_id_has_sent_nothing(ledger: SqlLedger, database: Database) -> None:
    ahead(ledger)
    assert ledger.begin_run(KEY, recovery=HOLD, now=NOW) == 0
    assert counts(database, KEY).pending == 30


@pytest.mark.usefixtures("scheduled")
def test_an_attempt_with_a_schedule_id_of_a_killed_run_is_unknown_and_cancelled(
    ledger: SqlLedger, database: Database
) -> None:
    got = ahead(ledger)
    ledger.record_schedule_id(got.attempt, "F1")
    assert ledger.begin_run(KEY, recovery=HOLD, now=NOW) == 1
    assert ledger.is_due(KEY, NOW, AHEAD)
    cancellation = ledger.begin_cancellation(KEY, Scheduling(), NOW)
    assert cancellation is not None
    ledger.confirm_cancellation(cancellation.attempt, NOW)
    assert counts(database, KEY).pending == 30


def test_with_resend_everything_of_a_killed_run_is_pending(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(3, size=1)
    for _ in range(2):
        claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert ledger.begin_run(KEY, recovery=HOLD, now=NOW, resend=True) == 0
    assert counts(database, KEY).pending == 3


@pytest.mark.parametrize("state", ["in flight", "unknown"])
def test_a_confirmation_by_the_provider_makes_an_open_attempt_accepted(
    ledger: SqlLedger, database: Database, scheduled: list[int], state: str
) -> None:
    got = ahead(ledger)
    ledger.record_schedule_id(got.attempt, "F1")
    if state != "in flight":
        ledger.settle(got.attempt, Unknown("no answer"), NOW)
    assert ledger.confirm_accepted(got.attempt)
    assert counts(database, KEY).accepted == 1
    assert not ledger.confirm_accepted(got.attempt)
    if state == "in flight":  # the answer comes after the event, and changes nothing
        ledger.settle(got.attempt, Unknown("the answer was lost"), NOW)
    ledger.confirm_cancellation(got.attempt, NOW)
    assert counts(database, KEY).accepted == 1


@pytest.mark.usefixtures("scheduled")
def test_a_confirmation_changes_no_settled_or_unknown_attempt(ledger: SqlLedger, database: Database) -> None:
    taken, failed, cancelled, coming = (
        ahead(ledger),
        ahead(ledger),
        unknown_claim(ledger, "F1"),
        unknown_claim(ledger, "F2"),
    )
    ledger.settle(taken.attempt, Accepted("m1"), NOW)
    ledger.settle(failed.attempt, NotSent("busy"), NOW)
    cancellation = ledger.begin_cancellation(KEY, Scheduling(), NOW)
    assert cancellation is not None
    ledger.confirm_cancellation(cancellation.attempt, NOW)
    assert ledger.begin_cancellation(KEY, Scheduling(), NOW) is not None
    for attempt in (taken.attempt, failed.attempt, cancelled.attempt, coming.attempt, "of nobody"):
        assert not ledger.confirm_accepted(attempt)
    found = counts(database, KEY)
    assert (found.accepted, found.unknown, found.pending) == (1, 1, 28)


@pytest.mark.parametrize("handed_over_again", [True, False])
def test_a_late_confirmation_leaves_the_batch_with_its_current_attempt(
    ledger: SqlLedger, database: Database, frozen: Frozen, handed_over_again: bool
) -> None:
    frozen(2, size=2)
    got = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert got is not None
    ledger.settle(got.attempt, Unknown("no answer"), NOW)
    assert ledger.decide(KEY, got.batch, NotSent("nothing there"), DecisionGrounds("asked"), NOW)
    if handed_over_again:
        again = claim_one(ledger, KEY, "sendgrid", NOW, 5)
        assert again is not None
        assert not ledger.confirm_accepted(got.attempt)
        assert counts(database, KEY).pending == 2
        # The current attempt ends without sending, and the provider's confirmation is final: nobody is sent to again.
        ledger.settle(again.attempt, NotSent("busy"), NOW)
    else:
        assert ledger.confirm_accepted(got.attempt)
    assert counts(database, KEY).accepted == 2


def test_batches_of_a_running_run_are_not_recovered(store_url: str, tmp_path: Path, frozen: Frozen) -> None:
    """Two processes share a PostgreSQL store. On SQLite the file lock stops the second one earlier."""
    if not store_url.startswith("postgresql"):
        pytest.skip("one process at a time sends on SQLite")
    frozen(2, size=1)
    one, other = (open_database(store_url, home=tmp_path) for _ in range(2))
    ours, theirs = SqlLedger(one), SqlLedger(other)
    with mark_running(other, theirs.run):
        got = claim_one(theirs, KEY, "sendgrid", NOW, 5)
        assert got is not None
        assert ours.begin_run(KEY, recovery=HOLD, now=NOW) == 0
        assert counts(one, KEY).pending == 2
        theirs.settle(got.attempt, Accepted(), NOW)
        lost = claim_one(theirs, KEY, "sendgrid", NOW, 5)
        assert lost is not None
    # Its session is gone, as after a kill; the server takes a moment to see it.
    until, unknown = time.monotonic() + 10, 0
    while not unknown and time.monotonic() < until:
        unknown = ours.begin_run(KEY, recovery=HOLD, now=NOW)
    assert unknown == 1
    one.close()
    other.close()
