"""One process at a time at one piece of work, by a lock that the system takes back when its holder dies.

A file lock beside an SQLite store, an advisory lock on a PostgreSQL one: no lease, no clock, nothing stale.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from digest.errors import Busy
from digest.store.database import Database

_PAUSE = 0.2


@contextmanager
def alone(database: Database, work: str, *, wait: float) -> Iterator[None]:
    """Holds the lock named `work`, after waiting for it at most `wait` seconds. Raises Busy."""
    taken = _file(database, work, wait) if database.engine.dialect.name == "sqlite" else _advisory(database, work, wait)
    with taken:
        yield


@contextmanager
def _file(database: Database, work: str, wait: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    store = Path(str(database.engine.url.database)).resolve()
    name = hashlib.sha256(work.encode()).hexdigest()[:8]
    lock = FileLock(f"{store}.{name}.lock", timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(f"another digest process is at it ({work}); nothing was done") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _advisory(database: Database, work: str, wait: float) -> Iterator[None]:
    until = time.monotonic() + wait
    with database.engine.connect() as connection:
        # Advisory locks span the database; two newsletters may live in two schemas of one.
        schema = connection.execute(text("SELECT current_schema()")).scalar()
        key = int.from_bytes(hashlib.sha256(f"{schema} {work}".encode()).digest()[:8], "big", signed=True)
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
            connection.rollback()
            if time.monotonic() >= until:
                raise Busy(f"another digest process is at it ({work}); nothing was done")
            time.sleep(_PAUSE)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
            connection.commit()
