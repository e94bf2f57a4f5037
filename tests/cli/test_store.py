"""`digest store`: back up, restore, migrate."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from digest import __version__
from digest.app import make_app
from digest.models import Role
from digest.store.database import open_database
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.suppressions import suppress
from digest.store.schema import metadata
from digest.store.workers import Worker, WorkerStore
from tests.cli.newsroom import NOW, Newsroom, Run
from tests.support.databases import fresh_schema
from tests.support.smtp_server import RecordingSmtp
from tests.support.tables import each_row

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
BEFORE = datetime.fromisoformat(NOW)


@pytest.fixture
def copy(newsroom: Newsroom, tmp_path: Path) -> Path:
    """A copy from before today's edition."""
    newsroom.json("compose")
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        app.subscriber_list.sync()
    file = tmp_path / "copy.db"
    newsroom.json("store", "backup", str(file))
    return file


def unsubscribe(newsroom: Newsroom, address: str) -> int:
    """Returns the subscriber's id."""
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        choices = PreferenceStore(database)
        found = choices.find(address)
        assert found is not None
        choices.unsubscribe(found.id, ConsentContext("web:unsubscribe"), now=BEFORE + timedelta(hours=1))
        return found.id


def suppressed(newsroom: Newsroom) -> set[str]:
    rows = newsroom.json("subscribers", "list")["subscribers"]
    return {row["email"] for row in rows if row["suppressed"]}


def sent(newsroom: Newsroom) -> int:
    return len(list((newsroom.home / "outbox").rglob("*.eml")))


def refused(run: Run, *words: str, code: int = 1) -> None:
    assert run.code == code, run
    assert len(run.err.strip().splitlines()) == 1
    for word in words:
        assert word in run.err


