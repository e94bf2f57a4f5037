"""The status shows batches of dead runs as recovery will resolve them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from digest.deliver.outcome import Accepted
from digest.deliver.ports import Recovery
from digest.store.database import Database, open_database
from digest.store.locks import exclusive, mark_running, running_runs
from digest.store.people.erasure import Erasures
from digest.store.people.history import SubscriberHistory
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.recovery import RecoveryPolicy
from digest.store.sending.status import EditionStatus, StatusReader
from tests.store.conftest import KEY, NOW, Frozen
from tests.support.enqueue import claim_one

RECOVERY: Mapping[str, Recovery] = {"sendgrid": "hold", "smtp": "stepwise", "outbox": "redo"}


@pytest.fixture
def status(store_url: str, tmp_path: Path, database: Database) -> Iterator[StatusReader]:
    other = open_database(store_url, home=tmp_path)
    yield StatusReader(other, RecoveryPolicy(RECOVERY, {}, SqlLedger(other).progress.boot))
    other.close()


def recovered(ledger: SqlLedger) -> None:
    ledger.begin_run(KEY, recovery=RECOVERY, now=NOW)


def states(found: EditionStatus) -> dict[str, int]:
    return dict(Counter(one.state for one in found.unreached))


def agrees(found: EditionStatus) -> bool:
    """The counts match the unreached recipients and the unknown batches."""
    counts = found.counts
    named = {"unknown": counts.unknown, "pending": counts.pending}
    unknown = sum(batch.recipients for batch in found.unknown)
    return counts.balanced and states(found) == {k: n for k, n in named.items() if n} and unknown == counts.unknown


def test_a_batch_of_a_dead_run_is_unknown(ledger: SqlLedger, frozen: Frozen, status: StatusReader) -> None:
    frozen(6, size=3)
    claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claim
    seen = status.read(KEY, NOW)
    assert agrees(seen)
    assert (seen.counts.unknown, seen.counts.pending) == (3, 3)
    assert [(one.batch, one.attempt, one.recipients) for one in seen.unknown] == [(claim.batch, claim.attempt, 3)]
    recovered(ledger)
    after = status.read(KEY, NOW)
    assert (after.counts, after.unreached) == (seen.counts, seen.unreached)


@pytest.mark.slow
@pytest.mark.parametrize("served", [0, 1, 2])
def test_one_recipient_of_a_dead_smtp_run_is_unknown(
    ledger: SqlLedger, frozen: Frozen, status: StatusReader, served: int
) -> None:
    ids = frozen(3)
    claim = claim_one(ledger, KEY, "smtp", NOW, 5)
    assert claim
    ledger.record_started(claim.attempt, ids[served])
    seen = status.read(KEY, NOW)
    assert agrees(seen)
    assert (seen.counts.accepted, seen.counts.unknown, seen.counts.pending) == (served, 1, 2 - served)
    (group,) = status.read_groups(KEY, NOW).groups
    assert (group.state, group.recipients, group.emails) == ("unknown", 1, (f"subscriber{served}@example.com",))
    recovered(ledger)
    assert status.read(KEY, NOW).counts.unknown == 1


def test_a_retryable_orphan_is_pending(ledger: SqlLedger, frozen: Frozen, status: StatusReader) -> None:
    frozen(3)
    assert claim_one(ledger, KEY, "outbox", NOW, 5)
    seen = status.read(KEY, NOW)
    assert agrees(seen)
    assert seen.counts.pending == 3


def test_a_batch_of_a_running_run_is_pending(
    database: Database, ledger: SqlLedger, frozen: Frozen, status: StatusReader
) -> None:
    frozen(3)
    with mark_running(database, ledger.run):
        claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
        assert claim
        seen = status.read(KEY, NOW)
        assert (seen.counts.pending, seen.counts.unknown, seen.unknown) == (3, 0, [])
        assert running_runs(status.database, [ledger.run, "another"]) == {ledger.run}
    ledger.settle(claim.attempt, Accepted(), NOW)
    assert status.read(KEY, NOW).counts.accepted == 3


def test_a_dead_run_is_found_beside_a_running_one(
    database: Database, ledger: SqlLedger, frozen: Frozen, status: StatusReader
) -> None:
    frozen(4, size=2)
    assert claim_one(SqlLedger(database), KEY, "sendgrid", NOW, 5)
    with mark_running(database, ledger.run):
        assert claim_one(ledger, KEY, "sendgrid", NOW, 5)
        assert status.read(KEY, NOW).counts.unknown == 2


def test_reading_the_status_disturbs_no_send(
    database: Database, ledger: SqlLedger, frozen: Frozen, status: StatusReader
) -> None:
    frozen(2)
    assert claim_one(SqlLedger(database), KEY, "sendgrid", NOW, 5)
    with exclusive(status.database, "sending", wait=0):  # the lock of a send; the status does not need it
        assert status.read(KEY, NOW).counts.unknown == 2


@pytest.mark.parametrize("transport", ["sendgrid", "smtp"])
def test_the_history_of_a_subscriber_shows_the_unknown_email(
    database: Database, ledger: SqlLedger, frozen: Frozen, status: StatusReader, transport: str
) -> None:
    ids = frozen(1)
    claim = claim_one(ledger, KEY, transport, NOW, 5)
    assert claim
    if transport == "smtp":
        ledger.record_started(claim.attempt, ids[0])
    story: Callable[..., list] = SubscriberHistory(database, Erasures(database)).entries  # type: ignore[type-arg]
    orphans = status.orphans(NOW + timedelta(minutes=1))
    what = [(one.what, one.why) for one in story("subscriber0@example.com", orphans=orphans) if one.kind == "letter"]
    assert [reason for reason, _why in what] == ["unknown"]
    assert "cut short" in what[0][1]
