"""Another program holds the store: every page responds 503 in time, also with many waiting requests, and changes
nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from digest.errors import StoreError
from digest.store.database import Database, seconds_left, wait_limit
from tests.web.site import site, translated

# Holds the write lock of a store until its standard input ends.
LOCK = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
other.execute("ROLLBACK")
"""


@contextmanager
def locked_by_another_process(store: Path) -> Iterator[None]:
    command = [sys.executable, "-c", LOCK, str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "locked\n"
            yield
        finally:
            process.stdin.close()


@pytest.mark.slow
def test_forty_five_requests_that_wait_at_once_are_all_told_that_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More requests than threads: those that queue for a thread do not wait again when they get one.

    Without a limit of the whole request the last of them would wait for SQLite's 15 seconds twice, and the client here
    gives up after 30.
    """
    monkeypatch.setattr("digest.web.middleware.STORE_WAIT", 1.0)
    with site(tmp_path / "newsletter", ["asha@example.com", "ravi@example.com"]) as pages:
        leave = pages.token("leave", "asha@example.com")
        preferences = pages.preferences("ravi@example.com")
        requests = [
            (f"/leave/{leave}", {"List-Unsubscribe": "One-Click"}),
            (f"{preferences}/resume", {}),
            ("/join", {"email": "neha@example.org"}),
        ] * 15
        with locked_by_another_process(pages.app.home / "digest.db"), ThreadPoolExecutor(len(requests)) as pool:
            jobs = [pool.submit(pages.post, path, **fields) for path, fields in requests]
            answers = [job.result() for job in jobs]
        assert [answer.status for answer in answers] == [503] * 45
        for answer in answers:
            assert answer.title == translated("This does not work right now")
            assert translated("Nothing has changed. Please try again in a few minutes.") in answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-language"] == "hi"
        assert pages.app.subscribers.suppressed() == {}
        assert pages.consent("asha@example.com") == pages.consent("ravi@example.com") == []
        assert pages.mails("neha@example.org", wait=0.2) == []
        assert pages.post(f"/leave/{leave}").status == 200
        assert list(pages.app.subscribers.suppressed()) == ["asha@example.com"]


@pytest.mark.slow
def test_requests_that_wait_succeed_when_the_other_program_ends_in_time(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", ["asha@example.com"]) as pages, ThreadPoolExecutor(45) as pool:
        leave = f"/leave/{pages.token('leave', 'asha@example.com')}"
        with locked_by_another_process(pages.app.home / "digest.db"):
            jobs = [pool.submit(pages.post, leave) for _ in range(45)]
            time.sleep(0.5)
            assert pages.app.subscribers.suppressed() == {}
        assert [job.result().status for job in jobs] == [200] * 45
        assert list(pages.app.subscribers.suppressed()) == ["asha@example.com"]


def test_a_limit_covers_all_transactions_of_the_work_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("digest.store.database.time.monotonic", lambda: now)
    assert seconds_left() == 15
    with wait_limit(8):
        assert seconds_left() == 8
        now += 6
        assert seconds_left() == 2
        now += 6
        assert seconds_left() == 0
    assert seconds_left() == 15
    with wait_limit(100):
        assert seconds_left() == 15


def test_work_without_time_left_fails_at_once(database: Database) -> None:
    """On both stores; on PostgreSQL the other program is a lock on a table."""
    from sqlalchemy import text

    with database.write() as other:
        if not database.sqlite:
            other.execute(text("LOCK TABLE suppression IN ACCESS EXCLUSIVE MODE"))

        def work() -> None:
            with wait_limit(0), database.write() as connection:
                connection.execute(text("DELETE FROM suppression"))

        with ThreadPoolExecutor(1) as pool, pytest.raises(StoreError, match=r"busy|locked by another program"):
            pool.submit(work).result()
