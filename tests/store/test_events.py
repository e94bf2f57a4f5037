"""Delivery events in the store: each once, in any order, and only about our emails."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from digest.deliver.outcome import Accepted, NotSent, Unknown
from digest.feedback.effects import ApplyResult, apply
from digest.feedback.ports import Event
from digest.store.content.events import EventStore, FeedbackCounts, count_feedback
from digest.store.database import Database
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import attempt as attempts
from digest.store.schema import edition, webhook
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from tests.store.conftest import KEY, NOW, Frozen, an_edition
from tests.support.enqueue import claim_one

LATER = NOW + timedelta(minutes=5)


def apply_events(database: Database, *events: Event, tracking: bool = False) -> ApplyResult:
    return apply(
        events,
        log=EventStore(database),
        ledger=SqlLedger(database),
        suppressions=SubscriberStore(database),
        now=max([LATER, *(event.at for event in events)]),
        tracking=tracking,
    )


def an_event(
    kind: str, subscriber: int, *, key: str = KEY, attempt: str | None = None, reason: str = "", minutes: int = 1
) -> Event:
    """`subscriber` is an id; ids start at 1 in a new store."""
    address = f"subscriber{subscriber - 1}@example.com"
    return Event(kind, NOW + timedelta(minutes=minutes), address, subscriber, key, attempt, reason)


def send(database: Database, ledger: SqlLedger, outcome: Accepted | Unknown | NotSent, key: str = KEY) -> str:
    claim = claim_one(ledger, key, "sendgrid", NOW, 5)
    assert claim
    ledger.settle(claim.attempt, outcome, NOW)
    return claim.attempt


# Kind, reason → the reason of the suppression, if there is one.
RULES = [
    ("processed", "", ""),
    ("deferred", "400 try again later", ""),
    ("delivered", "", ""),
    ("bounced", "5.1.1 · no such user", "bounced"),
    ("blocked", "5.7.1 · policy", ""),
    ("dropped", "Bounced Address", "bounced"),
    ("dropped", "Invalid SMTPAPI header", ""),
    ("dropped", "Invalid", "bounced"),
    ("dropped", "Spam Reporting Address", "complained"),
    ("dropped", "Unsubscribed Address", "unsubscribed"),
    ("dropped", "Recipient List over Package Quota", ""),
    ("dropped", "Spam Content", ""),
    ("complained", "", "complained"),
    ("left", "", "unsubscribed"),
    ("left a group", "", "unsubscribed"),
    ("returned", "", ""),
    ("opened", "", ""),
    ("something new", "", ""),
]


def test_suppressions_follow_the_rules(database: Database, frozen: Frozen) -> None:
    """Each event is about a subscriber of its own."""
    frozen(len(RULES))
    expected: dict[str, str] = {}
    for subscriber, (kind, reason, suppressed) in enumerate(RULES, 1):
        found = apply_events(database, an_event(kind, subscriber, reason=reason))
        if suppressed:
            expected[f"subscriber{subscriber - 1}@example.com"] = suppressed
        assert SubscriberStore(database).suppressed() == expected, (kind, reason)
        assert found.suppressed == bool(suppressed), (kind, reason)
        assert bool(found.warnings) == (kind == "dropped" and not suppressed), (kind, reason)


def test_late_repeated_and_reordered_events_give_the_same_result(database: Database, frozen: Frozen) -> None:
    frozen(6)
    events = [an_event("delivered", subscriber) for subscriber in range(1, 6)]
    events += [an_event("bounced", 5, reason="5.1.1", minutes=3), an_event("blocked", 6, reason="5.7.1")]
    events += [an_event("left", 1, minutes=4), an_event("complained", 2, minutes=4), an_event("processed", 3)]
    for seed in range(5):
        again = events * 3
        random.Random(seed).shuffle(again)
        for start in range(0, len(again), 4):
            apply_events(database, *again[start : start + 4])
    assert count_feedback(database, KEY) == FeedbackCounts(delivered=4, bounced=1, blocked=1, complained=1, left=1)
    suppressed = {
        "subscriber4@example.com": "bounced",
        "subscriber0@example.com": "unsubscribed",
        "subscriber1@example.com": "complained",
    }
    assert SubscriberStore(database).suppressed() == suppressed
    assert apply_events(database, *events) == ApplyResult()


def test_an_unsubscribe_counts_for_the_edition_before(database: Database, frozen: Frozen) -> None:
    frozen(3)
    apply_events(database, an_event("left", 1))
    SubscriberStore(database).suppress("subscriber1@example.com", "unsubscribed", now=LATER)  # by a page of ours
    assert count_feedback(database, KEY).left == 2
    frozen(3, key="special")
    with database.write() as connection:
        connection.execute(update(edition).where(edition.c.key == "special").values(frozen_at=LATER + timedelta(1)))
    assert (count_feedback(database, KEY).left, count_feedback(database, "special").left) == (2, 0)


def test_a_late_repeat_does_not_suppress_a_returned_subscriber(database: Database, frozen: Frozen) -> None:
    frozen(1)
    apply_events(database, an_event("left", 1))
    SubscriberStore(database).unsuppress("subscriber0@example.com")
    assert apply_events(database, an_event("left", 1)).suppressed == 0
    assert SubscriberStore(database).suppressed() == {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["processed", "deferred", "delivered", "bounced", "blocked", "opened"])
def test_an_event_confirms_an_unknown_attempt(database: Database, ledger: SqlLedger, frozen: Frozen, kind: str) -> None:
    frozen(3)
    attempt = send(database, ledger, Unknown("no whole answer came"))
    assert apply_events(database, an_event(kind, 1, attempt=attempt)).confirmed == {KEY}
    assert (counts(database, KEY).accepted, counts(database, KEY).unknown) == (3, 0)
    assert apply_events(database, an_event(kind, 2, attempt=attempt)).confirmed == frozenset()


def test_an_attempt_is_confirmed_only_by_its_own_recipients(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    """Arguments may be forged, mixed up, or name a recipient of another batch or edition."""
    frozen(4, size=2)
    first = send(database, ledger, Unknown("no whole answer came"))
    frozen(4, key="special")
    stranger = Event("delivered", NOW, "nobody@example.com", 1, KEY, first)
    mixed = Event("delivered", NOW, "subscriber0@example.com", 2, KEY, first)
    elsewhere = an_event("delivered", 3, attempt=first)
    other_day = an_event("delivered", 1, key="special", attempt=first)
    for event in (stranger, mixed, elsewhere, other_day):
        assert apply_events(database, event).confirmed == frozenset(), event
    assert counts(database, KEY).unknown == 2
    assert apply_events(database, an_event("delivered", 2, attempt=first)).confirmed == {KEY}
    assert counts(database, KEY).unknown == 0


def test_a_dropped_event_confirms_nothing(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(3)
    attempt = send(database, ledger, Unknown("no whole answer came"))
    apply_events(database, an_event("dropped", 1, attempt=attempt, reason="cancelled"))
    assert counts(database, KEY).unknown == 3


def test_an_event_may_arrive_before_the_response(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    """Or the process was killed and the orphan is not recovered yet."""
    frozen(3)
    claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claim
    assert apply_events(database, an_event("processed", 1, attempt=claim.attempt)).confirmed == {KEY}
    ledger.settle(claim.attempt, Unknown("no whole answer came"), LATER)
    ledger.begin_run(KEY, recovery={}, now=LATER)
    assert (counts(database, KEY).accepted, counts(database, KEY).unknown) == (3, 0)


@pytest.mark.parametrize("state", ["cancelling", "cancelled"])
def test_a_cancelled_attempt_is_not_confirmed_by_being_queued(
    database: Database, ledger: SqlLedger, frozen: Frozen, state: str
) -> None:
    frozen(3)
    attempt = send(database, ledger, Unknown("no whole answer came"))
    with database.write() as connection:
        connection.execute(update(attempts).values(state=state))
    assert apply_events(database, an_event("processed", 1, attempt=attempt)).confirmed == frozenset()
    assert counts(database, KEY).unknown == 3


def test_a_settled_attempt_is_not_changed(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(3)
    attempt = send(database, ledger, NotSent("refused"))
    assert apply_events(database, an_event("delivered", 1, attempt=attempt)).confirmed == frozenset()
    assert counts(database, KEY).pending == 3


def test_a_drop_because_of_a_cancellation_is_not_recorded(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    frozen(1)
    attempt = send(database, ledger, Unknown("no whole answer came"))
    with database.write() as connection:
        connection.execute(update(attempts).values(state="cancelled"))
    found = apply_events(database, an_event("dropped", 1, attempt=attempt, reason="cancel_drop"))
    assert (found.kept, found.warnings) == (0, ())


def test_events_of_another_newsletter_are_ignored(database: Database, frozen: Frozen) -> None:
    frozen(2)
    foreign = [
        an_event("delivered", 1, attempt="of another ledger"),
        Event("delivered", NOW, "stranger@example.com", 1, KEY),
        Event("delivered", NOW, None, 1, KEY),
        Event("left a group", NOW, "subscriber0@example.com"),
        Event("complained", NOW, "stranger@example.com", 1, KEY),
        Event("complained", NOW, None, 1, KEY, "of another ledger"),
    ]
    assert apply_events(database, *foreign) == ApplyResult()
    apply_events(database, Event("bounced", NOW, "subscriber1@example.com"))  # the address is dead, whoever wrote to it
    assert SubscriberStore(database).suppressed() == {"subscriber1@example.com": "bounced"}


def test_an_event_without_an_address_is_found_by_its_ids(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(1)
    attempt = send(database, ledger, Accepted())
    apply_events(database, Event("dropped", NOW, None, 1, KEY, attempt, "Bounced Address"))
    assert SubscriberStore(database).suppressed() == {"subscriber0@example.com": "bounced"}


def test_opens_and_clicks_count_only_with_tracking(database: Database, frozen: Frozen) -> None:
    frozen(3)
    events = [an_event("opened", 1), an_event("opened", 1), an_event("machine open", 2), an_event("clicked", 1)]
    events += [an_event("machine click", 3)]
    apply_events(database, *events)
    assert count_feedback(database, KEY) == FeedbackCounts()
    apply_events(database, *events, tracking=True)
    expected = FeedbackCounts(opened=1, opened_by_machine=1, clicked=1, clicked_by_machine=1)
    assert count_feedback(database, KEY) == expected
    assert str(expected) == "1 opened, 1 clicked, 1 opened by machine, 1 clicked by machine"
    assert str(FeedbackCounts()) == ""


def block(database: Database, frozen: Frozen, days: Sequence[int], delivered: Sequence[int] = ()) -> None:
    """Send editions on these days, each blocked or delivered for subscriber 1."""
    for day in sorted([*days, *delivered]):
        key = f"day-{day:02}"
        frozen(2, key=key)
        with database.write() as connection:
            at = NOW + timedelta(days=day)
            connection.execute(update(edition).where(edition.c.key == key).values(frozen_at=at))
        kind = "blocked" if day in days else "delivered"
        apply_events(database, an_event(kind, 1, key=key, minutes=day * 1440))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "delivered", "suppressed"),
    [
        ([1, 2, 4, 6, 8], [], True),
        ([1, 2, 3, 4, 5], [], False),  # in less than a week
        ([1, 4, 6, 8], [], False),
        ([1, 2, 3, 7, 9, 11], [5], False),
        ([3, 5, 7, 9, 11], [1, 2], True),
    ],
)
def test_five_blocks_in_a_row_over_a_week_suppress(
    database: Database, frozen: Frozen, days: list[int], delivered: list[int], suppressed: bool
) -> None:
    block(database, frozen, days, delivered)
    assert SubscriberStore(database).suppressed() == ({"subscriber0@example.com": "blocked"} if suppressed else {})


def test_a_newer_email_without_events_does_not_end_the_series(database: Database, frozen: Frozen) -> None:
    frozen(2, key="newer")
    with database.write() as connection:
        connection.execute(update(edition).where(edition.c.key == "newer").values(frozen_at=NOW + timedelta(days=20)))
    block(database, frozen, [1, 2, 4, 6, 8])
    assert SubscriberStore(database).suppressed() == {"subscriber0@example.com": "blocked"}


def test_a_payload_is_stored_once_and_processed_in_order(database: Database) -> None:
    store = EventStore(database)
    assert [store.save("sendgrid", body, NOW) for body in (b"[1]", b"[2]", b"[1]")] == [True, True, False]
    first, second = store.queued()
    assert (first.body, second.body) == (b"[1]", b"[2]")
    store.mark_processed(first.id, NOW, error="no list")
    assert [payload.id for payload in store.queued()] == [second.id]
    assert store.delete_processed(NOW) == 0
    assert store.delete_processed(LATER) == 1
    assert [payload.id for payload in store.queued()] == [second.id]


def test_processing_a_payload_again_changes_nothing(database: Database, frozen: Frozen) -> None:
    """As after a kill between the last change and `mark_processed`."""
    frozen(3)
    events = [an_event("bounced", 1), an_event("left", 2), an_event("delivered", 3)]
    assert (apply_events(database, *events).kept, apply_events(database, *events).kept) == (3, 0)
    store = EventStore(database)
    store.save("sendgrid", b"[]", NOW)
    (payload,) = store.queued()
    store.mark_processed(payload.id, NOW)
    with database.write() as connection:
        connection.execute(update(webhook).values(processed_at=None))
    assert [payload.id for payload in store.queued()] == [payload.id]


def test_two_processes_with_the_same_payloads_agree(database: Database, frozen: Frozen) -> None:
    frozen(40)
    events = [an_event(("delivered", "bounced", "left")[subscriber % 3], subscriber) for subscriber in range(1, 41)]

    def handle(seed: int) -> None:
        own = events * 2
        random.Random(seed).shuffle(own)
        for start in range(0, len(own), 16):
            apply_events(database, *own[start : start + 16])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(handle, range(4)))
    assert len(SubscriberStore(database).suppressed()) == 27
    assert (
        count_feedback(database, KEY).delivered,
        count_feedback(database, KEY).bounced,
        count_feedback(database, KEY).left,
    ) == (13, 14, 13)


def test_events_of_two_editions_in_one_payload(database: Database, frozen: Frozen) -> None:
    frozen(2)
    frozen(2, key="special")
    apply_events(database, an_event("delivered", 1), an_event("delivered", 1, key="special"), an_event("bounced", 2))
    assert count_feedback(database, KEY) == FeedbackCounts(delivered=1, bounced=1)
    assert count_feedback(database, "special") == FeedbackCounts(delivered=1)
    assert an_edition().key == KEY
    with database.read() as connection:
        assert connection.execute(select(edition.c.key)).all()


def test_each_event_of_a_payload_is_compared_with_the_return(database: Database, frozen: Frozen) -> None:
    """A complaint from before and a bounce from after the return: the bounce suppresses."""
    (subscriber,) = frozen(1)
    signups = SignupStore(database)
    number = signups.request("subscriber0@example.com", "subscriber0@example.com", wording="", detail="", now=NOW)
    back = NOW + timedelta(minutes=20)
    assert signups.confirm(number, timezone="UTC", source="", detail="", now=back)
    apply_events(database, an_event("complained", subscriber, minutes=10), an_event("bounced", subscriber, minutes=40))
    assert SubscriberStore(database).suppressed() == {"subscriber0@example.com": "bounced"}


def test_blocks_from_before_a_return_do_not_count(database: Database, frozen: Frozen) -> None:
    block(database, frozen, [1, 2, 4, 6])
    signups = SignupStore(database)
    back = NOW + timedelta(days=7)
    number = signups.request("subscriber0@example.com", "subscriber0@example.com", wording="", detail="", now=back)
    assert signups.confirm(number, timezone="UTC", source="", detail="", now=back)
    block(database, frozen, [8])
    assert SubscriberStore(database).suppressed() == {}
