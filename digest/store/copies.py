"""Copies of an SQLite store: made while it is in use, checked, and put in its place.

A copy is complete in one file. It is written under a temporary name that only its owner can read, and gets its name
when it is checked and on the disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from digest.errors import AlreadyRunning, StoreError
from digest.store import errors
from digest.store.database import SIDE_FILES, Database, sqlite_file
from digest.store.high_water import COPIED_AT
from digest.utils.files import PRIVATE_FILE, give_to_owner, sync_folder

_HEADER = b"SQLite format 3\0"
# Seconds.
_SHORT_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Backup:
    file: Path
    copied_at: datetime
    bytes: int


def back_up(database: Database, file: Path, now: datetime) -> Backup:
    """Copy an SQLite store to `file`, which is replaced. Sending can continue meanwhile. Raises StoreError.

    The copy contains everything that was committed before `now`, and records that time.
    """
    with _name_file_in_errors(file), temporary(file) as part:
        with closing(_connect(sqlite_file(database))) as source, closing(_connect(part)) as copy:
            # A single step is one read transaction: writers do not wait for it, and do not make it start again.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("DELETE FROM meta WHERE name = ?", (COPIED_AT,))
            values = COPIED_AT, now.astimezone(UTC).isoformat()
            copy.execute("INSERT INTO meta (name, value) VALUES (?, ?)", values)
            problem = _integrity(copy)
        if problem:
            raise StoreError(f"store {database.name} is damaged ({problem}); no backup was made")
        put(part, file)
    return Backup(file, now, file.stat().st_size)


@contextlib.contextmanager
def working_copy(file: Path, beside: Path) -> Iterator[Path]:
    """Yield a private copy of the store in `file`, in the folder of `beside`. The file itself stays as it is.

    Its write-ahead log is included if there is one. Raises StoreError if it is not a store of digest, or damaged.
    """
    with temporary(beside) as part:
        try:
            for end in ("", "-wal"):
                source = file.with_name(file.name + end)
                if not end or source.exists():
                    shutil.copyfile(source, part.with_name(part.name + end))
        except OSError as error:
            raise StoreError(f"{file}: can't be read: {error.strerror}") from error
        if not _is_sqlite(part):
            raise StoreError(f"{file}: is not an SQLite database; a dump of PostgreSQL is restored by pg_restore")
        with _name_file_in_errors(file), closing(_connect(part)) as connection:
            problem = _integrity(connection)
            if problem:
                raise StoreError(f"{file}: is damaged ({problem}); use another copy")
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"alembic_version", "meta", "edition", "batch", "delivery", "attempt"} <= tables:
            raise StoreError(f"{file}: is an SQLite database, but not a store of digest")
        yield part


def detach(store: Path) -> bool:
    """Make sure that no other process has the store open, and complete its file. False if it cannot be read.

    Raises AlreadyRunning.
    """
    # SQLite deletes the write-ahead log of a file that is not a database.
    if not store.exists() or not _is_sqlite(store):
        return False
    try:
        with closing(_connect(store, wait=_SHORT_WAIT)) as connection:
            # SQLite leaves the WAL only when no other connection is open, and then empties and removes it.
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
            return _integrity(connection) is None
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            return False
        raise AlreadyRunning(
            f"another process uses {store}; stop `digest run`, `digest web` and every other digest command first"
        ) from None
    except sqlite3.Error:
        return False


def complete(store: Path) -> None:
    """Write everything into the one file of a closed store. Raises StoreError."""
    with _name_file_in_errors(store), closing(_connect(store)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def replace(store: Path, part: Path, kept: Path) -> None:
    """Put `part` in the store's place, and keep the present store as `kept`. A store exists at every moment.

    Raises StoreError.
    """
    try:
        if store.exists():
            _link(store, kept)
        for end in SIDE_FILES:
            left = store.with_name(store.name + end)
            if left.exists():
                # SQLite would apply a write-ahead log that is left over to the new store.
                left.replace(kept.with_name(kept.name + end)).chmod(PRIVATE_FILE)
    except OSError as error:
        raise StoreError(f"{kept}: the present store can't be kept there: {error.strerror}") from error
    give_to_owner(part, store.parent)
    put(part, store)


def put(part: Path, file: Path) -> None:
    """Give a complete file its name, durably. Raises StoreError."""
    try:
        with part.open("rb+") as opened:
            os.fsync(opened.fileno())
        give_to_owner(part, file)
        part.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise StoreError(f"{file}: can't be written: {error.strerror}") from error


def free_name(store: Path, now: datetime) -> Path:
    """Return a free name for the present store, in the same folder: digest.db.before-restore-2026-11-23-0700."""
    name = f"{store.name}.before-restore-{now:%Y-%m-%d-%H%M%S}"
    for number in range(1000):
        found = store.with_name(f"{name}.{number}" if number else name)
        if not found.exists():
            return found
    raise StoreError(f"{store.parent}: has too many kept stores")


@contextlib.contextmanager
def temporary(file: Path) -> Iterator[Path]:
    """Yield an empty private file next to `file`. Afterwards remove it and SQLite's files for it."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise StoreError(f"{file}: can't be written: {error.strerror}") from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        for end in ("", *SIDE_FILES):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_HEADER)) == _HEADER


def _link(store: Path, kept: Path) -> None:
    try:
        kept.hardlink_to(store)
    except OSError:
        # The file system has no hard links.
        shutil.copy2(store, kept)
    kept.chmod(PRIVATE_FILE)


def _connect(path: Path, *, wait: float = errors.BUSY_SECONDS) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=wait, isolation_level=None)


def _integrity(connection: sqlite3.Connection) -> str | None:
    """Return the first problem that SQLite finds; None if there is none."""
    found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return None if found == "ok" else " ".join(found.split())


@contextlib.contextmanager
def _name_file_in_errors(file: Path) -> Iterator[None]:
    """Turn errors of SQLite into a StoreError that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{file}: {errors.describe(error, make_url('sqlite://'))}") from error
