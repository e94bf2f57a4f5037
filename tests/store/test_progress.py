"""Progress records: one recipient is unknown after a kill, a few after a power cut."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from digest.deliver.outcome import Accepted
from digest.errors import TakenOver
from digest.store.database import Database, open_database
from digest.store.sending.attempts import STEP, ProgressLog
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts, unknown_batches
from tests.store.conftest import KEY, NOW, Frozen
from tests.store.test_ledger import HOLD, claim


def handed(ledger: SqlLedger, boot: str, *, upto: int) -> list[int]:
    """Claim a batch and record this many recipients, as before a crash. Returns all of its recipients."""
    ledger.progress = ProgressLog(ledger.database, boot)
    got = claim(ledger, "smtp")
    ids = [id for id, _email in got.recipients]
    for id in ids[:upto]:
        ledger.record_started(got.attempt, id)
    return ids


@pytest.mark.slow
@pytest.mark.parametrize(("made", "found"), [("", ""), ("", "b"), ("a", "a")])
def test_a_kill_leaves_one_recipient_unknown(database: Database, frozen: Frozen, made: str, found: str) -> None:
    frozen(120)
    handed(SqlLedger(database), made, upto=70)
    later = SqlLedger(database)
    later.progress = ProgressLog(database, found)
    assert later.begin_run(KEY, recovery=HOLD, now=NOW) == 1
    left = counts(database, KEY)
    assert (left.accepted, left.unknown, left.pending) == (69, 1, 50)


@pytest.mark.slow
@pytest.mark.parametrize("upto", [1, 24, 25, 26, 49, 50, 119, 120])
def test_after_a_power_cut_nobody_who_may_have_the_email_gets_it_again(
    database: Database, frozen: Frozen, upto: int
) -> None:
    """A power cut may undo every record since the last one that waited."""
    frozen(120)
    ids = handed(SqlLedger(database), "a", upto=upto)
    sure = (upto - 1) // STEP * STEP  # the place of the last note that waited for the disk
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE attempt SET current_recipient = {ids[sure]}")
    later = SqlLedger(database)
    later.progress = ProgressLog(database, "b")
    later.begin_run(KEY, recovery=HOLD, now=NOW)
    left = counts(database, KEY)
    assert left.balanced
    assert left.accepted <= upto - 1
    assert left.accepted + left.unknown >= upto
    assert left.unknown == min(STEP, 120 - sure)
    assert len(unknown_batches(database, KEY)) == 1


@pytest.fixture
def commits(database: Database) -> list[str]:
    """How each change of an attempt is committed on SQLite: `waits` for the disk or `doesn't`."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite takes this option")
    modes: list[str] = []

    def listen(driver: sqlite3.Connection, *_: object) -> None:
        mode = ["waits"]  # FULL is what it is opened with

        def trace(one: str) -> None:
            if one.startswith("PRAGMA synchronous"):
                mode[0] = "waits" if one.endswith("FULL") else "doesn't"
            elif one.startswith("UPDATE attempt"):
                modes.append(mode[0])

        driver.set_trace_callback(trace)

    event.listen(database.engine, "connect", listen)
    database.engine.dispose()  # the connections that are already open are not watched
    return modes


def test_every_25th_record_waits_for_the_disk(commits: list[str], frozen: Frozen, database: Database) -> None:
    frozen(60)
    ledger = SqlLedger(database)
    handed(ledger, "a", upto=60)
    assert commits == (["waits"] + ["doesn't"] * 24) * 2 + ["waits"] + ["doesn't"] * 9
    commits.clear()
    assert ledger.begin_run(KEY, recovery=HOLD, now=NOW) == 1
    # All other commits are durable.
    assert set(commits) == {"waits"}


def test_each_attempt_has_its_own_records_that_wait(commits: list[str], frozen: Frozen, database: Database) -> None:
    frozen(60, size=30)
    ledger = SqlLedger(database)
    ledger.progress = ProgressLog(database, "a")
    one, other = claim(ledger, "smtp"), claim(ledger, "smtp")
    for place in range(26):
        for got in (one, other):
            ledger.record_started(got.attempt, got.recipients[place][0])
    assert commits == ["waits"] * 2 + ["doesn't"] * 48 + ["waits"] * 2


def test_without_a_boot_id_every_record_waits(commits: list[str], frozen: Frozen, database: Database) -> None:
    frozen(60)
    handed(SqlLedger(database), "", upto=60)
    assert commits == ["waits"] * 60


def test_a_record_for_a_settled_attempt_stops_the_run(database: Database, frozen: Frozen) -> None:
    frozen(3)
    ledger = SqlLedger(database)
    got = claim(ledger, "smtp")
    ledger.record_started(got.attempt, got.recipients[0][0])
    SqlLedger(database).settle(got.attempt, Accepted(), NOW)
    with pytest.raises(TakenOver):
        ledger.record_started(got.attempt, got.recipients[1][0])


def test_this_machine_has_a_boot_id(tmp_path: Path) -> None:
    database = open_database("sqlite:///digest.db", home=tmp_path)
    assert ProgressLog(database).boot == ProgressLog(database).boot
    database.close()
