"""A store restored from a copy holds back everything that may have been sent since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from digest.deliver.outcome import Accepted, NotSent, Retryable, Unknown
from digest.deliver.ports import ScheduleWindow
from digest.models import AttemptState, EditionState
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.carry_over import reserve_ids
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import attempt, batch
from digest.store.sending import restored
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.restored import HeldEdition, RestoredStore
from digest.store.sending.status import counts, find_unreached, unknown_batches
from tests.store.conftest import KEY, NOW, Frozen, an_edition, enlist
from tests.support.enqueue import Entry, enqueue

DAY = date.fromisoformat(KEY)
RESTORED = RestoredStore(NOW, NOW + timedelta(hours=1), DAY)
AHEAD = ScheduleWindow(timedelta(hours=3), timedelta(minutes=15), timedelta(minutes=10))


class Provider:
    name = "sendgrid"
    cancel_deadline = timedelta(minutes=10)
    max_open_cancellations = 10

    def new_schedule_id(self) -> str:
        return "id"

    def cancel(self, schedule_id: str) -> bool:
        return bool(schedule_id)


def hold(database: Database, about: RestoredStore = RESTORED) -> list[HeldEdition]:
    with database.write() as connection:
        return restored.hold_unsettled(connection, about)


def doubtful(database: Database, key: str, day: date) -> bool:
    with database.read() as connection:
        return restored.find_hold_reason(connection, key, day) is not None


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(batch.c.state).order_by(batch.c.id)).scalars())


def test_whatever_was_not_settled_becomes_unknown(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(6, size=1)
    accepted, unknown, retryable, not_sent, _in_flight = ledger.claim(5, KEY, "resend", NOW, 5)
    ledger.settle(accepted.attempt, Accepted("x"), NOW)
    ledger.settle(unknown.attempt, Unknown("broke"), NOW)
    ledger.settle(retryable.attempt, Retryable("broke"), NOW)
    ledger.settle(not_sent.attempt, NotSent("429"), NOW)
    assert hold(database) == [HeldEdition(KEY, 5, 5)]
    assert states(database) == ["accepted"] + ["unknown"] * 5
    assert (counts(database, KEY).accepted, counts(database, KEY).unknown) == (1, 5)
    assert all("restored from a copy of 2026-11-23 01:30," in row.reason for row in find_unreached(database, KEY))
    # The attempts that were made can be looked up at the provider.
    shown = {found.batch: found.attempt for found in unknown_batches(database, KEY)}
    assert shown[unknown.batch] == unknown.attempt
    assert shown[retryable.batch] == retryable.attempt
    for resend in (False, True):
        assert ledger.begin_run(KEY, recovery={"resend": "redo"}, now=NOW, resend=resend) == 0
    assert not ledger.claim(9, KEY, "resend", NOW, 5)
    assert not ledger.finish(KEY, NOW)


def test_a_cancelled_edition_stays_as_it_is(database: Database, frozen: Frozen) -> None:
    frozen(2)
    EditionStore(database).move(KEY, EditionState.CANCELLED, out_of=(EditionState.SENDING,))
    assert hold(database) == []
    assert states(database) == ["pending"]


def test_the_operator_decides_on_held_batches(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2, size=1)
    hold(database)
    first, second = (found.batch for found in unknown_batches(database, KEY))
    assert ledger.decide(KEY, first, Accepted(), DecisionGrounds("their log"), NOW)
    assert ledger.decide(KEY, second, NotSent("their log"), DecisionGrounds("their log"), NOW)
    (claim,) = ledger.claim(9, KEY, "smtp", NOW, 5)
    assert claim.batch == second
    ledger.settle(claim.attempt, Accepted("x"), NOW)
    assert ledger.finish(KEY, NOW)


def test_the_proof_of_an_attempt_settles_its_batch(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(1)
    (claim,) = ledger.claim(1, KEY, "sendgrid", NOW, 5)
    hold(database)
    assert ledger.confirm_accepted(claim.attempt)
    assert ledger.finish(KEY, NOW)


def test_scheduled_batches_are_unknown_and_not_cancelled_on_their_own(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    """The edition may have been stopped since the copy, and its batches sent again under another id."""
    frozen(2, size=1, due=NOW + timedelta(hours=2))
    accepted, lost = ledger.claim(2, KEY, "sendgrid", NOW, 5, AHEAD)
    for claim, outcome in ((accepted, Accepted("x")), (lost, Unknown("broke"))):
        ledger.record_schedule_id(claim.attempt, f"id{claim.batch}")
        ledger.settle(claim.attempt, outcome, NOW)
    assert hold(database) == [HeldEdition(KEY, 2, 2)]
    assert ledger.begin_cancellation(KEY, Provider(), NOW) is None
    assert not ledger.is_due(KEY, NOW, AHEAD)
    # A person who stops the edition has them cancelled; they stay unknown.
    stopping = ledger.begin_stop_cancellation(KEY, Provider(), NOW)
    assert stopping is not None
    ledger.confirm_cancellation(stopping.attempt, NOW)
    assert states(database) == ["unknown"] * 2


def test_an_accepted_batch_of_the_past_stays_accepted(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(1, due=NOW + timedelta(hours=2))
    (claim,) = ledger.claim(1, KEY, "sendgrid", NOW, 5, AHEAD)
    ledger.record_schedule_id(claim.attempt, "id")
    ledger.settle(claim.attempt, Accepted("x"), NOW)
    later = NOW + timedelta(hours=3)
    assert hold(database, replace(RESTORED, copied_at=later, restored_at=later)) == []


def test_a_cancellation_under_way_does_not_free_its_batch(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    frozen(1, due=NOW + timedelta(hours=2))
    (claim,) = ledger.claim(1, KEY, "sendgrid", NOW, 5, AHEAD)
    ledger.record_schedule_id(claim.attempt, "id")
    ledger.settle(claim.attempt, Unknown("broke"), NOW)
    assert ledger.begin_cancellation(KEY, Provider(), NOW)
    hold(database)
    ledger.confirm_cancellation(claim.attempt, NOW)
    assert states(database) == ["unknown"]


def test_new_recipients_of_a_doubtful_edition_are_unknown(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    frozen(1)
    (claim,) = ledger.claim(1, KEY, "smtp", NOW, 5)
    ledger.settle(claim.attempt, Accepted("x"), NOW)
    assert ledger.finish(KEY, NOW)
    hold(database)
    enlist(database, "subscriber0@example.com", "ravi@example.com")
    (new,) = [found.id for found in SubscriberStore(database).candidates(KEY)]
    enqueue(database, KEY, [Entry(new, "html", NOW)], 10, now=NOW)
    assert counts(database, KEY).unknown == 1
    assert EditionStore(database).get(KEY).state == EditionState.SENDING  # type: ignore[union-attr]
    assert not ledger.claim(9, KEY, "smtp", NOW, 5)
    (row,) = unknown_batches(database, KEY)
    assert "may have been sent since" in row.detail


@pytest.mark.parametrize(
    ("key", "days", "expected"),
    [
        (KEY, 0, True),
        ("2026-11-22", -1, True),
        ("2026-11-24", 1, False),
        ("2026-11-23-shaam", 0, True),
        ("2026-11-24-shaam", 1, False),
        ("diwali", 0, True),
        ("diwali", 7, True),
        ("diwali", 8, False),
    ],
)
def test_editions_that_may_have_been_sent_since_the_copy(
    database: Database, key: str, days: int, expected: bool
) -> None:
    day = DAY + timedelta(days=days)
    assert not doubtful(database, key, day)
    hold(database)
    assert doubtful(database, key, day) == expected
    restored.set_not_sent(database, key, DecisionGrounds("the log"), NOW)
    assert not doubtful(database, key, day)


def test_a_later_edition_of_the_copy_is_doubtful_too(database: Database) -> None:
    tomorrow = DAY + timedelta(days=1)
    editions = EditionStore(database)
    editions.put(replace(an_edition("2026-11-24"), day=tomorrow, state=EditionState.APPROVED), over=())
    hold(database)
    assert doubtful(database, "2026-11-24", tomorrow)
    restored.set_not_sent(database, "2026-11-24", DecisionGrounds("the log"), NOW)
    assert [each.what for each in editions.decisions("2026-11-24")] == ["not sent before restore"]


def test_the_editions_without_recipients_are_named(database: Database, frozen: Frozen) -> None:
    frozen(1)
    EditionStore(database).put(replace(an_edition("diwali"), state=EditionState.DRAFT), over=())
    hold(database, replace(RESTORED, copied_at=NOW - timedelta(days=2)))
    with database.read() as connection:
        found = restored.doubtful_unsent(connection, DAY - timedelta(days=2))
    assert found == ["2026-11-21", "2026-11-22", "diwali"]


def test_ids_of_subscribers_since_the_copy_are_not_given_again(database: Database, frozen: Frozen) -> None:
    known = frozen(2)
    with database.write() as connection:
        reserve_ids(connection, NOW)
    enlist(database, "subscriber0@example.com", "subscriber1@example.com", "new@example.com")
    ids = {found.email: found.id for found in SubscriberStore(database).candidates("2026-12-01")}
    assert {ids["subscriber0@example.com"], ids["subscriber1@example.com"]} == set(known)
    assert ids["new@example.com"] > max(known) + 100_000


def test_the_copys_time_is_not_before_its_latest_entry(database: Database, frozen: Frozen) -> None:
    frozen(1)
    ledger = SqlLedger(database)
    with database.read() as connection:
        assert restored.last_activity(connection) is None
    ledger.claim(1, KEY, "smtp", NOW + timedelta(minutes=3), 5)
    with database.read() as connection:
        assert restored.last_activity(connection) == NOW + timedelta(minutes=3)
    with database.write() as connection:
        connection.execute(update(attempt).values(state=AttemptState.UNKNOWN, ended_at=NOW + timedelta(minutes=9)))
        assert restored.last_activity(connection) == NOW + timedelta(minutes=9)
