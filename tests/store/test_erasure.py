"""Erasure: nothing of the person is left in any row, and counts stay."""

from __future__ import annotations

import zlib
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, text

from digest.errors import StoreError
from digest.messages import Message
from digest.store.content.events import EventStore
from digest.store.database import Database, open_database
from digest.store.people.consent import ConsentLog
from digest.store.people.erasure import ErasureResult, Erasures
from digest.store.people.history import SubscriberHistory
from digest.store.people.preferences import PreferenceStore
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.rate_limits import Quota, RateLimiter
from digest.store.schema import attempt, decision, delivery, delivery_event, edition, metadata, subscriber, webhook
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from tests.store.conftest import KEY, NOW, Frozen, enlist
from tests.support.enqueue import claim_one

WHO = "subscriber1@example.com"


def everything(database: Database) -> str:
    with database.read() as connection:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


def test_nothing_of_the_person_is_left_and_counts_balance(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(3)
    ConsentLog(database).record(WHO, "signed up", NOW, "form", wording="yes, mail me", detail=f"from {WHO}")
    SubscriberStore(database).suppress(WHO, "bounced", now=NOW, detail=f"550 <{WHO}> unknown")
    with database.write() as connection:
        own = delivery.c.subscriber == ids[1]
        connection.execute(delivery.update().where(own).values(outcome="rejected", reason=f"550 {WHO} is unknown"))
        values = {"edition": KEY, "subscriber": ids[1], "kind": "bounced", "at": NOW, "reason": f"no such user {WHO}"}
        connection.execute(delivery_event.insert().values(values))
        number = connection.execute(select(delivery.c.batch).where(own)).scalar_one()
        connection.execute(text("UPDATE batch SET size = size - 1"))
        connection.execute(
            attempt.insert().values(
                id="1", batch=number, transport="smtp", state="rejected", started_at=NOW, detail=f"<{WHO}>: no"
            )
        )
    before = counts(database, KEY)
    assert before.balanced
    assert WHO in everything(database)
    erasures = Erasures(database)
    assert erasures.erase(WHO, "asked by post", now=NOW) == ErasureResult(True, consents=1, deliveries=1)
    left = everything(database)
    assert "subscriber1" not in left
    assert "yes, mail me" not in left
    assert counts(database, KEY) == before
    assert erasures.erase(WHO, "again", now=NOW) == ErasureResult(False)
    (erased,) = [one for one in SubscriberHistory(database, erasures).entries(WHO) if one.kind == "barred"]
    assert erased.why.startswith("asked by post")


def test_an_erased_recipient_of_a_pending_batch_gets_nothing(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    frozen(2)
    Erasures(database).erase(WHO, "x", now=NOW)
    claimed = claim_one(ledger, KEY, "outbox", NOW, 5)
    assert claimed
    assert [email for _id, email in claimed.recipients] == ["subscriber0@example.com"]
    assert counts(database, KEY).balanced


def test_an_unknown_address_can_be_erased(database: Database) -> None:
    erasures = Erasures(database)
    assert erasures.among(["x@example.com"]) == set()
    assert not erasures.erase("x@example.com", "never again", now=NOW).known
    assert erasures.among(["x@example.com", "y@example.com"]) == {"x@example.com"}
    assert Erasures(database).among(["x@example.com"]) == {"x@example.com"}


def test_the_hash_needs_the_key(database: Database) -> None:
    import hashlib

    assert Erasures(database).hash_address(WHO) != hashlib.sha256(WHO.encode()).hexdigest()


def test_a_confirmed_sign_up_ends_an_erasure_in_its_transaction(database: Database) -> None:
    """A crash between the two would leave a subscriber that sync and imports reject."""
    Erasures(database).erase(WHO, "asked to", now=NOW)
    signups = SignupStore(database)
    number = signups.request(WHO, WHO, wording="", detail="", now=NOW)
    if database.engine.dialect.name == "sqlite":
        with database.write() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON consent BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        with pytest.raises(StoreError):
            signups.confirm(number, timezone="UTC", source="", detail="", now=NOW)
        assert Erasures(database).among([WHO]) == {WHO}, "nothing is half done"
        with database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
    assert signups.confirm(number, timezone="UTC", source="", detail="", now=NOW)
    assert Erasures(database).among([WHO]) == set()


def test_payloads_and_free_text_are_scrubbed(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    other = "subscriber0@example.com"
    with database.write() as connection:
        connection.execute(subscriber.update().where(subscriber.c.id == ids[1]).values(name="सुनीता राव"))
        note = {"edition": KEY, "what": "accepted", "reason": f"{WHO.upper()} (सुनीता राव) has it", "at": NOW}
        connection.execute(decision.insert().values(note))
        connection.execute(edition.update().values(reason=f"forced: {WHO} waits"))
    store = EventStore(database)
    both = [{"email": WHO, "event": "open", "ip": "203.0.113.9"}, {"email": other, "event": "delivered"}]
    store.save("sendgrid", orjson.dumps(both), NOW)
    store.save("sendgrid", orjson.dumps([{"email": other, "reason": "about <SUBSCRIBER1@example.com>"}]), NOW)
    for payload in list(store.queued()):
        store.mark_processed(payload.id, NOW)
    store.save("sendgrid", orjson.dumps([{"email": WHO, "event": "bounce", "edition": KEY}]), NOW)  # not handled yet
    store.save("sendgrid", orjson.dumps([{"email": other, "event": "open"}]), NOW)
    assert Erasures(database).erase(WHO, f"{WHO} asked", now=NOW).payloads == 3
    left = everything(database)
    for word in ("subscriber1@", "सुनीता", "SUBSCRIBER1"):
        assert word not in left
    with database.read() as connection:
        packed = connection.execute(select(webhook.c.body).order_by(webhook.c.id)).scalars()
        bodies = [orjson.loads(zlib.decompress(each)) for each in packed]
    assert bodies == [
        [{"email": other, "event": "delivered"}],
        [],
        [{"email": "(erased)", "event": "bounce", "edition": KEY}],
        [{"email": other, "event": "open"}],
    ]


def test_a_message_is_scrubbed_and_stays_a_message(database: Database, frozen: Frozen) -> None:
    ids, name = frozen(2), 'सुनीता "सोनू" राव'
    why = Message("Composing it failed: %(why)s. Compose it again.", why=f"{name} of {WHO}")
    with database.write() as connection:
        connection.execute(subscriber.update().where(subscriber.c.id == ids[1]).values(name=name))
        connection.execute(edition.update().values(reason=why))
        note = {"edition": KEY, "what": "accepted", "reason": Message("%(who)s has it", who=name), "at": NOW}
        connection.execute(decision.insert().values(note))
    Erasures(database).erase(WHO, "asked", now=NOW)
    with database.read() as connection:
        reasons = [*connection.execute(select(edition.c.reason)).scalars()]
        reasons += connection.execute(select(decision.c.reason)).scalars()
    assert reasons == ["Composing it failed: (erased) of (erased). Compose it again.", "(erased) has it"]
    assert all(isinstance(reason, Message) for reason in reasons)


def test_rate_limit_windows_are_deleted(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    quotas = RateLimiter(database)
    day = timedelta(days=1)
    own = [
        Quota(who, 1, span)
        for who in (f"again:{ids[1]}", f"erase by others:{ids[1]}", "join:subscriber1@example.com")
        for span in (day, 7 * day)
    ]
    theirs = [Quota(f"again:{ids[0]}", 1, day), Quota(f"again:{ids[1]}9", 1, day)]
    assert quotas.take([*own, *theirs], NOW)
    assert not any(quotas.left(each, NOW) for each in own)
    Erasures(database).erase(WHO, "x", now=NOW, quotas=["join:subscriber1@example.com"])
    assert all(quotas.left(each, NOW) for each in own)
    assert not any(quotas.left(each, NOW) for each in theirs)


@pytest.mark.slow
def test_sqlite_keeps_no_page_of_an_erased_person(tmp_path: Path) -> None:
    """The bytes of the file are searched, so overwritten and deleted rows count too."""
    database = open_database("sqlite:///digest.db", home=tmp_path)
    names = [f"subscriber{number}@example.com" for number in range(2000)]
    enlist(database, *names)
    log, preferences = ConsentLog(database), PreferenceStore(database)
    who = preferences.find(WHO)
    assert who is not None
    for number in range(50):
        log.record(WHO, "changed", NOW, "form", wording="x" * number, detail=f"from {WHO}")
        SubscriberStore(database).suppress(WHO, "bounced", now=NOW, detail=f"550 <{WHO}> unknown")
        SubscriberStore(database).unsuppress(WHO)
    enlist(database, *(name for name in names if name != WHO))  # off the list
    held = b"".join(path.read_bytes() for path in tmp_path.glob("digest.db*"))
    assert WHO.encode() in held
    Erasures(database).erase(WHO, "x", now=NOW)
    left = {path.name: path.read_bytes().count(WHO.encode()) for path in tmp_path.glob("digest.db*")}
    database.close()
    assert set(left.values()) == {0}, left
