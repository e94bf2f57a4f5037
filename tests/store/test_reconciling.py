"""Unknown recipients are settled one by one, and the counts of the edition stay balanced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from digest.deliver.outcome import Accepted, NotSent, PerRecipient, Unknown
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.erasure import Erasures
from digest.store.schema import batch
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.failures import FailureReader
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import Counts, UnknownRecipient, counts, unknown_batches, unknown_recipients
from tests.store.conftest import KEY, NOW, Frozen
from tests.support.enqueue import claim_one

GROUNDS = DecisionGrounds("in the log", "07:00:01 status=sent", "meena")


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, hosts={"smtp": "mx.example.com:587"}, clock=lambda: NOW + timedelta(minutes=2))


def broken_off(ledger: SqlLedger, transport: str, *, unknown: Sequence[int], accepted: Sequence[int] = ()) -> None:
    """Leave these recipients of the next batch unknown."""
    claim = claim_one(ledger, KEY, transport, NOW, 5)
    assert claim
    ledger.record_started(claim.attempt, unknown[0])
    reasons = dict.fromkeys(unknown, "the connection broke")
    outcome = PerRecipient(frozenset(accepted), {}, reasons, "the connection broke", last_reply="354 go on")
    ledger.settle(claim.attempt, outcome, NOW + timedelta(minutes=3))


def left(database: Database) -> list[UnknownRecipient]:
    return unknown_recipients(database, unknown_batches(database, KEY))


def totals(database: Database) -> tuple[int, int, int]:
    found: Counts = counts(database, KEY)
    assert found.balanced
    return found.accepted, found.pending, found.unknown


def test_an_unknown_recipient_is_shown_with_server_time_and_last_words(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    first, second, _third = frozen(3)
    broken_off(ledger, "smtp", unknown=[second], accepted=[first])
    (found,) = left(database)
    assert (found.email, found.subscriber) == ("subscriber1@example.com", second)
    assert (found.host, found.last_reply) == ("mx.example.com:587", "354 go on")
    assert found.started_at == NOW + timedelta(minutes=2)


def test_recipients_of_one_batch_are_settled_one_by_one(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    ids = frozen(5)
    broken_off(ledger, "smtp", unknown=ids[1:], accepted=ids[:1])
    (whole,) = unknown_batches(database, KEY)
    assert totals(database) == (1, 0, 4)
    assert ledger.decide_recipients(KEY, whole.batch, [ids[1]], Accepted(), GROUNDS, NOW) == 1
    assert totals(database) == (2, 0, 3)
    assert ledger.decide_recipients(KEY, whole.batch, [ids[2]], NotSent("not there"), GROUNDS, NOW) == 1
    assert totals(database) == (2, 1, 2)
    # They are no longer in it.
    assert ledger.decide_recipients(KEY, whole.batch, ids[:3], NotSent("not there"), GROUNDS, NOW) == 0
    assert {each.subscriber for each in left(database)} == set(ids[3:])
    assert ledger.decide_recipients(KEY, whole.batch, ids[3:], Accepted(), GROUNDS, NOW) == 2
    assert totals(database) == (4, 1, 0)
    claim = claim_one(ledger, KEY, "smtp", NOW, 5)
    assert claim
    assert [id for id, _email in claim.recipients] == [ids[2]]
    ledger.settle(claim.attempt, Accepted(), NOW)
    assert ledger.finish(KEY, NOW)


def test_every_decision_is_recorded_with_who_and_why(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    ids = frozen(2)
    broken_off(ledger, "smtp", unknown=ids)
    (whole,) = unknown_batches(database, KEY)
    ledger.decide_recipients(KEY, whole.batch, ids, Accepted(), GROUNDS, NOW)
    found = EditionStore(database).decisions(KEY)
    assert [(each.email, each.what, each.decided_by) for each in found] == [
        ("subscriber0@example.com", "accept", "meena"),
        ("subscriber1@example.com", "accept", "meena"),
    ]
    assert {(each.batch, each.reason, each.evidence, each.at) for each in found} == {
        (whole.batch, "in the log", "07:00:01 status=sent", NOW)
    }


def test_what_is_resent_late_does_not_expire(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claim
    ledger.settle(claim.attempt, Unknown("no answer"), NOW)
    late = NOW + timedelta(hours=9)
    assert ledger.decide(KEY, claim.batch, NotSent("not there"), GROUNDS, late)
    assert ledger.expire(KEY, before=late - timedelta(hours=4)).recipients == 0
    assert totals(database) == (0, 2, 0)


def test_a_confirmation_by_the_provider_settles_only_those_who_are_left(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(3)
    claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claim
    ledger.settle(claim.attempt, Unknown("no answer"), NOW)
    ledger.decide_recipients(KEY, claim.batch, ids[:1], NotSent("not there"), GROUNDS, NOW)
    assert ledger.confirm_accepted(claim.attempt)
    assert totals(database) == (2, 1, 0)


def test_those_who_have_it_by_decision_count_for_the_transport(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(4)
    broken_off(ledger, "smtp", unknown=ids[1:], accepted=ids[:1])
    (whole,) = unknown_batches(database, KEY)
    ledger.decide_recipients(KEY, whole.batch, ids[1:2], Accepted(), GROUNDS, NOW)
    ledger.decide_recipients(KEY, whole.batch, ids[2:], Accepted(), GROUNDS, NOW)
    found = FailureReader(database).read([KEY])
    assert [(row.name, row.sent) for row in found.senders] == [("smtp", 4)]
    assert sum(row.sent or 0 for row in found.mailboxes) == 4


def test_the_sizes_of_batches_are_those_of_their_recipients(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(4)
    broken_off(ledger, "smtp", unknown=ids[1:], accepted=ids[:1])
    (whole,) = unknown_batches(database, KEY)
    ledger.decide_recipients(KEY, whole.batch, ids[1:2], Accepted(), GROUNDS, NOW)
    with database.read() as connection:
        sizes = sorted(connection.execute(batch.select()).all(), key=lambda row: row.id)
    assert [row.size for row in sizes] == [1, 2, 1]


def test_an_erased_person_is_not_named_by_decisions(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    ids = frozen(1)
    broken_off(ledger, "smtp", unknown=ids)
    (whole,) = unknown_batches(database, KEY)
    grounds = DecisionGrounds("seen", "to=<subscriber0@example.com>, status=sent", "meena")
    ledger.decide_recipients(KEY, whole.batch, ids, Accepted(), grounds, NOW)
    Erasures(database).erase("subscriber0@example.com", reason="asked", now=NOW)
    (found,) = EditionStore(database).decisions(KEY)
    assert "subscriber0" not in f"{found.email} {found.evidence} {found.reason}"
