"""One process at a time at one piece of work, by a lock that the system takes back when its holder dies.

A file lock beside an SQLite store, an advisory lock on a PostgreSQL one: no lease, no clock, nothing stale.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from digest.errors import Busy, StoreError
from digest.store.database import Database

_PAUSE = 0.2


@contextmanager
def alone(database: Database, work: str, *, wait: float) -> Iterator[None]:
    """Holds the lock named `work` (a word such as `sending`), after waiting at most `wait` seconds. Raises Busy."""
    taken = _file(database, work, wait) if database.engine.dialect.name == "sqlite" else _advisory(database, work, wait)
    with taken:
        yield


@contextmanager
def _file(database: Database, work: str, wait: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    store = Path(str(database.engine.url.database)).resolve()
    lock = FileLock(store.with_name(f"{store.name}.{work}.lock"), timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(f"another digest process is {work}; nothing was done") from None
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
    with database.said():
        connection = database.engine.connect()
        try:
            key = text("SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || :work, 0))")
            while not connection.execute(key, {"work": work}).scalar():
                connection.rollback()
                if time.monotonic() >= until:
                    raise Busy(f"another digest process is {work}; nothing was done")
                time.sleep(_PAUSE)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection
