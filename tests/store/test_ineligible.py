"""A subscriber who becomes ineligible between enqueueing and the claim gets nothing, for each reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from digest.deliver.ports import ScheduleWindow
from digest.models import Subscriber
from digest.store.database import Database
from digest.store.people.erasure import Erasures
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from tests.store.conftest import KEY, NOW, Frozen, enlist
from tests.support.enqueue import claim_one

WHO = "subscriber1@example.com"
ID = 2
CONSENT = ConsentContext("page", "", "")
MakeIneligible = Callable[[Database], object]


def unlist(database: Database) -> None:
    enlist(database, "subscriber0@example.com", "subscriber2@example.com")


def pause_in_the_list(database: Database) -> None:
    everyone = [Subscriber(f"subscriber{n}@example.com", status="paused" if n == 1 else "active") for n in range(3)]
    SubscriberStore(database).sync([(one.email, one) for one in everyone], now=NOW)


def by_hand(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE subscriber SET status = 'paused' WHERE id = :id"), {"id": ID})


WAYS_TO_BECOME_INELIGIBLE: dict[str, MakeIneligible] = {
    "bounced": lambda database: SubscriberStore(database).suppress(WHO, "bounced", now=NOW),
    "left": lambda database: PreferenceStore(database).unsubscribe(ID, CONSENT, now=NOW),
    "pauses": lambda database: PreferenceStore(database).set(
        ID, {"paused_until": NOW + timedelta(days=7)}, CONSENT, now=NOW
    ),
    "erased": lambda database: Erasures(database).erase(WHO, "asked", now=NOW),
    "off the list": unlist,
    "paused in the list": pause_in_the_list,
    "by hand": by_hand,
}


@pytest.mark.slow
@pytest.mark.parametrize("how", WAYS_TO_BECOME_INELIGIBLE)
def test_an_ineligible_recipient_is_excluded(database: Database, ledger: SqlLedger, frozen: Frozen, how: str) -> None:
    assert frozen(3)[1] == ID
    WAYS_TO_BECOME_INELIGIBLE[how](database)
    claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claim is not None
    assert [id for id, _email in claim.recipients] == [1, 3]
    assert len(claim.recipients) == 2


def test_a_pause_that_ends_before_the_send_time_excludes_nobody(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    minutes = timedelta(minutes=1)
    frozen(2, due=NOW + 30 * minutes)
    PreferenceStore(database).set(ID, {"paused_until": NOW + 20 * minutes}, CONSENT, now=NOW)
    claim = claim_one(
        ledger,
        KEY,
        "sendgrid",
        NOW,
        5,
        ScheduleWindow(max_lead=40 * minutes, min_lead=15 * minutes, cancel_deadline=12 * minutes),
    )
    assert claim is not None
    assert [id for id, _email in claim.recipients] == [1, ID]
