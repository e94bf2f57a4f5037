"""This version works with the folder and the store of every released version."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from digest.store.database import HEAD, open_database
from tests.cli.newsroom import Newsroom, text_parts
from tests.store.test_database import definitions, differences, unread

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
VERSIONS = sorted(folder.name for folder in HERE.iterdir() if (folder / "digest.sql").exists())


@pytest.fixture(params=VERSIONS)
def newsroom(request: pytest.FixtureRequest, tmp_path: Path) -> Newsroom:
    """A copy of the folder, with its store."""
    folder = tmp_path / "newsletter"
    shutil.copytree(HERE / request.param, folder)
    dump = folder / "digest.sql"
    with closing(sqlite3.connect(folder / "digest.db")) as store:
        store.executescript(dump.read_text(encoding="utf-8"))
    dump.unlink()
    return Newsroom(folder, {"DIGEST_NOW": "2026-11-25T07:00+05:30"})


def test_there_is_a_folder_of_each_release() -> None:
    assert VERSIONS[0] == "0.1.0"


@unread
def test_its_store_gets_the_schema_of_the_code(newsroom: Newsroom, tmp_path: Path) -> None:
    with closing(sqlite3.connect(newsroom.home / "digest.db")) as store:
        (before,) = store.execute("SELECT version_num FROM alembic_version").fetchone()
    assert newsroom.json("store", "migrate") == {
        "store": str(newsroom.home / "digest.db"),
        "before": before,
        "schema": HEAD,
    }
    with (
        closing(open_database("sqlite:///digest.db", home=newsroom.home)) as migrated,
        closing(open_database("sqlite:///new.db", home=tmp_path)) as new,
        migrated.read() as connection,
        new.read() as other,
    ):
        assert differences(connection) == []
        assert definitions(connection) == definitions(other)
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert newsroom.json("store", "migrate")["before"] == HEAD


def test_its_editions_and_subscribers_are_as_they_were(newsroom: Newsroom) -> None:
    assert newsroom.digest("check").code == 0
    done = newsroom.json("status", "2026-11-23")
    assert (done["state"], done["frozen"], done["accepted"]) == ("done", 6, 6)
    sending = newsroom.json("status", "2026-11-24")
    assert (sending["unknown"], sending["excluded"]) == (4, 2)
    rows = {row["email"]: row for row in newsroom.json("subscribers", "list")["subscribers"]}
    assert {email: row["suppressed"] for email, row in rows.items() if row["suppressed"]} == {
        "gone@example.com": "unsubscribed",
        "bounced@example.com": "bounced",
    }
    assert rows["meera@example.com"]["chosen"] == {"format": "text"}
    history = newsroom.json("subscribers", "history", "asha@example.com")["history"]
    assert "agreed" in [entry["what"] for entry in history]


def test_what_waits_is_sent_and_what_was_sent_is_not_sent_again(newsroom: Newsroom) -> None:
    sent = newsroom.json("send", "2026-11-25")
    assert (sent["accepted"], sent["excluded"], sent["unknown"]) == (4, 2, 0)
    mails = newsroom.outbox("2026-11-25")
    assert sorted(mails) == ["asha@example.com", "imran@example.com", "meera@example.com", "ravi@example.com"]
    assert set(text_parts(mails["meera@example.com"])) == {"text/plain"}
    newsroom.json("send", "2026-11-23")
    assert not (newsroom.home / "outbox" / "2026-11-23").exists()
    newsroom.json("send", "2026-11-24", code=1)
    assert not (newsroom.home / "outbox" / "2026-11-24").exists()


def test_its_store_is_a_copy_that_can_be_restored(newsroom: Newsroom, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copyfile(newsroom.home / "digest.db", copy)
    newsroom.json("send", "2026-11-25")
    restored = newsroom.json("store", "restore", str(copy))
    assert [(held["edition"], held["recipients"]) for held in restored["held"]] == [("2026-11-24", 4)]
    assert restored["doubtful"] == ["2026-11-25"]
    newsroom.json("send", "2026-11-25", code=1)
    assert len(newsroom.outbox("2026-11-25")) == 4
