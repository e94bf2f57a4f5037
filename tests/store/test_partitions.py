"""PostgreSQL keeps the recipients of each edition in partitions of their own, and drops them with the edition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, inspect, select, text, update

from digest.deliver.outcome import Accepted
from digest.errors import StoreUnavailable
from digest.models import EditionState
from digest.store.content.editions import EditionStore
from digest.store.content.events import EventStore
from digest.store.database import Database, migrate, open_database, wait_limit
from digest.store.schema import attempt, delivery, delivery_event, edition
from digest.store.sending import partitions
from digest.store.sending.batches import eligible_recipients
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from digest.usecases.prune_store import StorePruner
from tests.store.conftest import KEY, NOW, Frozen, an_edition
from tests.store.test_database import make_first_schema
from tests.support.enqueue import Entry, claim_one, enqueue

pytestmark = pytest.mark.slow

OTHER = "2026-11-24"
LATER = NOW + timedelta(days=200)
OWN = [f"delivery {KEY}", f"delivery_event {KEY}"]
SHARED = ["delivery_event_unpartitioned", "delivery_unpartitioned"]


@pytest.fixture
def database(postgres_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(postgres_url, home=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def pruner(database: Database) -> StorePruner:
    days = timedelta(days=30)
    return StorePruner(database, EventStore(database), days, days, days, lambda: LATER)


def parts(database: Database) -> list[str]:
    """The partitions, sorted by name."""
    found = text(
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
        " AND relnamespace = current_schema()::regnamespace"
    )
    with database.read() as connection:
        return sorted(connection.execute(found).scalars())


def send_all(database: Database, key: str) -> None:
    """Send an edition, and let a provider say something about each recipient."""
    ledger = SqlLedger(database)
    while got := claim_one(ledger, key, "outbox", NOW, 5):
        ledger.settle(got.attempt, Accepted(), NOW)
        with database.write() as connection:
            for id, _email in got.recipients:
                row = {"edition": key, "subscriber": id, "kind": "delivered", "at": NOW}
                connection.execute(insert(delivery_event).values(row))
    with database.write() as connection:
        done = {"state": EditionState.DONE, "done_at": NOW, "frozen_at": NOW}
        connection.execute(update(edition).where(edition.c.key == key).values(done))


def grow_old(database: Database) -> None:
    """Every sent edition is old enough to be reduced to counts."""
    for number in range(10):
        key = f"2027-05-{number + 1:02}"
        EditionStore(database).put(replace(an_edition(), key=key, state=EditionState.DONE), over=())
        with database.write() as connection:
            connection.execute(update(edition).where(edition.c.key == key).values(frozen_at=LATER))


def test_an_edition_has_partitions_from_its_first_recipient_until_it_is_pruned(
    database: Database, frozen: Frozen, pruner: StorePruner
) -> None:
    EditionStore(database).put(an_edition(), over=())
    assert parts(database) == []
    frozen(5, size=2)
    assert parts(database) == OWN
    # New subscribers are added to them.
    frozen(7, size=2)
    assert parts(database) == OWN
    frozen(7, size=2, key=OTHER, due=LATER + timedelta(days=1))
    send_all(database, KEY)
    grow_old(database)
    done = pruner.prune()
    assert (done.editions, done.deliveries, done.events) == ([KEY], 7, 7)
    assert parts(database) == [f"delivery {OTHER}", f"delivery_event {OTHER}"]
    assert (counts(database, KEY).frozen, counts(database, OTHER).frozen) == (7, 7)
    assert pruner.plan().editions == []


def test_editions_with_long_and_similar_keys_have_partitions(database: Database, frozen: Frozen) -> None:
    """PostgreSQL cuts names after 63 bytes."""
    keys = [KEY, f"{KEY}-a", f"{KEY}-{'x' * 52}", f"{KEY}-{'x' * 51}y"]
    for key in keys:
        frozen(3, key=key)
    assert len(parts(database)) == 8
    assert [counts(database, key).frozen for key in keys] == [3] * 4


def test_the_indexes_of_a_partition_are_those_of_the_table(database: Database, frozen: Frozen) -> None:
    frozen(3)
    held = text("SELECT count(*) FROM pg_index WHERE indrelid = to_regclass(:name) AND indisvalid")
    with database.read() as connection:
        for table in (delivery, delivery_event):
            numbers = [
                connection.execute(held, {"name": name}).scalar() for name in (table.name, f'"{table.name} {KEY}"')
            ]
            assert numbers[0] == numbers[1] == len({index.name for index in table.indexes}) + 1


def test_a_freeze_does_not_wait_for_those_who_send_other_editions(database: Database, frozen: Frozen) -> None:
    ids = frozen(5)
    EditionStore(database).put(replace(an_edition(), key=OTHER), over=())
    with database.engine.connect() as sending:
        sending.execute(update(delivery).where(delivery.c.edition == KEY).values(reason="x"))
        with wait_limit(0.5):
            enqueue(database, OTHER, [Entry(id, "html", NOW) for id in ids], 10, now=NOW)
    assert counts(database, OTHER).pending == 5


def test_a_claim_looks_into_one_partition(database: Database, frozen: Frozen) -> None:
    for key in (KEY, OTHER, "2026-11-25"):
        frozen(20, size=10, key=key)
    got = claim_one(SqlLedger(database), KEY, "outbox", NOW, 5)
    assert got is not None
    with database.read() as connection:
        before = count_scans(connection)
        assert len(eligible_recipients(connection, KEY, got.batch, NOW)) == 10
        after = count_scans(connection)
    assert {name for name, scans in after.items() if scans > before[name]} == {f"delivery {KEY}"}


def count_scans(connection: Connection) -> dict[str, int]:
    """Partition of deliveries → scans by this transaction."""
    rows = text(
        "SELECT relname, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables"
        " WHERE schemaname = current_schema() AND relname LIKE 'delivery %'"
    )
    return dict(connection.execute(rows).all())


def test_a_drop_waits_only_some_seconds_for_readers(
    database: Database, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_WAIT", 100)
    frozen(3)
    with database.read() as reading:
        reading.execute(select(delivery.c.subscriber))
        with (
            pytest.raises(StoreUnavailable, match="locked by another program"),
            database.translate_errors(),
            database.engine.connect() as other,
        ):
            partitions.drop(other, KEY)
    assert parts(database) == OWN


@pytest.fixture
def old_store(database: Database, frozen: Frozen) -> Database:
    """A store of 0.1.0, which had no partitions, with two editions that were sent and one that was not."""
    frozen(5, size=2)
    frozen(5, size=2, key=OTHER)
    for key in (KEY, OTHER):
        send_all(database, key)
    with database.write() as connection:
        rows = {table.name: connection.execute(select(table)).all() for table in delivery.metadata.sorted_tables}
        # A partition goes with its table.
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        for table in make_first_schema(connection).sorted_tables:
            names = table.c.keys()
            if found := [{name: row._mapping[name] for name in names} for row in rows[table.name]]:
                connection.execute(table.insert(), found)
        for name in ("batch", "subscriber"):
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )
    return database


def test_a_store_from_before_keeps_its_rows_in_a_shared_partition(
    old_store: Database, frozen: Frozen, pruner: StorePruner
) -> None:
    with old_store.write() as connection:
        migrate(connection)
    assert parts(old_store) == SHARED
    assert [counts(old_store, key).accepted for key in (KEY, OTHER)] == [5, 5]
    # An old edition stays in its partition, and a new one has its own.
    with old_store.write() as connection:
        assert not partitions.load(connection, KEY, lambda _table: pytest.fail("it has deliveries"))
    frozen(5, key="2026-11-25", due=LATER + timedelta(days=1))
    assert parts(old_store) == ["delivery 2026-11-25", "delivery_event 2026-11-25", *SHARED]
    grow_old(old_store)
    done = pruner.prune()
    assert (done.editions, done.deliveries, done.events) == ([KEY, OTHER], 10, 10)
    assert parts(old_store) == ["delivery 2026-11-25", "delivery_event 2026-11-25"]


def test_an_empty_store_from_before_has_no_shared_partition(database: Database, old_store: Database) -> None:
    with old_store.write() as connection:
        for table in (delivery_event, delivery, attempt):
            connection.execute(table.delete())
        migrate(connection)
    assert parts(old_store) == []
