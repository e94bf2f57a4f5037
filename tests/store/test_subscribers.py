"""The list in the store: what a sync changes, and what survives it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from digest.models import Subscriber
from digest.store.database import Database
from digest.store.people.subscribers import ListSyncResult, SubscriberStore
from tests.store.conftest import KEY, NOW

ASHA = Subscriber("asha@example.com", "आशा", topics=("देश",), hour=time(7, 30), format="text")
RAVI = Subscriber("ravi@example.com")


def sync(store: SubscriberStore, *subscribers: Subscriber) -> ListSyncResult:
    return store.sync([(subscriber.email, subscriber) for subscriber in subscribers], now=NOW)


def test_the_list_is_synced_and_a_subscriber_keeps_the_id(database: Database) -> None:
    store = SubscriberStore(database)
    assert sync(store, ASHA, RAVI) == ListSyncResult(listed=2, added=2, removed=0)
    first = {subscriber.email: subscriber for subscriber in store.candidates(KEY)}
    assert first["asha@example.com"].topics == ("देश",)
    assert (first["asha@example.com"].hour, first["asha@example.com"].format) == (time(7, 30), "text")
    assert sync(store, RAVI) == ListSyncResult(listed=1, added=0, removed=1)
    assert [subscriber.email for subscriber in store.candidates(KEY)] == ["ravi@example.com"]
    sync(store, replace(ASHA, status="paused"), RAVI)
    again = {subscriber.email: subscriber for subscriber in store.candidates(KEY)}
    assert again["asha@example.com"].id == first["asha@example.com"].id
    assert again["asha@example.com"].status == "paused"


def test_a_suppression_outlives_the_list(database: Database) -> None:
    store = SubscriberStore(database)
    sync(store, ASHA)
    assert store.suppress("asha@example.com", "bounced", now=NOW)
    assert not store.suppress("asha@example.com", "complained", now=NOW)
    sync(store)
    sync(store, ASHA)
    (subscriber,) = store.candidates(KEY)
    assert subscriber.suppressed == "complained"
    assert store.suppressed() == {"asha@example.com": "complained"}
    assert store.unsuppress("asha@example.com")
    assert store.suppressed() == {}
