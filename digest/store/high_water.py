"""The high-water mark: a small file that reveals when the store was replaced by an older copy.

The store counts the batches that were claimed. The file holds the same number. It is raised after a claim is committed
and before the first byte of the batch is sent. If the file is ahead, the store lacks the latest sends, and sending
would mail those recipients again. The file also holds the store's id, so that a new store in place of the old one is
noticed.

A missing file is created: a folder that was moved without it looks like a first start. Copies made by `digest store
backup` are recognised without the file, because each is marked as a copy.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from sqlalchemy import BigInteger, Connection, Text, bindparam, cast, select, update

from digest.errors import StoreError, StoreUnavailable
from digest.store import meta
from digest.store.database import STORE_ID, Database, sqlite_file
from digest.store.schema import meta as values
from digest.store.statements import insert_into
from digest.utils.files import acquire_lock, open_private, sync_folder

_STOP = "Stop `digest run`, `digest worker` and `digest web`"
REMEDY = f"{_STOP}, then run `digest store restore --in-place`"
# The cause may as well be another `store.url` than before.
_LOST = (
    f"Check 'store.url'. If the store is lost, {_STOP.lower()}, and put the newest backup in its place: {{restore}}. "
    "Only if there is none run `digest store restore --in-place`: who unsubscribed, bounced or paused is forgotten then"
)

# Names in the table `meta`.
CLAIMS, COPIED_AT = "claims", "copied at"
# The store that `digest store copy` moved this one to.
MOVED_TO = "moved to"
# Always of the same length, so that it is overwritten in place: one small write and one fdatasync.
_LINE = re.compile(rb"digest-mark 1 ([0-9a-f]{32}) ([0-9]{20})\n")
# Not all systems have it.
_fdatasync = getattr(os, "fdatasync", os.fsync)
# Seconds. A process holds the lock for a tenth of a millisecond, and filelock's own pause of 50 ms between two tries
# would slow several workers down.
_LOCK_TIMEOUT, _TRY_AGAIN = 15, 0.002

_count = (
    update(values)
    .where(values.c.name == CLAIMS)
    .values(value=cast(cast(values.c.value, BigInteger) + bindparam("more", type_=BigInteger), Text))
    .returning(values.c.value)
)


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    store: str
    # Number of batches claimed.
    claims: int


class MarkFile:
    """The mark file. Threads may share it, and processes if it is `shared`. Its number only grows."""

    def __init__(self, path: Path, *, shared: bool = True) -> None:
        self.path = path
        self.shared = shared
        self._lock = Lock()

    def read(self) -> HighWaterMark | None:
        """Return None if the file is missing, or empty after a crash while it was created. Raises StoreError."""
        try:
            line = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.path}: can't be read: {error.strerror}") from error
        if not line:
            return None
        found = _LINE.fullmatch(line)
        if found is None:
            raise StoreError(f"{self.path}: is damaged, so an older copy of the store can't be detected. {REMEDY}")
        return HighWaterMark(found[1].decode(), int(found[2]))

    def raise_to(self, mark: HighWaterMark) -> None:
        """Write the mark unless the file already holds a higher number, and make it durable. Raises StoreError."""
        with self._open() as file:
            with self._hold_lock():
                found = self.read()
                if found is not None and found.store != mark.store:
                    raise StoreError(f"{self.path}: belongs to another store")
                if found is None or found.claims < mark.claims:
                    _overwrite(file, mark)
            # Without the lock, because it takes milliseconds. A higher number may not be synced by its process yet.
            self._sync(file, is_new=found is None)

    def replace(self, mark: HighWaterMark) -> None:
        """Overwrite the mark durably. Raises StoreError."""
        with self._open() as file, self._hold_lock():
            _overwrite(file, mark)
            self._sync(file, is_new=True)

    @contextlib.contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        try:
            with os.fdopen(open_private(self.path, os.O_RDWR), "r+b", buffering=0) as file:
                yield file
        except OSError as error:
            raise StoreUnavailable(f"{self.path}: can't be written: {error.strerror}") from error

    @contextlib.contextmanager
    def _hold_lock(self) -> Iterator[None]:
        # A lock file costs twice as much as the write.
        with self._lock, self._locked_for_processes() if self.shared else nullcontext():
            yield

    @contextlib.contextmanager
    def _locked_for_processes(self) -> Iterator[None]:
        from filelock import Timeout

        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            held = acquire_lock(lock, _LOCK_TIMEOUT, try_again=_TRY_AGAIN)
        except Timeout:
            raise StoreError(f"{self.path}: another process keeps it locked") from None
        with held:
            yield

    def _sync(self, file: BinaryIO, *, is_new: bool) -> None:
        if is_new:
            os.fsync(file.fileno())
            sync_folder(self.path.parent)
        else:
            _fdatasync(file.fileno())


def _overwrite(file: BinaryIO, mark: HighWaterMark) -> None:
    file.write(f"digest-mark 1 {mark.store} {mark.claims:020}\n".encode())
    file.truncate()


class HighWater:
    """Compares a store with its mark file, and keeps both up to date."""

    def __init__(self, database: Database, file: MarkFile, zone: tzinfo = UTC) -> None:
        """Times in messages are in `zone`."""
        self.database = database
        self.file = file
        self.zone = zone
        self._store: str | None = None
        # As of the last claim.
        self._claims = 0

    def problem(self) -> str | None:
        """Return the reason why this store must not be sent from, in one sentence; None if it may. Changes nothing."""
        try:
            # Reads the file first: the store is always raised before it.
            mark = self.file.read()
        except StoreError as error:
            return str(error)
        return self._problem(mark, read_identity(self.database))

    def refuse_moved(self) -> None:
        """Raise StoreError if the store was moved: changes that people make on its pages would be lost."""
        moved_to = meta.get(self.database, MOVED_TO)
        if moved_to is not None:
            raise StoreError(self._describe_move(moved_to))

    def _describe_move(self, to: str) -> str:
        return (
            f"store {self.database.name} was copied to {to}, and nothing is sent from this one. Set store.url to the "
            "copy. If there is no copy, run the same `digest store copy` again"
        )

    def check(self) -> str:
        """Check the store before a send. Creates a missing file. Raises StoreError for an older copy.

        Returns the store's id.
        """
        mark = self.file.read()
        found = read_identity(self.database)
        if problem := self._problem(mark, found):
            raise StoreError(problem)
        self._store = found.store or meta.get_or_create(self.database, STORE_ID, lambda: secrets.token_hex(16))
        if mark is None:
            self.file.raise_to(HighWaterMark(self._store, found.claims))
        return self._store

    def count(self, connection: Connection, batches: int) -> None:
        """Count claimed batches, in the transaction of the claim."""
        total = connection.execute(_count, {"more": batches}).scalar()
        if total is None:
            # On PostgreSQL two processes may be the first.
            first = insert_into(connection, values).values(name=CLAIMS, value="0")
            connection.execute(first.on_conflict_do_nothing())
            total = connection.execute(_count, {"more": batches}).scalar_one()
        self._claims = int(total)

    def record(self) -> None:
        """Raise the file to the last number that this process counted.

        Call it after the commit and before the first byte is sent.
        """
        self.file.raise_to(HighWaterMark(self._store or self.check(), self._claims))

    def _problem(self, mark: HighWaterMark | None, found: StoreIdentity) -> str | None:
        name = self.database.name
        if found.copied_at is not None:
            made = f"{found.copied_at.astimezone(self.zone):%Y-%m-%d %H:%M}"
            return f"store {name} is a copy of {made} that was put in place by hand; nothing is sent. {REMEDY}"
        if found.moved_to is not None:
            return self._describe_move(found.moved_to)
        if mark is None:
            return None
        if mark.store != found.store:
            by = (
                "`digest store restore FILE`"
                if self.database.sqlite
                else "pg_restore, then `digest store restore --in-place`"
            )
            return (
                f"store {name} is not the store from which this folder has sent ({self.file.path.name}); "
                f"nothing is sent. {_LOST.format(restore=by)}"
            )
        if mark.claims > found.claims:
            behind = mark.claims - found.claims
            return (
                f"store {name} is an older copy: it does not know the last {behind} batches that were handed over "
                f"({self.file.path.name}); nothing is sent. {REMEDY}"
            )
        return None


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """The identity that a store records. `store` is its id, empty in stores of 0.1.0 that have not sent since."""

    store: str
    claims: int
    # When it was copied, if it is a copy by `digest store backup`.
    copied_at: datetime | None
    # The store that replaced this one by `digest store copy`.
    moved_to: str | None = None


def read_identity(database: Database) -> StoreIdentity:
    rows = select(values.c.name, values.c.value).where(values.c.name.in_((STORE_ID, CLAIMS, COPIED_AT, MOVED_TO)))
    found: dict[str, str] = dict(database.query(rows).all())
    copied = found.get(COPIED_AT)
    return StoreIdentity(
        found.get(STORE_ID, ""),
        int(found.get(CLAIMS, 0)),
        datetime.fromisoformat(copied) if copied else None,
        found.get(MOVED_TO),
    )


def mark_file(database: Database, home: Path) -> MarkFile:
    """Return the mark file. It is next to an SQLite store. For a PostgreSQL store it is in the newsletter's folder."""
    if database.sqlite:
        store = sqlite_file(database)
        # One process sends at a time.
        return MarkFile(store.with_name(f"{store.name}.mark"), shared=False)
    return MarkFile(home / "digest.mark")