def test_a_backup_is_a_private_complete_file(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.json("send")
    file = tmp_path / "copy.db"
    before = os.umask(0)
    try:
        made = newsroom.json("store", "backup", str(file))
    finally:
        os.umask(before)
    assert made == {"file": str(file), "bytes": file.stat().st_size, "copied_at": made["copied_at"]}
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        copied = store.execute("SELECT value FROM meta WHERE name = 'copied at'").fetchone()[0]
        assert datetime.fromisoformat(copied) == datetime.fromisoformat(made["copied_at"])
        assert store.execute("SELECT state FROM edition").fetchall() == [("done",)]
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.db"]


def test_an_existing_file_is_replaced_only_by_force(newsroom: Newsroom, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("precious")
    refused(newsroom.digest("store", "backup", str(file)), "exists", "--force", code=2)
    assert file.read_text() == "precious"
    assert newsroom.digest("store", "backup", "--force", str(file)).code == 0
    refused(newsroom.digest("store", "backup", "--force", "digest.db"), "is the store itself", code=2)
    refused(newsroom.digest("store", "backup", "nowhere/copy.db"), "can't be written")


def restore_without_the_store(newsroom: Newsroom, copy: Path) -> Any:
    """Restore the copy after the store in place became unreadable, so that nobody knows what was sent since."""
    (newsroom.home / "digest.db").write_bytes(b"no database" * 1000)
    return newsroom.json("store", "restore", str(copy))


def by_smtp(newsroom: Newsroom, server: RecordingSmtp) -> None:
    newsroom.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
    }


def test_a_copy_takes_over_what_the_store_in_place_has_sent(newsroom: Newsroom, copy: Path) -> None:
    everyone = newsroom.json("send")["accepted"]
    before = newsroom.json("status", KEY)
    restored = newsroom.json("store", "restore", str(copy))
    assert (restored["held"], restored["doubtful"]) == ([], [])
    assert restored["sent_since"] == [{"edition": KEY, "recipients": everyone}]
    kept = Path(restored["kept"])
    assert kept.name.startswith("digest.db.before-restore-2026-11-23-")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert newsroom.json("status", KEY) == before
    # It was made by `digest store backup`.
    launch = newsroom.json("check", "--launch", code=1)["items"]
    assert {item["name"]: item["ok"] for item in launch}["backup"]
    assert newsroom.json("send")["accepted"] == everyone
    assert sent(newsroom) == everyone
    # Nothing is unknown, so the same copy can be restored again.
    assert newsroom.json("store", "restore", str(copy))["sent_since"] == restored["sent_since"]
    assert newsroom.json("status", KEY) == before


def test_drafts_and_approvals_since_the_copy_are_named(newsroom: Newsroom, copy: Path) -> None:
    newsroom.json("compose", "--slug", "vishesh")
    newsroom.digest("edition", "approve", KEY)
    done = newsroom.digest("store", "restore", str(copy))
    assert f"Composed, changed or approved since the copy, and not kept: {KEY}, vishesh." in done.out, done.out
    assert newsroom.json("edition", "show", KEY)["state"] == "draft"
    assert newsroom.json("store", "restore", str(copy))["left_behind"] == []


def test_who_is_known_not_to_have_an_edition_gets_it_after_the_restore(newsroom: Newsroom, copy: Path) -> None:
    with RecordingSmtp(after_dot=["accept_then_close"], reject=["ravi@example.com"]) as server:
        by_smtp(newsroom, server)
        newsroom.environment["DIGEST_DELIVERY__THREADS"] = "1"
        newsroom.json("send", "--at", "08:00")
        newsroom.environment["DIGEST_NOW"] = "2026-11-23T08:00+05:30"
        with make_app(newsroom.home, environment=newsroom.env()) as app:
            app.ledger.begin_run(KEY, recovery={}, now=app.now())
        newsroom.digest("store", "backup", str(copy), "--force")
        newsroom.json("send", code=1)
        before = newsroom.json("status", KEY, "--all")
        assert (before["unknown"], before["rejected"]) == (1, 1)
        shown = newsroom.digest("reconcile", KEY).out
        assert newsroom.json("store", "restore", str(copy))["held"] == []
        after = newsroom.json("status", KEY, "--all")
        assert after == before
        assert newsroom.digest("reconcile", KEY).out == shown
        assert "Message-ID" in shown


def test_an_edition_that_was_cancelled_since_the_copy_stays_cancelled(newsroom: Newsroom, tmp_path: Path) -> None:
    files = newsroom.json("send")["accepted"]
    newsroom.json("compose", "--slug", "special")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    assert newsroom.digest("edition", "cancel", "special").code == 0
    newsroom.json("store", "restore", str(tmp_path / "copy.db"))
    assert newsroom.json("send", "special", code=1)["state"] == "cancelled"
    assert sent(newsroom) == files


def test_an_edition_that_may_have_been_sent_is_held_until_somebody_decides(newsroom: Newsroom, copy: Path) -> None:
    everyone = newsroom.json("send")["accepted"]
    assert restore_without_the_store(newsroom, copy)["doubtful"] == [KEY]
    assert "restored from a copy of 2026-11-23 07:00" in newsroom.json("status")["held"]
    assert f"Nothing of it is sent until you decide: digest reconcile {KEY}" in newsroom.digest("status").out
    looked = newsroom.json("reconcile", KEY, code=1)
    assert len(looked["may_have_it"]) == everyone
    assert newsroom.json("status")["frozen"] == 0
    again = newsroom.json("send", code=1)
    assert (again["unknown"], again["accepted"], sent(newsroom)) == (everyone, 0, everyone)
    assert f"digest reconcile {KEY}" in again["problems"][0]
    settled = newsroom.digest("reconcile", KEY, "--accept", "all", "--reason", "the outbox has them")
    assert settled.code == 0, settled
    # The mark of the restored copy does not count as an attempt without duration.
    report = newsroom.json("report", KEY)
    assert (report["accepted"], report["began_at"], report["delivered"]) == (everyone, None, None)
    assert newsroom.json("send")["accepted"] == everyone
    assert sent(newsroom) == everyone


def test_an_edition_that_was_not_sent_is_sent_as_usual_once_somebody_says_so(newsroom: Newsroom, copy: Path) -> None:
    restore_without_the_store(newsroom, copy)
    shown = newsroom.digest("reconcile", KEY)
    assert shown.code == 1
    assert f"digest reconcile {KEY} --resend all" in shown.out
    refused(newsroom.digest("reconcile", KEY, "--resend", "all"), "--reason", code=2)
    assert newsroom.digest("reconcile", KEY, "--resend", "all", "--reason", "restored at once").code == 0
    assert newsroom.json("status")["held"] is None
    done = newsroom.json("send")
    assert (done["state"], done["unknown"], done["accepted"]) == ("done", 0, sent(newsroom))


def test_some_recipients_of_a_held_edition_have_it_and_others_do_not(newsroom: Newsroom, copy: Path) -> None:
    newsroom.environment["DIGEST_NOW"] = "2026-11-23T07:10+05:30"
    with RecordingSmtp() as server:
        by_smtp(newsroom, server)
        restore_without_the_store(newsroom, copy)
        looked = newsroom.json("reconcile", KEY, code=1)["may_have_it"]
        message_id = {row["email"]: row["message_id"] for row in looked}["asha@example.com"]
        one = newsroom.json("reconcile", KEY, "--accept", "asha@example.com", "--evidence", "mail.log", code=1)
        assert one["unknown"] == len(looked) - 1
        assert message_id not in str(one)
        others = {row["message_id"] for batch in one["batches"] for row in batch["recipients"]}
        assert others == {row["message_id"] for row in looked} - {message_id}
        newsroom.json("reconcile", KEY, "--resend", "all", "--evidence", "not in mail.log")
        waiting = newsroom.json("send")
        # joseph@example.com has chosen 08:30.
        assert (waiting["accepted"], waiting["pending"]) == (len(looked) - 1, 1)
        got = {email.rcpt_to for email in server.emails}
        assert len(got) == len(server.emails) == len(looked) - 2
        assert not {("asha@example.com",), ("joseph@example.com",)} & got


def test_editions_that_were_sent_since_the_copy_come_back_with_their_stories(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.json("send")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    newsroom.json("compose", "--slug", "special")
    everyone = newsroom.json("send", "special")["accepted"]
    special = newsroom.json("edition", "show", "special")
    files = sent(newsroom)
    run = newsroom.digest("store", "restore", str(tmp_path / "copy.db"))
    assert f"Sent since the copy, from the replaced store: special ({everyone})." in run.out
    assert newsroom.json("edition", "show", "special") == special
    assert newsroom.json("send", "special")["accepted"] == everyone
    assert sent(newsroom) == files
    # Editions that the copy does not have are not held.
    assert newsroom.json("reconcile", KEY)["unknown"] == 0
    newsroom.json("compose", "--slug", "another")
    assert newsroom.json("send", "another")["accepted"] == everyone


def test_a_special_edition_that_may_have_been_sent_is_held(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    newsroom.json("compose", "--slug", "special")
    everyone = newsroom.json("send", "special")["accepted"]
    restore_without_the_store(newsroom, tmp_path / "copy.db")
    shown = newsroom.digest("reconcile", "special")
    assert (shown.code, "leave it" in shown.out) == (1, True)
    refused(newsroom.digest("reconcile", "special", "--accept", "all", "--reason", "x"), "There is no edition special")
    # Somebody composes it again: it is held.
    newsroom.json("compose", "--slug", "special")
    again = newsroom.json("send", "special", code=1)
    assert (again["unknown"], again["accepted"], sent(newsroom)) == (everyone, 0, everyone)
    assert "restored from a copy of 2026-11-23 07:00," in newsroom.digest("reconcile", "special").out


def test_a_restored_edition_that_went_by_smtp_is_settled_with_evidence(newsroom: Newsroom, copy: Path) -> None:
    with RecordingSmtp() as server:
        by_smtp(newsroom, server)
        everyone = newsroom.json("send")["accepted"]
        restore_without_the_store(newsroom, copy)
        assert newsroom.json("send", code=1)["unknown"] == everyone
        shown = newsroom.digest("reconcile", KEY).out
        assert shown.count("Message-ID: ") == everyone
        assert "Search the log of the mail server for each Message-ID" in shown
        refused(newsroom.digest("reconcile", KEY, "--accept", "all", "--reason", "I think so"), "--evidence", code=2)
        assert newsroom.digest("reconcile", KEY, "--accept", "all", "--evidence", "mail.log 07:00").code == 0
        history = newsroom.json("subscribers", "history", "asha@example.com")["history"]
        (letter,) = (entry for entry in history if entry["kind"] == "letter")
        assert re.fullmatch(rf"batch \d+; decided by an operator: `digest reconcile {KEY} --history`", letter["why"])
        assert len(server.emails) == everyone


def test_breaking_news_that_was_sent_since_the_copy_is_known(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.environment["DIGEST_BREAKING__ENABLED"] = "true"
    sections = newsroom.json("compose")["sections"]
    newsroom.json("send")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    newsroom.json("breaking", "propose", sections[0]["stories"][0]["id"])
    alerted = newsroom.json("breaking", "send")["accepted"]
    restored = newsroom.json("store", "restore", str(tmp_path / "copy.db"))
    assert restored["sent_since"] == [{"edition": f"{KEY}-breaking-1", "recipients": alerted}]
    # The same story is not sent again, and another one is not held.
    again = newsroom.digest("breaking", "propose", sections[0]["stories"][0]["id"])
    assert (again.code, f"{KEY}-breaking-1" in again.err) == (1, True), again
    newsroom.json("breaking", "propose", sections[1]["stories"][0]["id"])
    other = newsroom.json("breaking", "send", "--force", "two stories in a minute")
    assert (other["unknown"], other["accepted"] > 0) == (0, True)


def test_breaking_news_may_tell_a_story_again_that_nobody_knows_of(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.environment["DIGEST_BREAKING__ENABLED"] = "true"
    story = newsroom.json("compose")["sections"][0]["stories"][0]["id"]
    newsroom.json("send")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    restore_without_the_store(newsroom, tmp_path / "copy.db")
    newsroom.json("breaking", "propose", story)
    held = newsroom.json("breaking", "send", code=1)
    assert (held["accepted"], held["unknown"] > 0) == (0, True)


@pytest.fixture
def sent_since(newsroom: Newsroom, tmp_path: Path) -> Newsroom:
    """A special edition was sent since the copies `copy.db`, a backup, and `older.db`."""
    newsroom.json("send")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    shutil.copyfile(newsroom.home / "digest.db", tmp_path / "older.db")
    newsroom.json("compose", "--slug", "special")
    newsroom.json("send", "special")
    return newsroom


@each_row("how", ["an older copy by hand", "no mark", "a backup by hand", "unreadable"])
def test_a_store_that_does_not_know_everything_frees_nothing(sent_since: Newsroom, tmp_path: Path, how: str) -> None:
    newsroom = replace(sent_since, home=tmp_path / how)
    shutil.copytree(sent_since.home, newsroom.home)
    files = sent(newsroom)
    if how == "no mark":
        (newsroom.home / "digest.db.mark").unlink()
    elif how == "unreadable":
        (newsroom.home / "digest.db").write_bytes(b"no database" * 1000)
    else:
        shutil.copyfile(tmp_path / ("older.db" if "older" in how else "copy.db"), newsroom.home / "digest.db")
    run = newsroom.digest("store", "restore", str(tmp_path / "copy.db"))
    assert "It is not known what was sent since the copy." in run.out
    assert "special editions until 2026-11-30." in run.out
    newsroom.json("compose", "--slug", "special")
    assert newsroom.json("send", "special", code=1)["accepted"] == 0
    assert sent(newsroom) == files


def test_a_copy_put_in_place_by_hand_is_not_sent_from(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.json("compose")
    shutil.copyfile(newsroom.home / "digest.db", tmp_path / "by-hand.db")
    everyone = newsroom.json("send")["accepted"]
    shutil.copyfile(tmp_path / "by-hand.db", newsroom.home / "digest.db")
    for command in (("send",), ("run",), ("reconcile", KEY)):
        refused(newsroom.digest(*command), "is an older copy", "digest store restore --in-place")
    shown = newsroom.digest("status")
    assert shown.code == 0
    assert "is an older copy" in shown.err
    assert "is an older copy" in newsroom.json("status")["store_problem"]
    done = newsroom.digest("store", "restore", "--in-place")
    assert done.code == 0
    assert "Unsubscribes, bounces and preferences since the copy are not known" in done.out
    assert newsroom.json("status")["store_problem"] is None
    assert newsroom.json("send", code=1)["unknown"] == everyone
    assert sent(newsroom) == everyone


def test_a_new_store_in_the_old_ones_place_is_not_sent_from(newsroom: Newsroom) -> None:
    everyone = newsroom.json("send")["accepted"]
    (newsroom.home / "digest.db").unlink()
    refused(
        newsroom.digest("send"),
        "is not the store from which this folder has sent",
        "Check 'store.url'",
        "digest store restore FILE",
    )
    newsroom.json("store", "restore", "--in-place")
    newsroom.json("send", code=1)
    assert sent(newsroom) == everyone


def test_a_damaged_store_is_replaced_by_a_backup(newsroom: Newsroom, copy: Path) -> None:
    (newsroom.home / "digest.db").write_bytes(b"not a store " * 1000)
    refused(newsroom.digest("status"), "is not an SQLite database", "digest store restore FILE")
    newsroom.json("store", "restore", str(copy))
    assert newsroom.digest("status").code == 0


def test_who_left_since_the_copy_stays_away(newsroom: Newsroom, copy: Path) -> None:
    id = unsubscribe(newsroom, "asha@example.com")
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        choices = PreferenceStore(database)
        ravi = choices.find("ravi@example.com")
        assert ravi is not None
        choices.set(ravi.id, {"frequency": "weekly:sun"}, ConsentContext("web:preferences"), now=BEFORE)
        with database.write() as connection:
            suppress(connection, "meena@example.com", "bounced", at=BEFORE)
    restored = newsroom.json("store", "restore", str(copy))
    assert restored["carried"] | {"consents": 0} == {
        "suppressed": 2,
        "came_back": 0,
        "erased": 0,
        "consents": 0,
        "payloads": 0,
    }
    assert {"asha@example.com", "meena@example.com"} <= suppressed(newsroom)
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        found = PreferenceStore(database).find("asha@example.com")
        chosen = PreferenceStore(database).chosen()
    assert found is not None
    assert found.id == id
    assert chosen["ravi@example.com"] == {"frequency": "weekly:sun"}
    history = newsroom.json("subscribers", "history", "asha@example.com")["history"]
    assert "unsubscribed" in [entry["what"] for entry in history]


def test_who_came_back_since_the_copy_is_mailed(newsroom: Newsroom, tmp_path: Path) -> None:
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        app.subscriber_list.sync()
    id = unsubscribe(newsroom, "asha@example.com")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        back = BEFORE + timedelta(hours=2)
        assert PreferenceStore(database).resubscribe(id, ConsentContext("web:unsubscribe"), now=back)
    assert newsroom.json("store", "restore", str(tmp_path / "copy.db"))["carried"]["came_back"] == 1
    assert "asha@example.com" not in suppressed(newsroom)


def test_a_restored_store_has_no_session_of_the_desk(newsroom: Newsroom, tmp_path: Path) -> None:
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        users = app.accounts.users
        users.add("suman", Role.ADMIN, BEFORE)
        user = users.find("suman")
        assert user is not None
        users.open_session("hash", user.id, now=BEFORE, expires_at=BEFORE + timedelta(days=1), agent="")
    file = tmp_path / "copy.db"
    newsroom.json("store", "backup", str(file))
    newsroom.digest("store", "restore", str(file))
    users = newsroom.json("users", "list")["users"]
    assert [(user["name"], user["sessions"]) for user in users] == [("suman", 0)]


def test_an_unreadable_store_is_replaced_and_kept(newsroom: Newsroom, copy: Path) -> None:
    store = newsroom.home / "digest.db"
    store.write_bytes(b"no database" * 1000)
    (newsroom.home / "digest.db-wal").write_bytes(b"left over")
    (newsroom.home / "digest.db-wal").chmod(0o644)
    done = newsroom.digest("store", "restore", str(copy))
    assert done.code == 0, done
    assert "Unsubscribes, bounces and preferences since the copy are not known" in done.out
    (kept,) = newsroom.home.glob("digest.db.before-restore-*[0-9]")
    assert kept.read_bytes().startswith(b"no database")
    log = kept.with_name(kept.name + "-wal")
    assert (log.read_bytes(), log.stat().st_mode & 0o777) == (b"left over", 0o600)
    assert newsroom.json("status")["edition"] == KEY


def test_a_copy_is_restored_where_no_store_is(newsroom: Newsroom, copy: Path) -> None:
    for file in newsroom.home.glob("digest.db*"):
        file.unlink()
    restored = newsroom.json("store", "restore", str(copy))
    assert (restored["kept"], list(newsroom.home.glob("*.before-restore-*"))) == (None, [])
    assert newsroom.json("status")["edition"] == KEY


def test_nothing_is_restored_while_another_process_has_the_store(newsroom: Newsroom, copy: Path) -> None:
    before = (newsroom.home / "digest.db").stat().st_ino
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as other:
        # An idle connection of a pool, as `digest web` has it.
        with other.read() as connection:
            connection.exec_driver_sql("SELECT 1 FROM meta").all()
        refused(newsroom.digest("store", "restore", str(copy)), "another process uses", "stop `digest run`")
    assert (newsroom.home / "digest.db").stat().st_ino == before
    assert not list(newsroom.home.glob(".digest.db.*"))
    assert newsroom.digest("store", "restore", str(copy)).code == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"PGDMP", "a dump of PostgreSQL is restored by pg_restore"), (b"SQLite format 3\0" + b"x" * 5000, "copy.db: ")],
)
def test_an_unusable_copy_changes_nothing(newsroom: Newsroom, tmp_path: Path, content: bytes, expected: str) -> None:
    newsroom.json("send")
    before = (newsroom.home / "digest.db").read_bytes()
    (tmp_path / "copy.db").write_bytes(content)
    refused(newsroom.digest("store", "restore", str(tmp_path / "copy.db")), expected)
    assert (newsroom.home / "digest.db").read_bytes() == before
    refused(newsroom.digest("store", "restore", "digest.db"), "is the store itself", code=2)
    assert newsroom.digest("store", "restore").code == 2


def test_a_truncated_copy_and_other_databases_are_refused(newsroom: Newsroom, copy: Path, tmp_path: Path) -> None:
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.truncate(size * 2 // 3)
    refused(newsroom.digest("store", "restore", str(copy)), "copy.db")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE cats (name TEXT)")
    refused(newsroom.digest("store", "restore", str(other)), "not a store of digest")


def test_a_copy_from_a_newer_version_is_refused(newsroom: Newsroom, copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    refused(newsroom.digest("store", "restore", str(copy)), "a newer or an unreleased version")


def test_a_failed_mark_sends_nothing(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    (newsroom.home / "digest.db.mark").mkdir()
    refused(newsroom.digest("send"), "digest.db.mark")
    assert sent(newsroom) == 0
    (newsroom.home / "digest.db.mark").rmdir()
    assert newsroom.json("send")["accepted"] == sent(newsroom)


def test_postgresql_is_backed_up_with_its_own_tool(newsroom: Newsroom) -> None:
    url = "postgresql://digest:geheim@db.example.com/news?sslmode=require&password=geheim"
    run = newsroom.digest("store", "backup", "my copy.dump", DIGEST_STORE__URL=url)
    assert run.code == 2
    assert "geheim" not in run.err
    server = "'postgresql://digest@db.example.com/news?sslmode=require'"
    assert f"""pg_dump --format=custom --schema='"public"' --file='my copy.dump' {server}""" in run.err
    assert "pg_restore --clean --if-exists --schema=public --file='my copy.dump.sql' 'my copy.dump'" in run.err
    drop = re.search(
        r"psql --single-transaction --set=ON_ERROR_STOP=1 --command='DROP TABLE IF EXISTS (.*) CASCADE'"
        rf" --file='my copy.dump.sql' --dbname={re.escape(server)}",
        run.err,
    )
    assert drop
    assert set(drop[1].split(", ")) == {f'"public".{name}' for name in metadata.tables}
    assert "digest store restore --in-place" in run.err
    refused(newsroom.digest("store", "restore", "digest.yaml", DIGEST_STORE__URL=url), "--in-place", code=2)


@pytest.mark.parametrize("user", ["digest", "postgres"])
def test_the_user_of_the_store_is_no_secret(newsroom: Newsroom, user: str) -> None:
    url = f"postgresql://{user}@db.example.com/news"
    run = newsroom.digest("store", "backup", "copy.dump", DIGEST_STORE__URL=url)
    assert f"""--schema='"public"' --file=copy.dump {url}\n""" in run.err
    assert "stop every digest process" in run.err
    assert "    digest store restore --in-place" in run.err


def test_a_postgresql_store_that_is_older_than_the_folder_is_refused(newsroom: Newsroom) -> None:
    with fresh_schema() as url, fresh_schema() as older:
        newsroom.environment["DIGEST_STORE__URL"] = url
        everyone = newsroom.json("send")["accepted"]
        assert (newsroom.home / "digest.mark").exists()
        newsroom.environment["DIGEST_STORE__URL"] = older
        refused(newsroom.digest("send"), "is not the store from which this folder has sent")
        newsroom.json("store", "restore", "--in-place")
        newsroom.json("send", code=1)
        assert sent(newsroom) == everyone


def test_a_store_is_not_restored_under_a_worker(newsroom: Newsroom, postgres_url: str) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    with closing(open_database(postgres_url, home=newsroom.home)) as database:
        WorkerStore(database).beat(Worker("id", "web2", 1, __version__, 4))
        refused(newsroom.digest("store", "restore", "--in-place"), "a worker runs on web2; stop it before you restore")
        WorkerStore(database).leave("id")
    newsroom.json("store", "restore", "--in-place")


def test_a_dump_of_postgresql_is_restored_with_its_partitions(newsroom: Newsroom, tmp_path: Path) -> None:
    if not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("needs pg_dump and pg_restore of PostgreSQL")
    with fresh_schema() as url:
        newsroom.environment["DIGEST_STORE__URL"] = url
        everyone = newsroom.json("send")["accepted"]
        before = partitions(url)
        printed = newsroom.digest("store", "backup", str(tmp_path / "store.dump")).err
        dump, *restore = re.findall(r"(?:pg_dump|psql|pg_restore) --.*", printed)
        run_shell(dump)
        newsroom.json("compose", "--slug", "special")
        assert newsroom.json("send", "special")["accepted"] == everyone
        assert partitions(url) > before
        run_shell(*restore)
        assert partitions(url) == before == {f"delivery {KEY}", f"delivery_event {KEY}"}
        refused(newsroom.digest("send"), "is an older copy")
        newsroom.json("store", "restore", "--in-place")
        # What was sent since gets a partition again, and nobody gets it twice.
        newsroom.json("compose", "--slug", "special")
        assert newsroom.json("send", "special", code=1)["unknown"] == everyone
        assert len(partitions(url)) == 4
        assert newsroom.json("status", KEY)["accepted"] == everyone
        assert sent(newsroom) == 2 * everyone


def test_a_dump_of_an_older_version_replaces_a_newer_store(newsroom: Newsroom, tmp_path: Path) -> None:
    """Going back after an upgrade. The newer version added a table that refers to one of the dump."""
    if not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("needs pg_dump and pg_restore of PostgreSQL")
    with fresh_schema() as url:
        newsroom.environment["DIGEST_STORE__URL"] = url
        printed = newsroom.digest("store", "backup", str(tmp_path / "store.dump")).err
        dump, *restore = re.findall(r"(?:pg_dump|psql|pg_restore) --.*", printed)
        with closing(open_database(url, home=Path())) as database:
            newer = metadata.tables["channel_post"]
            newer.drop(database.engine)
            run_shell(dump)
            newer.create(database.engine)
            run_shell(*restore)
            names = inspect(database.engine).get_table_names()
        assert "edition" in names
        assert "channel_post" not in names


def test_a_dump_has_one_newsletter_of_a_shared_database(newsroom: Newsroom, tmp_path: Path) -> None:
    if not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("needs pg_dump and pg_restore of PostgreSQL")
    with fresh_schema() as other, fresh_schema() as url:
        newsroom.environment["DIGEST_STORE__URL"] = url
        newsroom.json("send")
        before = partitions(url)
        printed = newsroom.digest("store", "backup", str(tmp_path / "store.dump")).err
        dump, read, write = re.findall(r"(?:pg_dump|psql|pg_restore) --.*", printed)
        run_shell(dump)
        with closing(open_database(other, home=Path())) as database:
            database.query(text("SELECT 1"))
        run_shell(read, write)
        assert partitions(url) == before
        assert newsroom.json("status", KEY)["state"] == "done"
        # A restore that fails leaves the store as it is.
        (tmp_path / "store.dump.sql").write_text("SELECT 1; DROP TABLE no_such_table;", encoding="utf-8")
        with pytest.raises(AssertionError, match="no_such_table"):
            run_shell(write)
        assert newsroom.json("status", KEY)["state"] == "done"


def run_shell(*commands: str) -> None:
    for command in commands:
        done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def partitions(url: str) -> set[str]:
    """The partitions of the store."""
    found = text(
        "SELECT relname FROM pg_class"
        " WHERE relispartition AND relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    with closing(open_database(url, home=Path())) as database, database.read() as connection:
        return set(connection.execute(found).scalars())


def test_who_was_erased_since_the_copy_is_erased_again(newsroom: Newsroom, copy: Path) -> None:
    assert newsroom.digest("subscribers", "erase", "kabir@example.com", "--reason", "asked by phone").code == 0
    restored = newsroom.json("store", "restore", str(copy))
    assert restored["carried"]["erased"] == 1
    assert b"kabir@example.com" not in (newsroom.home / "digest.db").read_bytes()
