"""Subscribers' preferences: unsubscribing is idempotent and logged once."""

from __future__ import annotations

import pytest

from digest.store.database import Database
from digest.store.people.consent import ConsentLog
from digest.store.people.preferences import UNSUBSCRIBED, ConsentContext, PreferenceStore
from digest.store.people.subscribers import SubscriberStore
from tests.store.conftest import NOW, enlist

EMAIL = "asha@example.com"


@pytest.mark.parametrize(("before", "logged"), [("", True), ("bounced", True), (UNSUBSCRIBED, False)])
def test_unsubscribing_suppresses_the_address_and_is_logged_once(database: Database, before: str, logged: bool) -> None:
    enlist(database, EMAIL)
    subscribers, preferences = SubscriberStore(database), PreferenceStore(database)
    if before:
        subscribers.suppress(EMAIL, before, now=NOW)
    subscriber = preferences.find(EMAIL)
    assert subscriber is not None
    for _ in range(2):
        assert preferences.unsubscribe(subscriber.id, ConsentContext("web:leave", "अभी छोड़ें", "from 192.0.2.1"), now=NOW)
    assert subscribers.suppressed() == {EMAIL: UNSUBSCRIBED}
    entries = [
        (each.what, each.at, each.source, each.wording, each.detail) for each in ConsentLog(database).entries(EMAIL)
    ]
    assert entries == [(UNSUBSCRIBED, NOW, "web:leave", "अभी छोड़ें", "from 192.0.2.1")] * logged


def test_an_unknown_id_cannot_unsubscribe(database: Database) -> None:
    assert not PreferenceStore(database).unsubscribe(10**6, ConsentContext("web:leave"), now=NOW)
    assert SubscriberStore(database).suppressed() == {}
