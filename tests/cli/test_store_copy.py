"""`digest store copy`: from SQLite to PostgreSQL and back; exactly one store can send."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from digest.store.database import open_database
from digest.store.locks import exclusive
from tests.cli.newsroom import Newsroom, Run, subscriber_rows

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

SQLITE = "digest.db"


def refused(run: Run, *words: str, code: int) -> None:
    assert run.code == code, run
    assert len(run.err.strip().splitlines()) == 1, run.err
    for word in words:
        assert word in run.err


@pytest.fixture
def filled(newsroom: Newsroom) -> Newsroom:
    """A store in which every large table has rows, with one edition sent."""
    newsroom.set_subscribers(*subscriber_rows(5), "email: asha@example.com, topics: [देश], format: text")
    newsroom.json("send")
    newsroom.json("subscribers", "remove", "subscriber4@example.com")
    return newsroom


def partitions(url: str) -> list[str]:
    found = text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND pg_table_is_visible(oid)")
    with closing(open_database(url, home=Path())) as database, database.read() as connection:
        return sorted(connection.execute(found).scalars())


def use(newsroom: Newsroom, url: str) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = url


def test_a_store_moves_to_postgresql_and_back(filled: Newsroom, postgres_url: str, tmp_path: Path) -> None:
    before = filled.json("status"), filled.json("edition", "list"), filled.json("subscribers", "list")
    there = filled.json("store", "copy", SQLITE, postgres_url)
    rows = {table["name"]: table["rows"] for table in there["tables"]}
    assert rows["delivery"] == 6
    assert rows["article"] > 0
    assert partitions(postgres_url) == ["delivery 2026-11-23", "delivery_event 2026-11-23"]
    # The old store refuses, and so do its pages.
    refused(filled.digest("send"), "was copied to", "store.url", code=1)
    refused(filled.digest("web", "--port", "0"), "was copied to", code=1)
    use(filled, postgres_url)
    assert (filled.json("status"), filled.json("edition", "list"), filled.json("subscribers", "list")) == before
    # Nobody gets it twice, and new rows have new ids.
    filled.set_subscribers(*subscriber_rows(7), "email: asha@example.com, topics: [देश], format: text")
    assert filled.json("send")["placed"] == 2
    assert len(filled.outbox()) == 8
    back = tmp_path / "back.db"
    copied = filled.json("store", "copy", postgres_url, str(back))
    assert {table["name"]: table["rows"] for table in copied["tables"]}["delivery"] == 8
    assert back.stat().st_mode & 0o777 == 0o600
    use(filled, f"sqlite:///{back}")
    assert filled.json("send")["placed"] == 0
    assert filled.json("status")["store_problem"] is None
    with closing(sqlite3.connect(back)) as store:
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_copy_to_another_file_has_the_same_rows(filled: Newsroom, tmp_path: Path) -> None:
    run = filled.digest("store", "copy", SQLITE, "other.db")
    assert run.code == 0, run.err
    assert "both are the same" in run.out
    assert all(re.search(rf"^{what}: (\d+) of \1\b", run.err, re.M) for what in ("copied", "compared")), run.err
    queries = ("SELECT * FROM delivery ORDER BY 1, 2", "SELECT * FROM article ORDER BY id", "SELECT * FROM consent")
    stores = [sqlite3.connect(filled.home / name) for name in (SQLITE, "other.db")]
    for query in queries:
        assert stores[0].execute(query).fetchall() == stores[1].execute(query).fetchall() != []
    for store in stores:
        store.close()


def test_only_an_empty_store_is_a_target(filled: Newsroom) -> None:
    refused(filled.digest("store", "copy", SQLITE, SQLITE), "is the store itself", code=2)
    refused(filled.digest("store", "copy", "missing.db", "other.db"), "does not exist", code=2)
    refused(filled.digest("store", "copy", ".", "other.db"), "is a folder", code=2)
    assert not (filled.home / "missing.db").exists()
    open_database("sqlite:///schema.db", home=filled.home).close()
    assert filled.digest("store", "copy", SQLITE, "schema.db").code == 0
    refused(filled.digest("store", "copy", "schema.db", SQLITE), "is not empty", code=2)
    refused(filled.digest("store", "copy", SQLITE, "third.db"), "was copied to", "already", code=1)
    assert filled.digest("store", "copy", "schema.db", "third.db").code == 0


def test_a_store_in_use_is_not_copied(filled: Newsroom) -> None:
    with closing(open_database("sqlite:///digest.db", home=filled.home)) as database, database.read() as connection:
        connection.exec_driver_sql("SELECT 1 FROM meta")
        refused(filled.digest("store", "copy", SQLITE, "other.db"), "stop `digest run`", code=1)
    with closing(open_database("sqlite:///digest.db", home=filled.home)) as database:
        lock = exclusive(database, "running the schedule", wait=0)
        database.close()
        with lock:
            refused(filled.digest("store", "copy", SQLITE, "other.db"), "running the schedule", code=1)
    assert filled.digest("store", "copy", SQLITE, "other.db").code == 0


def test_a_failed_copy_is_made_again(filled: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("digest.usecases.copy_store.mark_moved", fail)
        assert filled.digest("store", "copy", SQLITE, "other.db").code != 0
    assert filled.json("status")["store_problem"] is None
    assert filled.digest("store", "copy", SQLITE, "other.db").code == 0


def test_the_way_back_is_a_restore_in_place(filled: Newsroom) -> None:
    assert filled.digest("store", "copy", SQLITE, "other.db").code == 0
    assert filled.json("status")["store_problem"]
    filled.json("store", "restore", "--in-place")
    assert filled.json("status")["store_problem"] is None


def test_a_damaged_copy_is_noticed(filled: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger simulates a fault that changes rows during the copy."""
    open_database("sqlite:///other.db", home=filled.home).close()
    with closing(sqlite3.connect(filled.home / "other.db")) as store:
        store.execute(
            "CREATE TRIGGER spoil AFTER INSERT ON consent BEGIN UPDATE consent SET detail = 'x' WHERE id = NEW.id; END"
        )
    refused(filled.digest("store", "copy", SQLITE, "other.db"), "table consent", "differs", code=1)
    assert filled.json("status")["store_problem"] is None
