"""Who is barred for what: reasons have a rank, and what was said before a reader came back bars nobody."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from digest.feedback.rules import SEVERITY, UNSUBSCRIBED
from digest.store.database import Database
from digest.store.people import consent
from digest.store.people.consent import Consent, ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.imports import SubscriberImport
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import suppression
from digest.subscribers.imports.rows import Incoming
from tests.store.conftest import NOW, enlist

WHO = "reader0@example.com"
SAID = ConsentContext("web:leave")


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def hear(database: Database, reason: str, at: datetime = NOW) -> bool:
    return SubscriberStore(database).suppress(WHO, reason, now=at)


def barred(database: Database) -> str:
    return SubscriberStore(database).suppressed().get(WHO, "")


def reader(database: Database) -> int:
    enlist(database, WHO)
    found = PreferenceStore(database).find(WHO)
    assert found
    return found.id


def sign_up(database: Database, at: datetime) -> None:
    signups = SignupStore(database)
    number = signups.request(WHO, WHO, wording="", detail="", now=at)
    assert signups.confirm(number, timezone="Asia/Kolkata", source="web:join", detail="", now=at)


def test_in_whatever_order_they_are_heard_the_gravest_stays(database: Database) -> None:
    for seed in range(6):
        order = random.Random(seed).sample(SEVERITY, len(SEVERITY))
        told = [hear(database, reason, minutes(place)) for place, reason in enumerate(order)]
        assert told == [True, False, False, False], "newly barred is said once"
        assert barred(database) == "complained"
        SubscriberStore(database).unsuppress(WHO)


def test_a_graver_reason_keeps_what_was_before(database: Database) -> None:
    hear(database, "bounced")
    SubscriberStore(database).suppress(WHO, "complained", now=minutes(5), detail="by the provider")
    with database.read() as connection:
        row = connection.execute(select(suppression)).one()
    assert (row.reason, row.detail, row.at) == ("complained", "by the provider; before: bounced", minutes(5))


def test_who_complained_may_leave_too_and_stays_barred_for_the_complaint(database: Database) -> None:
    id = reader(database)
    wishes = PreferenceStore(database)
    hear(database, "complained")
    for at in (1, 2, 3):  # one click, a scanner, one more
        assert wishes.unsubscribe(id, SAID, now=minutes(at))
    assert barred(database) == "complained"
    assert [one.what for one in ConsentLog(database).entries(WHO)] == [UNSUBSCRIBED]
    assert not wishes.resubscribe(id, SAID, now=minutes(4)), "the way back out of a leaving leads out of no complaint"
    assert barred(database) == "complained"


@pytest.mark.parametrize("reason", SEVERITY)
def test_what_was_said_before_a_confirmed_sign_up_bars_nobody(database: Database, reason: str) -> None:
    reader(database)
    hear(database, reason)
    sign_up(database, minutes(10))
    assert not hear(database, reason, minutes(9)), "late"
    assert barred(database) == ""
    assert hear(database, reason, minutes(11))


@pytest.mark.parametrize(
    ("reason", "stays"), [(UNSUBSCRIBED, ""), ("bounced", "bounced"), ("complained", "complained")]
)
def test_taking_back_a_leaving_answers_earlier_leavings_alone(database: Database, reason: str, stays: str) -> None:
    id = reader(database)
    wishes = PreferenceStore(database)
    wishes.unsubscribe(id, SAID, now=minutes(1))
    assert wishes.resubscribe(id, SAID, now=minutes(2))
    hear(database, reason, minutes(1))
    assert barred(database) == stays


def test_a_word_of_the_very_second_of_coming_back_counts(database: Database) -> None:
    """Providers tell whole seconds: in doubt nobody is mailed."""
    reader(database)
    sign_up(database, NOW + timedelta(seconds=30, milliseconds=700))
    assert hear(database, "complained", NOW + timedelta(seconds=30))


def test_a_readers_own_leaving_counts_whatever_the_clock_says(database: Database) -> None:
    id = reader(database)
    sign_up(database, minutes(60))  # by a clock that was an hour ahead
    assert PreferenceStore(database).unsubscribe(id, SAID, now=minutes(1))
    assert barred(database) == UNSUBSCRIBED


def test_words_of_the_log_that_are_no_coming_back_lift_nothing(database: Database) -> None:
    with database.write() as connection:
        consent.append(connection, [Consent(WHO, what, minutes(30)) for what in ("imported", "agreed", "changed")])
    assert hear(database, "bounced", minutes(1))


def test_an_import_brings_the_graver_reason_alone(database: Database) -> None:
    imports = SubscriberImport(database, Erasures(database))
    words = {"a@example.com": "complained", "b@example.com": "bounced", "c@example.com": UNSUBSCRIBED}
    for address in words:
        SubscriberStore(database).suppress(address, UNSUBSCRIBED, now=NOW)
    rows = [Incoming(line, address, address, suppressed=word) for line, (address, word) in enumerate(words.items(), 2)]
    rows.append(Incoming(5, "d@example.com", "d@example.com", suppressed="bounced"))
    rows.append(Incoming(6, "d@example.com", "d@example.com", suppressed="complained"))
    done = imports.run(rows, "old", source="import old", now=minutes(5), rejected=lambda *_row: None)
    assert done.suppressed == 1
    assert SubscriberStore(database).suppressed() == {
        "a@example.com": "complained",
        "b@example.com": UNSUBSCRIBED,
        "c@example.com": UNSUBSCRIBED,
        "d@example.com": "complained",
    }
