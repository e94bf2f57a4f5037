"""Enqueueing by recipient groups: everybody gets the decision for their group once, in full batches."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import time, timedelta

import pytest

from digest.deliver.outcome import Accepted
from digest.models import Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.enqueue import EnqueueResult, Placement, RecipientGroup, enqueue_subscribers
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts, find_unreached
from digest.subscribers.due import Candidate
from tests.store.conftest import KEY, NOW, an_edition
from tests.support.enqueue import claim_one

LATER = NOW + timedelta(hours=1)
SUBSCRIBERS = [
    Subscriber(
        f"subscriber{n}@example.com",
        format="text" if n % 3 == 0 else "html",
        timezone="Europe/London" if n % 2 else "Asia/Kolkata",
        status="paused" if n == 7 else "active",
    )
    for n in range(20)
]


def sync(database: Database, subscribers: list[Subscriber]) -> SubscriberStore:
    store = SubscriberStore(database)
    store.sync([(subscriber.email, subscriber) for subscriber in subscribers], now=NOW)
    return store


def decide(profile: RecipientGroup) -> Placement:
    if profile.status == "paused" or profile.suppressed:
        return Placement(excluded=profile.suppressed or "paused")
    return Placement(profile.format, LATER if profile.timezone == "Europe/London" else NOW)


def freeze(database: Database, store: SubscriberStore, size: int = 4) -> EnqueueResult:
    decisions = {profile: decide(profile) for profile in store.recipient_groups(KEY)}
    return enqueue_subscribers(database, KEY, decisions, size, now=NOW)


def claimed(database: Database) -> list[tuple[str, list[str]]]:
    ledger, found = SqlLedger(database), []
    while got := claim_one(ledger, KEY, "outbox", LATER, 5):
        found.append((got.variant, [email for _id, email in got.recipients]))
        ledger.settle(got.attempt, Accepted(), NOW)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [1, 2, 30, 49, 50, 51, 120])
def test_every_recipient_group_is_found(database: Database, kinds: int) -> None:
    subscribers = [
        Subscriber(
            f"subscriber{n}@example.com",
            format="text" if n % 2 else "html",
            hour=time(n % kinds // 4 % 24),
            topics=("खेल",) if n % kinds > kinds // 2 else (),
            frequency="daily" if n % 4 < 2 else "weekdays",
            status="paused" if n % kinds == 3 else "active",
        )
        for n in range(3 * kinds)
    ]
    store = sync(database, subscribers)
    # The others are unlisted.
    store = sync(database, subscribers[kinds // 3 :])
    store.suppress(subscribers[-1].email, "bounced", now=NOW)
    expected = {
        Candidate(**{**{f.name: getattr(one, f.name) for f in fields(one)}, "id": 0, "email": ""})
        for one in store.candidates(KEY)
    }
    assert {profile.candidate() for profile in store.recipient_groups(KEY)} == expected


def test_each_group_gets_its_decision_in_list_order(database: Database) -> None:
    EditionStore(database).put(an_edition(), over=())
    store = sync(database, SUBSCRIBERS)
    store.suppress("subscriber2@example.com", "bounced", now=NOW)
    assert freeze(database, store) == EnqueueResult(18)
    assert {(one.email, one.reason) for one in find_unreached(database, KEY) if one.state == "excluded"} == {
        ("subscriber2@example.com", "bounced"),
        ("subscriber7@example.com", "paused"),
    }
    assert counts(database, KEY).balanced
    expected = []
    for zone in ("Asia/Kolkata", "Europe/London"):
        for form in ("html", "text"):
            of_kind = [r.email for r in SUBSCRIBERS if (r.timezone, r.format, r.status) == (zone, form, "active")]
            mailed = [email for email in of_kind if email != "subscriber2@example.com"]
            expected += [(form, mailed[at : at + 4]) for at in range(0, len(mailed), 4)]
    assert sorted(claimed(database)) == sorted(expected)


def test_freezing_again_places_only_new_and_returned_subscribers(database: Database) -> None:
    EditionStore(database).put(an_edition(), over=())
    store = sync(database, SUBSCRIBERS)
    assert freeze(database, store) == EnqueueResult(19)
    assert freeze(database, store) == EnqueueResult(0)
    store = sync(
        database, [replace(subscriber, status="active") for subscriber in SUBSCRIBERS] + [Subscriber("new@example.com")]
    )
    assert freeze(database, store) == EnqueueResult(2)
    sent = [email for _variant, emails in claimed(database) for email in emails]
    assert sorted(sent) == sorted([*(subscriber.email for subscriber in SUBSCRIBERS), "new@example.com"])
    assert counts(database, KEY).settled


def test_freezing_again_when_everybody_has_a_place_changes_nothing(database: Database) -> None:
    """A send that is started again after an interruption has no recipients left to enqueue."""
    EditionStore(database).put(an_edition(), over=())
    store = sync(database, [one for one in SUBSCRIBERS if one.status == "active"])
    assert freeze(database, store) == EnqueueResult(19)
    before = counts(database, KEY)
    assert not store.recipient_groups(KEY)
    assert freeze(database, store) == EnqueueResult(0)
    assert counts(database, KEY) == before


def test_a_subscriber_who_changes_in_the_meantime_is_undecided(database: Database) -> None:
    EditionStore(database).put(an_edition(), over=())
    store = sync(database, SUBSCRIBERS)
    decisions = {profile: decide(profile) for profile in store.recipient_groups(KEY)}
    sync(database, [*SUBSCRIBERS[:-1], replace(SUBSCRIBERS[-1], timezone="Asia/Kathmandu")])
    assert enqueue_subscribers(database, KEY, decisions, 4, now=NOW) == EnqueueResult(18, undecided=1)
    assert counts(database, KEY).frozen == 19
    assert freeze(database, store) == EnqueueResult(1)
    assert counts(database, KEY).frozen == 20
