"""Outcomes that arrive after another run has treated this one as dead, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text, update

from digest.deliver.attempt import DeliveryJob
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.ports import RecipientLog
from digest.deliver.worker import send_due
from digest.errors import StoreError, TakenOver
from digest.mail.message import Outgoing
from digest.models import AttemptState
from digest.store.database import Database
from digest.store.schema import attempt
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.ledger import SqlLedger
from tests.deliver.emails import EMAIL, SENDER, token
from tests.deliver.fakes import Scripted
from tests.store.conftest import KEY, NOW, Frozen
from tests.store.test_cancellations import AHEAD, DUE, Scheduling
from tests.store.test_ledger import HOLD, claim, tally


@pytest.fixture
def other(database: Database) -> SqlLedger:
    """The ledger of another run."""
    return SqlLedger(database)


def take_over(other: SqlLedger, **policies: bool) -> None:
    """The other run finds no lock for the batches in flight."""
    other.begin_run(KEY, recovery=HOLD, now=NOW, **policies)


Make = Callable[[Sequence[int]], Outcome]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _ids: Accepted("m1"), {"accepted": 4}),
        (lambda _ids: NotSent("busy"), {"pending": 4}),
        (lambda _ids: Unknown("no answer"), {"unknown": 4}),
        (lambda _ids: Split("refused"), {"pending": 4}),
        (lambda ids: Rejected({ids[0]: "550"}), {"rejected": 1, "pending": 3}),
        (lambda ids: PerRecipient(frozenset(ids[:2]), {ids[2]: "550"}), {"accepted": 2, "rejected": 1, "pending": 1}),
    ],
    ids=["accepted", "not sent", "unknown", "split", "rejected", "per recipient"],
)
def test_a_late_outcome_settles_what_another_run_left_as_unknown(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen, make: Make, expected: dict[str, int]
) -> None:
    ids = frozen(4)
    name = claim(ledger).attempt
    take_over(other)
    assert tally(database) == {"frozen": 4, "unknown": 4}
    for _ in range(2):
        ledger.settle(name, make(ids), NOW)
        assert tally(database) == {"frozen": 4, **expected}


def test_recovery_waits_for_no_attempt_of_a_living_run(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    if database.sqlite:
        pytest.skip("SQLite has one sending process")
    frozen(2)
    with ledger.running(), ThreadPoolExecutor(1) as pool:
        name = claim(ledger).attempt
        with database.write() as connection:
            # As a run does that settles several attempts in one transaction.
            connection.execute(update(attempt).where(attempt.c.id == name).values(detail="busy"))
            pool.submit(take_over, other).result(timeout=10)
        ledger.settle(name, NotSent("busy"), NOW)
    assert tally(database) == {"frozen": 2, "pending": 2}


def test_a_run_continues_when_some_of_its_batches_were_taken_over(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(30, size=10)
    first, second = ledger.claim(2, KEY, "sendgrid", NOW, 5)
    take_over(other)
    ledger.resume([first.attempt, second.attempt], [], NOW)
    (third,) = ledger.claim(2, KEY, "sendgrid", NOW, 5)
    accepted = [(each, Accepted(f"m{each.batch}")) for each in (first, third, second)]
    ledger.record_accepted(accepted, NOW)
    assert tally(database) == {"frozen": 30, "accepted": 30}
    with database.read() as connection:
        ids = dict(connection.execute(select(attempt.c.id, attempt.c.provider_id)).all())
    assert ids == {each.attempt: f"m{each.batch}" for each in (first, second, third)}


def test_accepted_counts_although_the_other_run_would_send_it_again(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(2)
    name = claim(ledger).attempt
    take_over(other, resend=True)
    assert tally(database) == {"frozen": 2, "pending": 2}
    ledger.settle(name, Accepted("m1"), NOW)
    assert tally(database) == {"frozen": 2, "accepted": 2}


def test_accepted_counts_for_each_part_into_which_another_run_split_the_batch(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(5)
    name = claim(ledger, "outbox").attempt
    take_over(other)
    for _ in range(2):
        other.settle(claim(other, "outbox").attempt, Split("too large"), NOW)
    assert tally(database) == {"frozen": 5, "pending": 5}
    ledger.settle(name, Accepted("m1"), NOW)
    assert tally(database) == {"frozen": 5, "accepted": 5}


def test_a_batch_that_another_run_is_sending_is_not_tried_again_after_a_late_accepted(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(4)
    name = claim(ledger, "outbox").attempt
    take_over(other)
    again = claim(other, "outbox")
    ledger.settle(name, Accepted("m1"), NOW)
    other.settle(again.attempt, NotSent("busy"), NOW)
    assert tally(database) == {"frozen": 4, "accepted": 4}


def test_not_sent_proves_nothing_if_another_attempt_may_have_the_batch(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(2)
    got = claim(ledger)
    take_over(other)
    other.decide(KEY, got.batch, NotSent("checked"), DecisionGrounds("checked"), NOW)
    other.settle(claim(other).attempt, Unknown("no answer"), NOW)
    ledger.settle(got.attempt, NotSent("busy"), NOW)
    assert tally(database) == {"frozen": 2, "unknown": 2}


def test_accepted_proves_nothing_after_a_cancellation(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """The provider accepted it, and then agreed never to send it."""
    provider = Scheduling()
    frozen(2, due=DUE)
    (got,) = ledger.claim(1, KEY, provider.name, NOW, 5, AHEAD)
    ledger.record_schedule_id(got.attempt, "s1")
    take_over(other)
    cancellation = other.begin_cancellation(KEY, provider, NOW)
    assert cancellation is not None
    ledger.settle(got.attempt, Accepted("m1"), NOW)
    other.confirm_cancellation(cancellation.attempt, NOW)
    ledger.settle(got.attempt, Accepted("m1"), NOW)
    assert tally(database) == {"frozen": 2, "pending": 2}


def test_recipients_sent_to_one_by_one_are_accepted_late(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    a, b, c, d = frozen(4)
    got = claim(ledger, "smtp")
    ledger.record_started(got.attempt, a)
    ledger.record_started(got.attempt, b)
    take_over(other)
    assert tally(database) == {"frozen": 4, "accepted": 1, "unknown": 1, "pending": 2}
    ledger.settle(got.attempt, PerRecipient(frozenset({a, b}), not_sent_reason="taken over"), NOW)
    assert tally(database) == {"frozen": 4, "accepted": 2, "pending": 2}
    assert [id for id, _email in claim(ledger, "smtp").recipients] == [c, d]


def test_a_missing_attempt_is_an_older_copy_of_the_store(ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    got = claim(ledger)
    for call in (
        lambda: ledger.settle("missing", Accepted(), NOW),
        lambda: ledger.resume(["missing", got.attempt], [], NOW),
    ):
        with pytest.raises(StoreError, match="the store lost attempt missing"):
            call()


@pytest.mark.parametrize("resend", [False, True])
def test_a_send_continues_while_another_run_takes_its_batches(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen, resend: bool
) -> None:
    """Every third batch is taken over while the provider accepts it."""
    frozen(60, size=5)

    def taken(_outgoing: object, _log: object) -> Outcome:
        take_over(other, resend=resend)
        return Accepted("late")

    transport = Scripted([Accepted(), taken, Accepted()] * 4, name="sendgrid")  # type: ignore[list-item]
    report = send_due(DeliveryJob(KEY, {"html": EMAIL}, SENDER, ledger, [transport], token, lambda: NOW, threads=1))
    assert report.accepted == 60
    assert tally(database) == {"frozen": 60, "accepted": 60}
    assert len(transport.submitted) == 12
    with database.read() as connection:
        states = set(connection.execute(select(attempt.c.state)).scalars())
    assert states == {AttemptState.ACCEPTED}


def test_one_by_one_a_send_stops_the_batch_that_was_taken_over_and_continues(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """The batch ends before its third recipient, who gets the email from the run that claims the rest."""
    frozen(8, size=4)

    def taken(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        ids = [each.id for each in outgoing.recipients]
        for id in ids[:2]:
            log.started(id)
        take_over(other)
        try:
            log.started(ids[2])
        except TakenOver as error:
            return PerRecipient(frozenset(ids[:2]), not_sent_reason=str(error))
        raise AssertionError("would send twice")

    def whole(outgoing: Outgoing, _log: RecipientLog) -> Outcome:
        return PerRecipient(frozenset(each.id for each in outgoing.recipients))

    transport = Scripted([taken, whole, whole], name="smtp", recovery="stepwise")
    report = send_due(DeliveryJob(KEY, {"html": EMAIL}, SENDER, ledger, [transport], token, lambda: NOW, threads=1))
    assert any("took it over" in problem for problem in report.problems)
    assert tally(database) == {"frozen": 8, "accepted": 8}


def test_retryable_is_left_to_the_run_that_took_it_over(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(2)
    name = claim(ledger, "outbox").attempt
    take_over(other)
    ledger.settle(name, Retryable("no answer"), NOW)
    assert tally(database) == {"frozen": 2, "pending": 2}
    assert claim(other, "outbox").recipients


def test_a_run_that_is_taken_over_sends_to_nobody_beyond_what_the_other_knows(
    ledger: SqlLedger, other: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """The run continues to record recipients while the other one settles its batch: only its lock was lost."""
    if database.sqlite:
        pytest.skip("on SQLite one process sends at a time")
    frozen(4)
    got = claim(ledger, "smtp")
    ids = [id for id, _email in got.recipients]
    ledger.record_started(got.attempt, ids[0])
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%attempt%'")
    with ThreadPoolExecutor(1) as pool, database.engine.connect() as recording:
        recording.execute(update(attempt).where(attempt.c.id == got.attempt).values(current_recipient=ids[1]))
        taking_over = pool.submit(take_over, other)
        with database.engine.connect() as watching:
            while not watching.execute(waits).scalar_one():
                assert not taking_over.done(), "it did not wait for the record"
                watching.rollback()
        recording.commit()
        taking_over.result()
    assert tally(database) == {"frozen": 4, "accepted": 1, "unknown": 1, "pending": 2}
    with pytest.raises(TakenOver):
        ledger.record_started(got.attempt, ids[2])
