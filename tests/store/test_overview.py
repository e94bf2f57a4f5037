"""The queries of alerts, reports and the automatic stop, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.event import listen

from digest.deliver.outcome import Accepted, NotSent, PerRecipient, Unknown
from digest.feedback.ports import Event
from digest.models import DeliveryOutcome, EditionState
from digest.store.content.editions import EditionStore
from digest.store.content.events import EventStore
from digest.store.database import Database
from digest.store.schema import delivery, edition, subscriber
from digest.store.sending.decisions import Decision
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.overview import FirstRecipients, Overview, first_recipients
from digest.store.sending.statistics import MissedRecipients, Statistics
from tests.store.conftest import KEY, NOW, Frozen

LATER = NOW + timedelta(minutes=2)


def events(database: Database, *found: tuple[int, str, str]) -> None:
    EventStore(database).record(
        Event(kind, NOW, subscriber=id, edition=KEY, reason=reason) for id, kind, reason in found
    )


def test_deferred_recipients_are_counted_apart_from_those_whom_nobody_tried(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(4, size=2)
    [claim] = ledger.claim(1, KEY, "smtp", NOW, 5)
    ledger.record_deferred(claim.attempt, ids[0], "452 4.2.2 full")
    ledger.settle(claim.attempt, PerRecipient(frozenset({ids[1]}), not_sent_reason="full"), LATER)
    edition = EditionStore(database).get(KEY)
    assert edition is not None
    [facts] = Overview(database).editions([edition], NOW)
    assert (facts.accepted, facts.pending, facts.deferred, facts.oldest_due) == (1, 3, 1, NOW)
    [claim] = [each for each in ledger.claim(9, KEY, "smtp", NOW, 5) if len(each.recipients) == 2]
    ledger.settle(claim.attempt, Accepted(), LATER)
    [facts] = Overview(database).editions([edition], NOW)
    assert (facts.deferred, facts.oldest_due) == (1, None)


def test_the_facts_of_an_edition(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    ids = frozen(10, size=2)
    claims = ledger.claim(9, KEY, "smtp", NOW, 5)
    ledger.settle(claims[0].attempt, Accepted(), LATER)
    ledger.settle(claims[1].attempt, Unknown("the connection broke"), LATER)
    rejected = PerRecipient(accepted=frozenset({ids[4]}), rejected={ids[5]: "550 5.7.26 no"})
    ledger.settle(claims[2].attempt, rejected, LATER)
    ledger.settle(claims[3].attempt, NotSent("refused"), LATER)
    events(database, (ids[0], "bounced", "5.1.1"), (ids[1], "deferred", "421 4.7.28 slow"), (ids[4], "delivered", ""))
    editions, overview = EditionStore(database), Overview(database)
    editions.record_decision(KEY, Decision.STOPPED, "too many", now=NOW)
    assert overview.recent(NOW.date()) == [KEY]
    assert overview.sending() == {KEY: 2}
    edition = editions.get(KEY)
    assert edition is not None
    [facts] = overview.editions([edition], NOW)
    assert (facts.accepted, facts.unknown, facts.rejected, facts.pending) == (3, 2, 1, 4)
    assert facts.failures == {"bounced": 1}
    assert facts.oldest_due == NOW
    assert facts.stopped == (NOW, "too many")
    attempts = overview.attempts([KEY])
    assert sorted(each.state for each in attempts) == ["accepted", "not_sent", "per_recipient", "unknown"]
    answers = {(each.text, each.recipients) for each in overview.answers([KEY])}
    assert answers == {("550 5.7.26 no", 1), ("421 4.7.28 slow", 1)}
    assert overview.last_event_at() is None
    EventStore(database).save("sendgrid", b"[]", NOW)
    assert overview.last_event_at() == NOW


def test_the_numbers_of_a_report(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    ids = frozen(6, size=2)
    claims = ledger.claim(9, KEY, "smtp", NOW, 5)
    ledger.settle(claims[0].attempt, Accepted(), LATER)
    ledger.settle(claims[1].attempt, PerRecipient(rejected={ids[2]: "no", ids[3]: "no"}), LATER)
    events(database, (ids[0], "complained", ""))
    statistics = Statistics(database)
    numbers = statistics.numbers([KEY])[KEY]
    assert (numbers.frozen, numbers.accepted, numbers.rejected, numbers.pending) == (6, 2, 2, 2)
    assert (numbers.complained, numbers.seconds, numbers.per_minute) == (1, 120.0, 1.0)
    assert statistics.reasons(KEY, DeliveryOutcome.REJECTED, 5) == [("no", 2)]
    assert statistics.last_handed_over(KEY) == LATER
    assert statistics.before(KEY, 5) == []
    assert statistics.numbers([KEY], times=False)[KEY].began_at is None


def test_the_newest_edition_is_counted_each_time_and_earlier_ones_now_and_then(
    database: Database, frozen: Frozen
) -> None:
    earlier = "2026-11-20"
    frozen(4, key=earlier)
    frozen(4)
    of = edition.c
    statistics = Statistics(database)

    def exclude(first: int) -> list[int]:
        with database.write() as connection:
            connection.execute(update(edition).values(state=EditionState.DONE))
            connection.execute(update(edition).where(of.key == earlier).values(frozen_at=NOW - timedelta(days=3)))
            own = delivery.c.subscriber.in_(select(subscriber.c.id).order_by(subscriber.c.id).limit(first))
            connection.execute(update(delivery).where(own).values(outcome=DeliveryOutcome.EXCLUDED, reason="paused"))
        numbers = statistics.numbers([KEY, earlier])
        return [numbers[key].excluded for key in (KEY, earlier)]

    assert [exclude(1), exclude(3)] == [[1, 1], [3, 1]]


def test_more_editions_take_no_more_queries(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    """On a busy machine each one takes milliseconds, whatever it reads."""
    keys = [KEY, "2026-11-20", "2026-11-21"]
    for key in keys:
        frozen(2, key=key)
        [claim] = ledger.claim(9, key, "smtp", NOW, 5)
        ledger.settle(claim.attempt, Accepted(), LATER)
    asked: list[str] = []
    listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    taken = []
    for number in (1, 3):
        asked.clear()
        numbers = Statistics(database).numbers(keys[:number])
        assert [(each.key, each.accepted, each.seconds) for each in numbers.values()] == [
            (key, 2, 120.0) for key in keys[:number]
        ]
        taken.append(len(asked))
    assert taken[0] == taken[1]


def test_outcomes_that_are_known_are_not_counted_again(database: Database, frozen: Frozen) -> None:
    frozen(4)
    known = Statistics(database).numbers([KEY], known={KEY: {"excluded": 3, "rejected": 1}})[KEY]
    assert (known.excluded, known.rejected) == (3, 1)


def test_failed_recipients_are_found_without_reading_the_others(database: Database, frozen: Frozen) -> None:
    """Of a million recipients a few are refused."""
    if not database.sqlite:
        pytest.skip("PostgreSQL has no count of steps")
    ids = frozen(600)
    with database.transaction(), database.write() as connection:
        refused = update(delivery).where(delivery.c.subscriber == ids[-1])
        connection.execute(refused.values(outcome=DeliveryOutcome.REJECTED, reason="550 no"))
        driver: Any = connection.connection.driver_connection
        steps: list[None] = []
        # Every ten steps of SQLite's machine. One recipient takes about as many.
        driver.set_progress_handler(lambda: steps.append(None), 10)
        [found], more = MissedRecipients(database).page(KEY, DeliveryOutcome.REJECTED, most=100)
        assert Statistics(database).reasons(KEY, DeliveryOutcome.REJECTED, 5) == [("550 no", 1)]
        driver.set_progress_handler(None, 0)
    assert (found.id, found.reason, more) == (ids[-1], "550 no", None)
    assert len(steps) < 100


def test_the_first_recipients_are_those_of_the_first_batches(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(12, size=4)
    claims = ledger.claim(9, KEY, "smtp", NOW, 5)
    # Batches that were split off belong to the first ones, too.
    ledger.settle(claims[0].attempt, PerRecipient(rejected={ids[0]: "no"}, not_sent_reason="later"), LATER)
    ledger.settle(claims[1].attempt, Accepted(), LATER)
    ledger.settle(claims[2].attempt, PerRecipient(rejected=dict.fromkeys(ids[8:], "no")), LATER)
    events(database, (ids[1], "bounced", ""), (ids[5], "complained", ""), (ids[2], "delivered", ""))
    with database.read() as connection:
        assert first_recipients(connection, KEY, 3) == FirstRecipients(4, 2, 0)
        assert first_recipients(connection, KEY, 8) == FirstRecipients(8, 2, 1)
        assert first_recipients(connection, KEY, 100) == FirstRecipients(12, 6, 1)
        assert first_recipients(connection, "none", 100) == FirstRecipients(0, 0, 0)
