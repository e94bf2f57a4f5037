"""Subscribers' preferences: unsubscribing is idempotent and logged once."""

from __future__ import annotations

from datetime import timedelta

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


def test_many_unsubscribe_at_once(database: Database) -> None:
    """Each gets its own answer; a bounce becomes more severe, a repeated request is logged once."""
    emails = ["asha@example.com", "ravi@example.com", "meera@example.com"]
    enlist(database, *emails)
    subscribers, preferences = SubscriberStore(database), PreferenceStore(database)
    subscribers.suppress(emails[1], "bounced", now=NOW)
    ids = [found.id for email in emails if (found := preferences.find(email))]
    preferences.unsubscribe(ids[2], ConsentContext("web:leave"), now=NOW)
    requests = [(id, ConsentContext("web:leave", detail=str(id))) for id in (ids[0], 10**6, ids[1], ids[0], ids[2])]
    assert preferences.unsubscribe_all(requests, now=NOW) == [True, False, True, True, True]
    assert subscribers.suppressed() == dict.fromkeys(emails, UNSUBSCRIBED)
    assert [len(ConsentLog(database).entries(email)) for email in emails] == [1, 1, 1]
    assert ConsentLog(database).entries(emails[0])[0].detail == str(ids[0])
    assert preferences.unsubscribed_since(ids[0], NOW)
    assert not preferences.unsubscribed_since(ids[0], NOW + timedelta(seconds=1))


def test_nobody_has_asked(database: Database) -> None:
    assert PreferenceStore(database).unsubscribe_all([], now=NOW) == []


def test_only_joining_leaving_moving_and_not_you_end_cookies(database: Database) -> None:
    enlist(database, EMAIL, "ravi@example.com")
    preferences, log = PreferenceStore(database), ConsentLog(database)

    def version() -> int:
        found = preferences.find(EMAIL)
        assert found
        return found.cookie_version

    found = preferences.find(EMAIL)
    assert found
    at = [version()]

    def ends(what: str, source: str = "web:leave") -> bool:
        log.record(EMAIL, what, NOW, source)
        at.append(version())
        return at[-1] != at[-2]

    preferences.set(found.id, {"topics": ["खेल"]}, ConsentContext("web:preferences"), now=NOW)
    log.record("ravi@example.com", UNSUBSCRIBED, NOW)
    assert version() == at[0]
    assert not any(ends(what) for what in ("changed", "said why", "nominated", "wants to stay"))
    assert all(ends(what) for what in (UNSUBSCRIBED, "came back", "signed up", "removed", "changed address"))
    assert ends("changed", "web:undo")
    assert len(set(at)) == 7
