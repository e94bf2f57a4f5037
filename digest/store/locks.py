"""Who is at work, by locks that the system takes back when their holder dies: no lease, no clock, nothing stale.

A file lock beside an SQLite store, advisory locks on a PostgreSQL one. On SQLite one process sends at a time; on
PostgreSQL one at a time prepares, and any number hand over together, each known by its run.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from digest.errors import AlreadyRunning, StoreError
from digest.store import meta
from digest.store.database import Database

_PAUSE = 0.2
_AT_WORK = "delivering"
_PROBED = 5.0  # seconds for which lookers, one after the other, may be in the way


class Lock:
    """The turn of a process at one piece of work."""

    def __init__(self, held: ExitStack, *, shared: bool) -> None:
        self._held, self._shared = held, shared

    def downgrade(self) -> None:
        """What comes now may be done by several processes at once: on PostgreSQL the next one has its turn."""
        if self._shared:
            self._held.close()


@contextmanager
def exclusive(database: Database, work: str, *, wait: float) -> Iterator[Lock]:
    """Holds the lock named `work` (a word such as `sending`), after waiting at most `wait` seconds. Raises Busy."""
    one_file = database.engine.dialect.name == "sqlite"
    with ExitStack() as held:
        held.enter_context((_file if one_file else _advisory)(database, work, wait))
        yield Lock(held, shared=not one_file)


@contextmanager
def mark_running(database: Database, run: str) -> Iterator[None]:
    """Shows that the attempts of `run` are in living hands, for as long as this process lives or the block lasts."""
    if database.engine.dialect.name == "sqlite":
        # A lock of its own: who only asks for it must not be taken for one who sends.
        with _file(database, _AT_WORK, _PROBED):
            with database.write() as connection:
                meta.put(connection, _AT_WORK, run)
            yield
    else:
        with _advisory(database, f"run {run}", wait=0.0):
            yield


def running_runs(database: Database, runs: Collection[str]) -> set[str]:
    """Those of the runs that somebody is at work on, for one who only looks and is in nobody's way."""
    if database.engine.dialect.name == "sqlite":
        try:
            with _file(database, _AT_WORK, _PAUSE):
                return set()
        except AlreadyRunning:
            return {meta.get(database, _AT_WORK)} & set(runs)
        except StoreError:  # a folder that may be read only: nobody here can tell, so nobody is declared dead
            return set(runs)
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(current_schema() || ' ' || :work, 0)"
    )
    with database.read() as connection:
        return {run for run in runs if connection.execute(held, {"work": f"run {run}"}).scalar()}


def not_running(connection: Connection, runs: Collection[str]) -> set[str]:
    """Those of the runs that nobody is at work on any more. On SQLite, where the caller is alone, all of them."""
    if connection.engine.dialect.name == "sqlite":
        return set(runs)
    free = text("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ' ' || :work, 0))")
    return {run for run in runs if connection.execute(free, {"work": f"run {run}"}).scalar()}


@contextmanager
def _file(database: Database, work: str, wait: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    store = Path(str(database.engine.url.database)).resolve()
    lock = FileLock(store.with_name(f"{store.name}.{work}.lock"), timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        raise AlreadyRunning(f"another digest process is {work}; nothing was done") from None
    except OSError as error:
        raise StoreError(f"{store.parent}: can't be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _advisory(database: Database, work: str, wait: float) -> Iterator[None]:
    until = time.monotonic() + wait
    connection = _locked(database, work, until)
    try:
        yield
    finally:
        # Closing the session gives the lock back, also where the line to the server is dead by now.
        with suppress(DBAPIError):
            connection.invalidate()
        connection.close()


def _locked(database: Database, work: str, until: float) -> Connection:
    """A connection of its own that holds the lock. Advisory locks span the database, so the key names the schema:
    two newsletters may live in two schemas of one."""
    with database.translate_errors():
        connection = database.engine.connect()
        try:
            key = text("SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || :work, 0))")
            while not connection.execute(key, {"work": work}).scalar():
                connection.rollback()
                if time.monotonic() >= until:
                    raise AlreadyRunning(f"another digest process is {work}; nothing was done")
                time.sleep(_PAUSE)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection
