"""Suppressions: reasons have a severity, and events from before a return suppress nobody."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from digest.feedback.rules import SEVERITY, UNSUBSCRIBED
from digest.models import Actor
from digest.store.database import Database
from digest.store.people import consent
from digest.store.people.consent import Consent, ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.imports import ImportTerms, SubscriberImport
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import suppression
from digest.subscribers.imports.rows import Incoming
from tests.store.conftest import NOW, enlist

WHO = "subscriber0@example.com"
CONSENT = ConsentContext("web:leave")


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def suppress(database: Database, reason: str, at: datetime = NOW) -> bool:
    return SubscriberStore(database).suppress(WHO, reason, now=at)


def suppressed_for(database: Database) -> str:
    return SubscriberStore(database).suppressed().get(WHO, "")


def subscriber(database: Database) -> int:
    enlist(database, WHO)
    found = PreferenceStore(database).find(WHO)
    assert found
    return found.id


def sign_up(database: Database, at: datetime) -> None:
    signups = SignupStore(database)
    number = signups.request(WHO, WHO, wording="", detail="", now=at)
    assert signups.confirm(number, timezone="Asia/Kolkata", source="web:join", detail="", now=at)


def test_the_most_severe_reason_stays_in_any_order(database: Database) -> None:
    for seed in range(6):
        order = random.Random(seed).sample(SEVERITY, len(SEVERITY))
        found = [suppress(database, reason, minutes(place)) for place, reason in enumerate(order)]
        assert found == [True, False, False, False], "a new suppression is reported once"
        assert suppressed_for(database) == "complained"
        SubscriberStore(database).unsuppress(WHO)


def test_a_more_severe_reason_mentions_the_previous_one(database: Database) -> None:
    suppress(database, "bounced")
    SubscriberStore(database).suppress(WHO, "complained", now=minutes(5), detail="by the provider")
    with database.read() as connection:
        row = connection.execute(select(suppression)).one()
    assert (row.reason, row.detail, row.at) == ("complained", "by the provider; before: bounced", minutes(5))


def test_an_unsubscribe_after_a_complaint_keeps_the_reason(database: Database) -> None:
    id = subscriber(database)
    preferences = PreferenceStore(database)
    suppress(database, "complained")
    for at in (1, 2, 3):  # one click, a scanner, one more
        assert preferences.unsubscribe(id, CONSENT, now=minutes(at))
    assert suppressed_for(database) == "complained"
    assert [one.what for one in ConsentLog(database).entries(WHO)] == [UNSUBSCRIBED]
    assert not preferences.resubscribe(id, CONSENT, now=minutes(4)), "resubscribing does not undo a complaint"
    assert suppressed_for(database) == "complained"


@pytest.mark.parametrize("reason", SEVERITY)
def test_events_from_before_a_confirmed_sign_up_suppress_nobody(database: Database, reason: str) -> None:
    subscriber(database)
    suppress(database, reason)
    sign_up(database, minutes(10))
    assert not suppress(database, reason, minutes(9)), "late"
    assert suppressed_for(database) == ""
    assert suppress(database, reason, minutes(11))


@pytest.mark.parametrize(
    ("reason", "stays"), [(UNSUBSCRIBED, ""), ("bounced", "bounced"), ("complained", "complained")]
)
def test_taking_back_an_unsubscribe_ends_only_unsubscribes(database: Database, reason: str, stays: str) -> None:
    id = subscriber(database)
    preferences = PreferenceStore(database)
    preferences.unsubscribe(id, CONSENT, now=minutes(1))
    assert preferences.resubscribe(id, CONSENT, now=minutes(2))
    suppress(database, reason, minutes(1))
    assert suppressed_for(database) == stays


def test_an_event_in_the_second_of_the_return_counts(database: Database) -> None:
    """Providers report whole seconds, so the event may be later than the return."""
    subscriber(database)
    sign_up(database, NOW + timedelta(seconds=30, milliseconds=700))
    assert suppress(database, "complained", NOW + timedelta(seconds=30))


def test_a_subscribers_own_unsubscribe_counts_at_any_time(database: Database) -> None:
    id = subscriber(database)
    sign_up(database, minutes(60))  # by a clock that was an hour ahead
    assert PreferenceStore(database).unsubscribe(id, CONSENT, now=minutes(1))
    assert suppressed_for(database) == UNSUBSCRIBED


def test_other_log_entries_end_no_suppression(database: Database) -> None:
    with database.write() as connection:
        consent.append(connection, [Consent(WHO, what, minutes(30)) for what in ("imported", "agreed", "changed")])
    assert suppress(database, "bounced", minutes(1))


def test_an_import_applies_only_more_severe_reasons(database: Database) -> None:
    imports = SubscriberImport(database, Erasures(database))
    words = {"a@example.com": "complained", "b@example.com": "bounced", "c@example.com": UNSUBSCRIBED}
    for address in words:
        SubscriberStore(database).suppress(address, UNSUBSCRIBED, now=NOW)
    rows = [Incoming(line, address, address, suppressed=word) for line, (address, word) in enumerate(words.items(), 2)]
    rows.append(Incoming(5, "d@example.com", "d@example.com", suppressed="bounced"))
    rows.append(Incoming(6, "d@example.com", "d@example.com", suppressed="complained"))
    done = imports.run(
        rows, ImportTerms("old", "import old"), Actor("mira", "command"), now=minutes(5), rejected=lambda *_row: None
    )
    assert done.suppressed == 1
    assert SubscriberStore(database).suppressed() == {
        "a@example.com": "complained",
        "b@example.com": UNSUBSCRIBED,
        "c@example.com": UNSUBSCRIBED,
        "d@example.com": "complained",
    }
