"""The mark file shows when an older copy of the store is in its place."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from digest.errors import StoreError
from digest.store import meta
from digest.store.database import STORE_ID, Database
from digest.store.high_water import CLAIMS, COPIED_AT, HighWater, HighWaterMark, MarkFile
from digest.store.sending.ledger import SqlLedger
from tests.store.conftest import KEY, NOW, Frozen

OTHER = "0" * 32


@pytest.fixture
def file(tmp_path: Path) -> MarkFile:
    return MarkFile(tmp_path / "digest.db.mark")


@pytest.fixture
def high_water(database: Database, file: MarkFile) -> HighWater:
    return HighWater(database, file)


def identify(database: Database) -> str:
    return meta.get(database, STORE_ID) or ""


def test_a_missing_file_is_created_for_its_owner_only(high_water: HighWater, file: MarkFile) -> None:
    before = os.umask(0)
    try:
        high_water.check()
    finally:
        os.umask(before)
    assert file.read() == HighWaterMark(identify(high_water.database), 0)
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_every_claim_raises_the_file_after_its_commit(
    database: Database, high_water: HighWater, file: MarkFile, frozen: Frozen
) -> None:
    frozen(5, size=1)
    ledger = SqlLedger(database, high_water)
    high_water.check()
    for claimed in (2, 4, 5):
        assert ledger.claim(2, KEY, "smtp", NOW, 5)
        ledger.record_handover()
        assert file.read() == HighWaterMark(identify(database), claimed)
        assert high_water.problem() is None
    assert not ledger.claim(2, KEY, "smtp", NOW, 5)
    assert meta.get(database, CLAIMS) == "5"


def test_an_older_copy_is_refused(database: Database, high_water: HighWater, file: MarkFile) -> None:
    meta.set(database, CLAIMS, "3")
    file.replace(HighWaterMark(identify(database), 5))
    with pytest.raises(StoreError, match=r"older copy: it does not know the last 2 batches.* --in-place"):
        high_water.check()
    assert "older copy" in (high_water.problem() or "")
    meta.set(database, CLAIMS, "6")
    high_water.check()
    # The store may be ahead: its sender died after the commit.
    assert file.read() == HighWaterMark(identify(database), 5)


def test_another_store_in_its_place_is_refused(high_water: HighWater, file: MarkFile) -> None:
    file.replace(HighWaterMark(OTHER, 0))
    with pytest.raises(StoreError, match="not the store from which this folder has sent"):
        high_water.check()


def test_a_copy_that_was_put_in_place_by_hand_is_refused_without_the_file(
    database: Database, high_water: HighWater, file: MarkFile
) -> None:
    meta.set(database, COPIED_AT, NOW.isoformat())
    with pytest.raises(StoreError, match=r"is a copy of 2026-11-23 01:30 that was put in place by hand"):
        high_water.check()
    assert not file.path.exists()


def test_a_damaged_file_is_refused_and_an_empty_one_is_written_anew(high_water: HighWater, file: MarkFile) -> None:
    file.path.write_bytes(b"")
    high_water.check()
    file.path.write_bytes(b"digest-mark 1 what\n")
    with pytest.raises(StoreError, match="is damaged"):
        high_water.check()
    assert "is damaged" in (high_water.problem() or "")


def test_the_number_only_grows_when_many_write_it(file: MarkFile) -> None:
    threads = [
        Thread(target=lambda first=first: [file.raise_to(HighWaterMark(OTHER, n)) for n in range(first, 200, 4)])
        for first in (3, 1, 2, 0)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read() == HighWaterMark(OTHER, 199)
    file.raise_to(HighWaterMark(OTHER, 7))
    assert file.read() == HighWaterMark(OTHER, 199)


def test_a_file_that_cannot_be_written_is_an_error(high_water: HighWater, file: MarkFile) -> None:
    file.path.mkdir()
    with pytest.raises(StoreError, match=r"digest\.db\.mark: can't be read"):
        high_water.check()
