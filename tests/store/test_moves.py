"""A change of address in the store: everybody gets an edition once, also if the list file or the provider has the old
address.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest.deliver.outcome import Accepted, Retryable
from digest.feedback.effects import apply
from digest.feedback.ports import Event
from digest.models import Actor, Subscriber
from digest.store.content.editions import EditionStore
from digest.store.content.events import EventStore
from digest.store.database import Database, open_database
from digest.store.people.carry_over import carry_over
from digest.store.people.consent import Consent, ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.imports import ImportTerms, SubscriberImport
from digest.store.people.moves import MoveResult, move
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.requests import RequestKind, RequestStore
from digest.store.people.signups import SignupStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import subscriber
from digest.store.sending.ledger import SqlLedger
from digest.subscribers.imports.rows import Incoming
from tests.store.conftest import KEY, NOW, Frozen, enlist
from tests.support.enqueue import Entry, enqueue

OLD, NEW = "subscriber1@example.com", "new@example.org"


def change(database: Database, id: int, new: str = NEW) -> MoveResult:
    erasures = Erasures(database)
    _ = erasures.key
    with database.write(area="subscriber") as connection:
        why = Consent(new, "changed address", NOW, "test")
        return move(connection, erasures, id, new, new, now=NOW, why=why)


def send_all(database: Database) -> list[str]:
    """Send what waits; return the addresses in their order."""
    ledger, sent = SqlLedger(database), []
    while claims := ledger.claim(5, KEY, "outbox", NOW, 5):
        for claim in claims:
            sent += [email for _id, email in claim.recipients]
            ledger.settle(claim.attempt, Accepted(), NOW)
    return sent


def enqueue_rest(database: Database) -> None:
    ids = [candidate.id for candidate in SubscriberStore(database).candidates(KEY)]
    enqueue(database, KEY, [Entry(id, "html", NOW) for id in ids], 1, now=NOW)


def test_links_in_emails_to_the_old_mailbox_end(database: Database) -> None:
    enlist(database, OLD, "subscriber2@example.com")
    requests, store = RequestStore(database), PreferenceStore(database)
    ids = [found.id for email in (OLD, "subscriber2@example.com") if (found := store.find(email))]
    opened = [requests.open(id, kind, now=NOW) for id in ids for kind in RequestKind]
    assert change(database, ids[0]) == MoveResult.DONE
    left = [each for each in opened if requests.get(each.id, each.kind, NOW)]
    # An edition that was sent again has no link.
    assert [each.kind for each in left if each.subscriber == ids[0]] == [RequestKind.ADDRESS, RequestKind.AGAIN]
    assert len(left) == 2 + len(RequestKind)


@pytest.mark.parametrize("before", [True, False], ids=["before it is sent", "after it is sent"])
def test_in_mid_send_the_person_gets_the_edition_once(
    database: Database, ledger: SqlLedger, frozen: Frozen, before: bool
) -> None:
    ids = frozen(3, size=1)
    first = []
    if not before:
        claim, other = ledger.claim(2, KEY, "outbox", NOW, 5)
        first = [*claim.recipients, *other.recipients]
        for each in (claim, other):
            ledger.settle(each.attempt, Accepted(), NOW)
    assert change(database, ids[1]) == MoveResult.DONE
    # The list file still has the old address.
    enlist(database, *(f"subscriber{n}@example.com" for n in range(3)))
    enqueue_rest(database)
    got = [*(email for _id, email in first), *send_all(database)]
    mine = NEW if before else OLD
    assert sorted(got) == sorted(["subscriber0@example.com", mine, "subscriber2@example.com"])


def test_it_waits_while_an_email_to_the_person_is_on_its_way(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(2, size=1)
    claims = ledger.claim(2, KEY, "resend", NOW, 5)
    assert change(database, ids[1]) == MoveResult.BUSY
    ledger.settle(claims[0].attempt, Accepted(), NOW)
    # The provider will get the same request again, under the same idempotency key.
    ledger.settle(claims[1].attempt, Retryable("broke"), NOW)
    assert change(database, ids[1]) == MoveResult.BUSY
    again = ledger.claim(2, KEY, "resend", NOW + timedelta(hours=1), 5)
    for claim in again:
        assert [email for _id, email in claim.recipients] == [OLD]
        ledger.settle(claim.attempt, Accepted(), NOW)
    assert change(database, ids[1]) == MoveResult.DONE


def test_the_list_file_with_the_old_address_means_the_new_one(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    change(database, ids[1])
    store = SubscriberStore(database)
    listed = [(each, Subscriber(each, topics=("खेल",))) for each in ("subscriber0@example.com", OLD)]
    assert store.sync(listed, now=NOW).added == 0
    with database.read() as connection:
        rows = select(subscriber.c.id, subscriber.c.address, subscriber.c.email, subscriber.c.topics)
        found = connection.execute(rows.where(subscriber.c.listed).order_by(subscriber.c.id)).all()
    assert [tuple(row) for row in found][1] == (ids[1], NEW, NEW, ["खेल"])
    # Both are in the file, then only the new one, and then none.
    assert store.sync([*listed, (NEW, Subscriber(NEW))], now=NOW).added == 0
    assert store.sync([(NEW, Subscriber(NEW))], now=NOW).removed == 1
    assert store.sync([("x@example.com", Subscriber("x@example.com"))], now=NOW).removed == 1


def test_an_import_does_not_bring_the_old_address_back(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    change(database, ids[1])
    rejected: list[str] = []
    SubscriberImport(database, Erasures(database)).run(
        [Incoming(2, OLD, OLD)],
        ImportTerms("members", "members.csv"),
        Actor("mira", "command"),
        now=NOW,
        rejected=lambda _line, _address, reason: rejected.append(reason),
    )
    assert rejected == ["changed their address themselves and gets email there"]


def test_consents_and_choices_move_and_the_way_back_works(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    preferences = PreferenceStore(database)
    preferences.set(ids[1], {"format": "text"}, ConsentContext("web"), now=NOW)
    assert change(database, ids[1]) == change(database, ids[1], "third@example.org") == MoveResult.DONE
    assert [each.what for each in ConsentLog(database).entries("third@example.org")] == [
        "changed",
        "changed address",
        "changed address",
    ]
    held = preferences.get(ids[1])
    assert held is not None
    assert (held.address, held.format) == ("third@example.org", "text")
    assert SubscriberStore(database).moved() == {OLD: "third@example.org", NEW: "third@example.org"}
    assert change(database, ids[1], OLD) == MoveResult.DONE
    assert SubscriberStore(database).moved() == {NEW: OLD, "third@example.org": OLD}


def test_a_new_sign_up_at_the_old_address_is_somebody_else(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    change(database, ids[1])
    signups = SignupStore(database)
    number = signups.request(OLD, OLD, wording="", detail="", now=NOW)
    confirmed = signups.confirm(number, timezone="Asia/Kolkata", source="web:join", detail="", now=NOW)
    assert confirmed is not None
    assert confirmed.subscriber not in ids
    assert SubscriberStore(database).moved() == {}


def test_who_left_or_got_it_there_already_does_not_move(database: Database, frozen: Frozen) -> None:
    ids = frozen(3)
    assert change(database, ids[1], "subscriber2@example.com") == MoveResult.TAKEN
    PreferenceStore(database).unsubscribe(ids[1], ConsentContext("web"), now=NOW)
    assert change(database, ids[1]) == MoveResult.NOBODY
    # An earlier address becomes free when the edition is finished.
    assert change(database, ids[2], OLD) == MoveResult.BUSY
    send_all(database)
    SqlLedger(database).finish(KEY, NOW)
    assert change(database, ids[2], OLD) == MoveResult.DONE
    assert SubscriberStore(database).suppressed() == {}


def test_a_late_bounce_concerns_the_old_address_and_a_late_unsubscribe_the_person(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(2, size=1)
    send_all(database)
    change(database, ids[1])
    store = SubscriberStore(database)

    def report(kind: str) -> None:
        event = Event(kind, NOW, address=OLD, subscriber=ids[1], edition=KEY, reason="550 gone")
        apply([event], log=EventStore(database), ledger=ledger, suppressions=store, now=NOW, tracking=False)

    report("bounced")
    assert store.suppressed() == {OLD: "bounced"}
    report("complained")
    assert store.suppressed() == {OLD: "bounced", NEW: "complained"}


def test_erasing_forgets_every_address(database: Database, frozen: Frozen) -> None:
    ids = frozen(2)
    change(database, ids[1])
    Erasures(database).erase(NEW, "asked", now=NOW)
    assert SubscriberStore(database).moved() == {}
    assert EditionStore(database).get(KEY) is not None


def test_a_restored_copy_repeats_the_change(tmp_path: Path) -> None:
    with (
        closing(open_database(f"sqlite:///{tmp_path}/copy.db", home=tmp_path)) as copy,
        closing(open_database(f"sqlite:///{tmp_path}/newer.db", home=tmp_path)) as newer,
    ):
        for each in (copy, newer):
            enlist(each, "subscriber0@example.com", OLD)
        found = PreferenceStore(newer).find(OLD)
        assert found is not None
        for new in ("second@example.org", NEW):
            assert change(newer, found.id, new) == MoveResult.DONE
        carry_over(newer, copy, now=NOW)
        assert PreferenceStore(copy).get(found.id) == PreferenceStore(newer).get(found.id)
        assert SubscriberStore(copy).moved() == SubscriberStore(newer).moved()
        assert len(ConsentLog(copy).entries(NEW)) == 2
