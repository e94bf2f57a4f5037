"""What is a reader's own in a request, kept between editions: all of a batch's or none, of no other address."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from digest.models import Subscriber
from digest.store.database import Database
from digest.store.erasing import Erasures
from digest.store.ledger import SqlLedger
from digest.store.personalizations import Personalizations
from digest.store.readers import ReaderStore
from tests.store.conftest import KEY, NOW, Frozen, enlist
from tests.support.claiming import claim_one

FORM, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def kept(database: Database) -> Personalizations:
    return Personalizations(database)


def make(kept: Personalizations, form: str = FORM) -> list[int]:
    """Makes what is lacking; answers for whom."""
    lacking = [kept.block(number) for number in kept.lacking(form)]
    kept.keep(form, [(block, [f"<{id} {email}>".encode() for id, email in block.readers]) for block in lacking])
    return [id for block in lacking for id, _email in block.readers]


def of_the_batch(ledger: SqlLedger, form: str = FORM) -> tuple[list[int], bytes] | None:
    claim = claim_one(ledger, KEY, "sendgrid", NOW, 5)
    assert claim is not None
    found = ledger.prepared(claim, form)
    return (list(found.ids), found.personalizations) if found else None


def test_a_batchs_are_found_with_whose_they_are(ledger: SqlLedger, kept: Personalizations, frozen: Frozen) -> None:
    frozen(5, size=3)
    assert make(kept) == [1, 2, 3, 4, 5]
    assert make(kept) == []
    assert of_the_batch(ledger) == (
        [1, 2, 3],
        b"<1 reader0@example.com>,\n<2 reader1@example.com>,\n<3 reader2@example.com>",
    )
    assert of_the_batch(ledger) == ([4, 5], b"<4 reader3@example.com>,\n<5 reader4@example.com>")


def test_where_one_is_missing_none_is_given(ledger: SqlLedger, kept: Personalizations, frozen: Frozen) -> None:
    enlist(kept.database, "reader0@example.com")
    make(kept)
    frozen(2)
    assert of_the_batch(ledger) is None


def test_another_form_is_not_found_and_takes_its_place(
    ledger: SqlLedger, kept: Personalizations, frozen: Frozen
) -> None:
    frozen(3, size=1)
    make(kept)
    assert of_the_batch(ledger, OTHER) is None
    assert (kept.any(FORM), kept.any(OTHER)) == (True, False)
    assert make(kept, OTHER) == [1, 2, 3]
    assert of_the_batch(ledger, FORM) is None
    assert of_the_batch(ledger, OTHER) == ([3], b"<3 reader2@example.com>")


def test_an_address_written_in_another_way_is_made_anew(kept: Personalizations, frozen: Frozen) -> None:
    frozen(2)
    make(kept)
    sync(kept.database, "Reader0@example.com", "reader1@example.com")
    assert make(kept) == [1, 2]


def test_what_was_made_of_an_address_that_has_changed_meanwhile_is_not_kept(
    kept: Personalizations, frozen: Frozen
) -> None:
    frozen(2)
    (number,) = kept.lacking(FORM)
    read = kept.block(number)
    sync(kept.database, "Reader0@example.com", "reader1@example.com")
    kept.keep(FORM, [(read, [b"one", b"two"])])
    assert kept.lacking(FORM) == [number]


def test_who_was_erased_or_left_the_list_leaves_nothing(kept: Personalizations, frozen: Frozen) -> None:
    frozen(3)
    make(kept)
    Erasures(kept.database).erase("reader0@example.com", "asked", now=NOW)
    assert bodies(kept) == []
    assert make(kept) == [2, 3]
    enlist(kept.database, "reader2@example.com")
    assert make(kept) == [3]
    assert bodies(kept) == [b"<3 reader2@example.com>"]
    enlist(kept.database)
    kept.tidy(FORM)
    assert (kept.listed(), bodies(kept)) == (0, [])


def test_a_scattered_batch_is_not_worth_the_reading(
    ledger: SqlLedger, kept: Personalizations, frozen: Frozen, database: Database
) -> None:
    frozen(2500, size=2500)
    with database.write() as connection:
        connection.execute(text("UPDATE delivery SET outcome = 'excluded' WHERE subscriber % 50 <> 0"))
        connection.execute(text("UPDATE batch SET size = 50"))
    assert len(make(kept)) == 2500
    assert of_the_batch(ledger) is None


def bodies(kept: Personalizations) -> list[bytes]:
    with kept.database.read() as connection:
        return [bytes(body) for body in connection.execute(text("SELECT body FROM personalization")).scalars()]


def test_who_was_excluded_at_the_claim_is_not_in_it(ledger: SqlLedger, kept: Personalizations, frozen: Frozen) -> None:
    frozen(3)
    make(kept)
    ReaderStore(kept.database).suppress("reader1@example.com", "bounced", now=NOW)
    assert of_the_batch(ledger) == ([1, 3], b"<1 reader0@example.com>,\n<3 reader2@example.com>")


def sync(database: Database, *emails: str) -> None:
    ReaderStore(database).sync([(email.lower(), Subscriber(email)) for email in emails], now=NOW)
