"""Retryable attempts: only the same provider recognises them by their key, and only for some time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.deliver.outcome import Accepted, PerRecipient, Retryable, Split
from digest.store.database import Database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from tests.store.conftest import KEY, NOW, Frozen
from tests.support.enqueue import claim_one

HOW = {"resend": "redo", "sendgrid": "hold"}
WITHIN = {"resend": timedelta(hours=24)}


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, redo_within=WITHIN)


def begin(ledger: SqlLedger, hours: float) -> int:
    now = NOW + timedelta(hours=hours)
    return ledger.begin_run(KEY, recovery=HOW, now=now)


def test_a_retryable_batch_goes_to_no_other_transport(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    frozen(2, size=1)
    got = claim_one(ledger, KEY, "resend", NOW, 5)
    assert got is not None
    ledger.settle(got.attempt, Retryable("no answer"), NOW)
    other = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert other is not None
    assert other.batch != got.batch
    assert claim_one(ledger, KEY, "sendgrid", NOW, 5) is None
    again = claim_one(ledger, KEY, "resend", NOW, 5)
    assert again is not None
    assert (again.batch, list(again.recipients)) == (got.batch, list(got.recipients))
    assert counts(database, KEY).unknown == 0


def test_an_orphan_is_retried_while_the_provider_recognises_it(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(3, size=3)
    assert claim_one(ledger, KEY, "resend", NOW, 5) is not None
    assert begin(ledger, 23.9) == 0
    assert claim_one(ledger, KEY, "sendgrid", NOW, 5) is None
    assert counts(database, KEY).pending == 3


def test_a_subscriber_who_left_between_two_tries_gets_no_second_place(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(2, size=2)
    got = claim_one(ledger, KEY, "resend", NOW, 5)
    assert got is not None
    ledger.settle(got.attempt, Retryable("no answer"), NOW)
    subscribers = SubscriberStore(database)
    subscribers.suppress("subscriber0@example.com", "unsubscribed", now=NOW)
    again = claim_one(ledger, KEY, "resend", NOW, 5)
    assert again is not None
    assert [email for _id, email in again.recipients] == ["subscriber1@example.com"]
    ledger.settle(again.attempt, Accepted(), NOW)
    subscribers.unsuppress("subscriber0@example.com")
    assert list(subscribers.candidates(KEY)) == []


def test_a_late_retry_is_unknown(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    frozen(3, size=3)
    assert claim_one(ledger, KEY, "resend", NOW, 5) is not None
    assert begin(ledger, 24) == 3
    assert counts(database, KEY).unknown == 3


def test_a_retryable_batch_that_waited_too_long_is_unknown(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    frozen(3, size=3)
    assert claim_one(ledger, KEY, "resend", NOW, 5) is not None
    assert begin(ledger, 1) == 0
    assert begin(ledger, 25) == 3
    assert begin(ledger, 26) == 0
    assert (counts(database, KEY).unknown, counts(database, KEY).pending) == (3, 0)


def test_the_rest_of_a_partly_accepted_batch_keeps_its_tries(ledger: SqlLedger, frozen: Frozen) -> None:
    ids = frozen(5, size=5)
    for part in ids:
        got = claim_one(ledger, KEY, "resend", NOW, 2)
        assert got is not None
        ledger.settle(got.attempt, PerRecipient(accepted=frozenset({part})), NOW)
    assert claim_one(ledger, KEY, "resend", NOW, 2) is None


def test_a_batch_split_off_from_a_retryable_one_is_retryable_too(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    """A killed run may have made every call, so recipients that a second run did not reach may have the email."""
    first, *_rest = frozen(3, size=3)
    assert claim_one(ledger, KEY, "resend", NOW, 5) is not None
    assert begin(ledger, 1) == 0
    again = claim_one(ledger, KEY, "resend", NOW, 5)
    assert again is not None
    ledger.settle(again.attempt, PerRecipient(accepted=frozenset({first}), not_sent_reason="the line broke"), NOW)
    assert claim_one(ledger, KEY, "sendgrid", NOW, 5) is None
    last = claim_one(ledger, KEY, "resend", NOW, 5)
    assert last is not None
    assert len(last.recipients) == 2
    ledger.settle(last.attempt, Split("too large"), NOW)
    assert claim_one(ledger, KEY, "sendgrid", NOW, 5) is None
    assert begin(ledger, 25) == 2
    assert (counts(database, KEY).accepted, counts(database, KEY).unknown) == (1, 2)


def test_a_retryable_batch_expires_as_unknown(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    """An excluded subscriber is enqueued by the next send, which would be a second email for some."""
    frozen(3, size=3)
    assert claim_one(ledger, KEY, "resend", NOW, 5) is not None
    assert begin(ledger, 5) == 0
    assert ledger.expire(KEY, before=NOW + timedelta(hours=1)).recipients == 0
    assert (counts(database, KEY).excluded, counts(database, KEY).unknown) == (0, 3)
