"""Forgetting a person: nothing of them is left in any row, the numbers stay, and they don't come back unasked."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from digest.errors import StoreError
from digest.store.consent import ConsentLog
from digest.store.counting import counts
from digest.store.database import Database
from digest.store.erasing import Erased, Erasures
from digest.store.history import Histories
from digest.store.ledger import SqlLedger
from digest.store.readers import ReaderStore
from digest.store.schema import attempt, delivery, delivery_event
from digest.store.signups import SignupStore
from digest.store.tables import metadata
from tests.store.conftest import KEY, NOW, Frozen

WHO = "reader1@example.com"


def everything(database: Database) -> str:
    with database.read() as connection:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


def test_nothing_of_the_person_is_left_and_the_counts_balance(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(3)
    ConsentLog(database).record(WHO, "signed up", NOW, "form", wording="yes, mail me", detail=f"from {WHO}")
    ReaderStore(database).suppress(WHO, "bounced", now=NOW, detail=f"550 <{WHO}> unknown")
    with database.write() as connection:
        mine = delivery.c.subscriber == ids[1]
        connection.execute(delivery.update().where(mine).values(outcome="rejected", reason=f"550 {WHO} is unknown"))
        heard = {"edition": KEY, "subscriber": ids[1], "kind": "bounced", "at": NOW, "reason": f"no such user {WHO}"}
        connection.execute(delivery_event.insert().values(heard))
        number = connection.execute(select(delivery.c.batch).where(mine)).scalar_one()
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
    assert erasures.erase(WHO, "asked by letter", now=NOW) == Erased(True, consents=1, letters=1)
    left = everything(database)
    assert "reader1" not in left
    assert "yes, mail me" not in left
    assert counts(database, KEY) == before
    assert erasures.erase(WHO, "again", now=NOW) == Erased(False)
    (erased,) = [one for one in Histories(database, erasures).of(WHO) if one.kind == "barred"]
    assert erased.why.startswith("asked by letter")


def test_who_waits_in_a_batch_gets_nothing(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    Erasures(database).erase(WHO, "x", now=NOW)
    claimed = ledger.claim(KEY, "outbox", NOW, 5)
    assert claimed
    assert [email for _id, email in claimed.readers] == ["reader0@example.com"]
    assert counts(database, KEY).balanced


def test_an_unknown_address_is_kept_out_all_the_same(database: Database) -> None:
    erasures = Erasures(database)
    assert erasures.among(["x@example.com"]) == set()
    assert not erasures.erase("x@example.com", "never again", now=NOW).known
    assert erasures.among(["x@example.com", "y@example.com"]) == {"x@example.com"}
    assert Erasures(database).among(["x@example.com"]) == {"x@example.com"}


def test_the_mark_is_no_plain_hash(database: Database) -> None:
    import hashlib

    assert Erasures(database).mark(WHO) != hashlib.sha256(WHO.encode()).hexdigest()


def test_a_confirmed_sign_up_forgives_in_its_own_transaction(database: Database) -> None:
    """A process that dies between the two would leave a reader whom the file's sync and imports refuse."""
    Erasures(database).erase(WHO, "asked to", now=NOW)
    signups = SignupStore(database)
    number = signups.ask(WHO, WHO, wording="", detail="", now=NOW)
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
