"""History of one subscriber: why an email was sent or not, by time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from digest.deliver.outcome import Accepted, Unknown
from digest.models import Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.consent import ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.history import SubscriberHistory
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import delivery_event
from digest.store.sending.ledger import SqlLedger
from tests.store.conftest import KEY, NOW, Frozen, an_edition, enlist
from tests.support.enqueue import Entry, claim_one, enqueue

WHO = "subscriber0@example.com"
LATER = NOW + timedelta(hours=1)


def history(database: Database, address: str = WHO) -> list[tuple[str, str, str]]:
    found = SubscriberHistory(database, Erasures(database)).entries(address)
    assert [one.at for one in found] == sorted(one.at for one in found)
    return [(f"{one.kind} {one.edition}" if one.edition else one.kind, one.what, one.why) for one in found]


def test_an_email_that_was_accepted(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    claimed = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claimed
    ledger.settle(claimed.attempt, Accepted("id-7"), LATER)
    found = history(database)
    assert found[0] == ("list", "added", "first seen in subscribers.yaml")
    assert found[-1] == (f"letter {KEY}", "accepted", "by sendgrid, batch 1, its id there id-7")
    with database.write() as connection:
        row = {
            "edition": KEY,
            "subscriber": 1,
            "kind": "delivered",
            "at": LATER + timedelta(minutes=1),
            "reason": "250 ok",
        }
        connection.execute(delivery_event.insert().values(row))
    assert history(database)[-2:] == [found[-1], (f"event {KEY}", "delivered", "250 ok")]


def test_an_unknown_email_and_a_pending_one(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    assert history(database)[-1] == (f"letter {KEY}", "pending", f"due at {NOW:%Y-%m-%d %H:%M} UTC")
    claimed = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claimed
    ledger.settle(claimed.attempt, Unknown("the line went dead"), LATER)
    assert history(database)[-1] == (f"letter {KEY}", "unknown", "by sendgrid, batch 1; the line went dead")


def test_why_an_email_was_not_sent(database: Database, frozen: Frozen) -> None:
    enlist(database, WHO)
    editions = EditionStore(database)
    (subscriber,) = SubscriberStore(database).candidates(KEY)
    editions.put(an_edition(), over=())
    enqueue(database, KEY, [Entry(subscriber.id, excluded="paused")], 10, now=NOW)
    skipped = an_edition("2026-11-24")
    editions.put(
        type(skipped)(**{**_fields(skipped), "state": "skipped", "reason": "2 stories", "composed_at": LATER}), over=()
    )
    for key in ("special", "correction-2026-11-23-2", "breach-2026-11-23"):
        editions.put(an_edition(key), over=())
    with database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE edition SET frozen_at = (SELECT max(added_at) FROM subscriber) WHERE key NOT LIKE '2026%%'"
        )
    found = history(database)
    assert (f"letter {KEY}", "excluded", "paused") in found
    assert ("letter 2026-11-24", "none", "nobody got it: skipped; 2 stories") in found
    assert ("letter special", "none", "was not on the list when it was made ready") in found
    assert ("letter correction-2026-11-23-2", "none", "it went only to people with the wrong text") in found
    assert ("letter breach-2026-11-23", "none", "it went only to the people concerned") in found


def _fields(edition: object) -> dict[str, object]:
    return {name: getattr(edition, name) for name in edition.__dataclass_fields__}  # type: ignore[attr-defined]


def test_a_history_does_not_read_the_deliveries_of_others(database: Database, frozen: Frozen) -> None:
    if not database.sqlite:
        pytest.skip("PostgreSQL plans by its statistics")
    frozen(2)
    plans = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(row[3] for row in cursor.fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        assert history(database)
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    assert any(plan.startswith("SEARCH delivery ") for plan in plans)
    assert [plan for plan in plans if plan.startswith("SCAN delivery")] == []


def test_changes_of_the_list(database: Database) -> None:
    subscribers = SubscriberStore(database)
    subscribers.sync([(WHO, Subscriber(WHO, "आशा"))], now=NOW)
    subscribers.sync([(WHO, Subscriber(WHO, "उषा", topics=("देश",), format="text"))], now=LATER)
    subscribers.sync([], now=LATER + timedelta(hours=1))
    subscribers.sync([(WHO, Subscriber(WHO, "उषा"))], now=LATER + timedelta(hours=2))
    ConsentLog(database).record(WHO, "agreed", NOW - timedelta(days=9), "paper form", wording="हाँ")
    subscribers.suppress(WHO, "complained", now=LATER + timedelta(hours=3), detail="by the provider")
    assert history(database) == [
        ("consent", "agreed", "paper form; हाँ"),
        ("list", "added", "first seen in subscribers.yaml"),
        ("list", "changed", 'subscribers.yaml; name; topics: [] → ["देश"]; format: html → text'),
        ("list", "removed", "subscribers.yaml"),
        ("list", "changed", 'subscribers.yaml; on the list again; topics: ["देश"] → []; format: text → html'),
        ("barred", "complained", "by the provider; gets no mail from here on"),
    ]


def test_an_act_and_the_file_that_it_changed_are_one_line(database: Database) -> None:
    subscribers, consents, soon = SubscriberStore(database), ConsentLog(database), timedelta(seconds=1)
    subscribers.sync([(WHO, Subscriber(WHO))], now=NOW)
    consents.record(WHO, "added", NOW + soon, "the desk, by mira", wording="at the fair")
    subscribers.sync([], now=LATER + soon)
    consents.record(WHO, "removed", LATER, "the desk, by mira")
    assert history(database) == [
        ("list", "added", "the desk, by mira; at the fair"),
        ("list", "removed", "the desk, by mira"),
    ]


def test_an_unknown_address_has_no_history(database: Database) -> None:
    assert history(database, "stranger@example.com") == []


def sign_up(database: Database, at: datetime, *, confirm: bool = True) -> None:
    signups = SignupStore(database)
    number = signups.request(WHO, WHO, wording="हाँ", detail="asked from 192.0.2.7", now=at)
    if confirm:
        assert signups.confirm(number, timezone="UTC", source="web:join", detail="", now=at)


def test_a_subscriber_from_the_sign_up_page(database: Database) -> None:
    sign_up(database, NOW)
    assert history(database) == [
        ("list", "added", "came from the sign-up page"),
        ("consent", "signed up", "from the sign-up page; हाँ; asked from 192.0.2.7"),
    ]


def test_a_suppressed_subscriber_who_signed_up_again(database: Database) -> None:
    enlist(database, WHO)
    SubscriberStore(database).suppress(WHO, "bounced", now=LATER)
    sign_up(database, LATER + timedelta(hours=1), confirm=False)
    waits = ("consent", "asked again", "from the sign-up page; the link in the mail was not followed yet")
    assert history(database)[-1] == waits
    sign_up(database, LATER + timedelta(hours=2))
    why = "from the sign-up page; हाँ; asked from 192.0.2.7; was suppressed before: bounced"
    assert history(database)[-1] == ("consent", "asked again", why)


def test_an_unconfirmed_sign_up(database: Database) -> None:
    sign_up(database, NOW, confirm=False)
    assert [row[1] for row in history(database)] == ["asked"]
