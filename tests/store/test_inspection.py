"""Settings of the database that lose records or lead to duplicate emails."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.store.database import open_database
from digest.store.inspection import inspect_store, judge_postgresql, judge_sqlite
from digest.utils.findings import Level
from tests.support.tables import each_row

SAFE = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on", "tcp_keepalives_idle": "5"}


def test_our_own_sqlite_store_is_good(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url, home=tmp_path)
    assert [finding.level for finding in inspect_store(database)] == [Level.GOOD]
    database.close()


def test_the_server_of_the_tests_does_not_wait_for_the_disk(postgres_url: str, tmp_path: Path) -> None:
    assert "synchronous_commit" in postgres_url
    database = open_database(postgres_url, home=tmp_path)
    found = inspect_store(database)
    database.close()
    assert any("synchronous_commit is off" in finding.message for finding in found)


@each_row(
    ("journal", "synchronous", "texts"),
    [
        ("wal", 2, []),
        ("wal", 3, []),
        ("delete", 2, ["journal_mode is delete"]),
        ("wal", 1, ["synchronous is 1"]),
        ("memory", 0, ["journal_mode is memory", "synchronous is 0"]),
    ],
)
def test_sqlite(journal: str, synchronous: int, texts: list[str]) -> None:
    found = judge_sqlite(journal, synchronous)
    assert len(found) == len(texts)
    assert all(text in finding.message for text, finding in zip(texts, found, strict=True))


@each_row(
    ("settings", "query", "level", "text"),
    [
        ({"synchronous_commit": "off"}, {}, Level.ERROR, "an edition may be sent twice"),
        ({"fsync": "off"}, {}, Level.ERROR, "fsync is off"),
        ({"full_page_writes": "off"}, {}, Level.ERROR, "full_page_writes is off"),
        ({"tcp_keepalives_idle": "7200"}, {}, Level.WARNING, "a pooler drops digest's settings"),
        ({}, {"keepalives": "0"}, Level.ERROR, "keepalives off"),
        ({}, {"keepalives_idle": "7200"}, Level.WARNING, "keepalives_idle=7200"),
        ({}, {"keepalives_idle": "0"}, Level.WARNING, "keepalives_idle=0"),
    ],
)
def test_postgresql(settings: dict[str, str], query: dict[str, str], level: Level, text: str) -> None:
    (finding,) = judge_postgresql({**SAFE, **settings}, query)
    assert finding.level == level
    assert text in finding.message
    assert finding.fix


@pytest.mark.parametrize("weaker", ["local", "remote_write", "remote_apply", "on"])
def test_weaker_replication_is_not_an_error(weaker: str) -> None:
    assert judge_postgresql({**SAFE, "synchronous_commit": weaker}, {"keepalives_idle": "30"}) == []
