"""Locks between processes. The system releases them when their holder dies, so none becomes stale.

They are files next to an SQLite store, and advisory locks in PostgreSQL. On SQLite one process sends at a time; it
lends its lock to one that sends breaking news. On PostgreSQL one process at a time prepares an edition, and several
deliver it, each with its own run id.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from digest.errors import AlreadyRunning, StoreError, StoreUnavailable
from digest.store import meta
from digest.store.database import Database, sqlite_file
from digest.utils.files import acquire_lock

# Seconds between two tries to get a lock.
_PAUSE = 0.2
# The lock of a run that delivers, and the name under which the store keeps the run's id.
_DELIVERING = "delivering"
# Seconds. A process that is stopped between two statements keeps the rows that it changed locked, and all others wait.
# PostgreSQL ends its session after this time, as if the machine were gone.
_MAX_IDLE = 10.0
# Held by a process that sends breaking news, from before it waits for its turn.
_URGENT = "sending breaking news"
# Seconds between checks by a process that lent its lock.
_LENT_PAUSE = 0.5
# Seconds. A process that only checks whether a run lives holds its lock for a moment.
_PROBE_WAIT = 5.0


class Lock:
    """A lock that this process holds."""

    def __init__(self, database: Database, work: str, held: ExitStack, connection: Connection | None) -> None:
        self._database, self._work, self._held = database, work, held
        # On PostgreSQL the connection that has the lock.
        self._connection = connection

    def downgrade(self) -> None:
        """Share the lock: on PostgreSQL several processes may deliver at once."""
        if self._connection is not None:
            self._held.close()

    def lend(self, stop: threading.Event) -> bool:
        """On SQLite, let the process that sends breaking news have the lock, and take it back. False if `stop` is set.

        Call it only while nothing is in flight. After False the lock is no longer held.
        """
        self._held.close()
        while not stop.is_set():
            if not urgent_waits(self._database):
                try:
                    self._held.enter_context(_file(self._database, self._work, _LENT_PAUSE))
                except AlreadyRunning:
                    continue
                return True
            stop.wait(_LENT_PAUSE)
        return False

    def is_held(self) -> bool:
        """Whether the lock is still held. PostgreSQL releases it when the connection breaks."""
        if self._connection is None:
            return True
        return _is_connected(self._database, self._connection)


def _is_connected(database: Database, connection: Connection) -> bool:
    """Whether the connection, and with it its lock, still exists. Renews the clock on the way."""
    # SQLAlchemy would connect again, without the lock.
    if connection.invalidated:
        return False
    try:
        database.set_clock(connection)
        connection.commit()
    except SQLAlchemyError:
        return False
    return True


@contextmanager
def exclusive(database: Database, work: str, *, wait: float) -> Iterator[Lock]:
    """Hold the lock named `work`, such as `sending`. Raises AlreadyRunning after `wait` seconds."""
    with ExitStack() as held:
        if database.sqlite:
            held.enter_context(_file(database, work, wait))
            yield Lock(database, work, held, None)
        else:
            yield Lock(database, work, held, held.enter_context(_advisory(database, work, wait)))


@contextmanager
def urgent(database: Database, *, wait: float) -> Iterator[None]:
    """Inside the block this process sends breaking news. On SQLite, another sending process lends it its lock.

    Raises AlreadyRunning after `wait` seconds while another process sends breaking news.
    """
    with exclusive(database, _URGENT, wait=wait):
        yield


def urgent_waits(database: Database) -> bool:
    """Whether another process waits to send breaking news, or sends it. On PostgreSQL the wait is short."""
    if not database.sqlite:
        return False
    try:
        with _file(database, _URGENT, 0.0):
            return False
    except AlreadyRunning:
        return True
    except StoreError:
        return False


class RunLock:
    """While it is held, `run` counts as running. On PostgreSQL it is lost with its connection."""

    def __init__(self, database: Database, run: str, held: ExitStack) -> None:
        self.run = run
        self._database, self._held = database, held
        # That of the lock; None on SQLite.
        self._connection: Connection | None = None

    def acquire(self) -> None:
        if self._database.sqlite:
            # Its own lock, so that a process that only checks it does not look like one that sends.
            self._held.enter_context(_file(self._database, _DELIVERING, _PROBE_WAIT))
            with self._database.write() as connection:
                meta.put(connection, _DELIVERING, self.run)
        else:
            self._connection = self._held.enter_context(_advisory(self._database, f"run {self.run}", wait=0.0))
            with self._database.translate_errors(), self._connection.begin():
                limit = f"SET idle_in_transaction_session_timeout = {round(1000 * _MAX_IDLE)}"
                self._connection.exec_driver_sql(limit)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Like `Database.transaction`, on PostgreSQL in the lock's session, without which nothing can be committed.

        Only one thread at a time may use it, or `is_held`.
        """
        if self._database.sqlite:
            with self._database.transaction():
                yield
            return
        # SQLAlchemy would use another session instead of one that broke.
        if self._connection is None or self._connection.invalidated:
            self._connection = None
            raise StoreUnavailable(f"store {self._database.name} closed the connection that marks this run")
        with self._database.transaction(self._connection):
            yield

    def is_held(self) -> bool:
        if self._connection is None:
            return self._database.sqlite
        if not _is_connected(self._database, self._connection):
            self._connection = None
        return self._connection is not None

    def renew(self) -> str:
        """Return the id of the run that counts as running from now on. It is a new one if the lock was lost.

        The server may keep the lost lock until it notices that the connection is broken.
        """
        if not self.is_held():
            self._held.close()
            self.run = secrets.token_hex(8)
            self.acquire()
        return self.run


@contextmanager
def mark_running(database: Database, run: str) -> Iterator[RunLock]:
    """Inside the block, and as long as this process lives, `run` counts as running."""
    with ExitStack() as held:
        lock = RunLock(database, run, held)
        lock.acquire()
        yield lock


def running_runs(database: Database, runs: Collection[str]) -> set[str]:
    """Return the runs that are still running, without waiting for any lock."""
    if database.sqlite:
        try:
            with _file(database, _DELIVERING, _PAUSE):
                return set()
        except AlreadyRunning:
            return {meta.get(database, _DELIVERING) or ""} & set(runs)
        except StoreError:
            # The folder may be read-only, so nobody can be declared dead.
            return set(runs)
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(current_schema() || ' ' || :work, 0)"
    )
    with database.read() as connection:
        return {run for run in runs if connection.execute(held, {"work": f"run {run}"}).scalar()}


def not_running(connection: Connection, runs: Collection[str]) -> set[str]:
    """Return the runs that ended or died. On SQLite these are all, because the caller holds the only lock."""
    if connection.engine.dialect.name == "sqlite":
        return set(runs)
    free = text("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ' ' || :work, 0))")
    return {run for run in runs if connection.execute(free, {"work": f"run {run}"}).scalar()}


@contextmanager
def _file(database: Database, work: str, wait: float) -> Iterator[None]:
    from filelock import Timeout

    store = sqlite_file(database)
    try:
        held = acquire_lock(store.with_name(f"{store.name}.{work}.lock"), wait)
    except Timeout:
        raise AlreadyRunning(f"another digest process is {work}; nothing was done") from None
    except OSError as error:
        raise StoreError(f"{store.parent}: can't be written: {error.strerror}") from error
    with held:
        yield


@contextmanager
def _advisory(database: Database, work: str, wait: float) -> Iterator[Connection]:
    until = time.monotonic() + wait
    connection = _connect_locked(database, work, until)
    try:
        yield connection
    finally:
        # Closing the session releases the lock, even if the connection is broken.
        with suppress(DBAPIError):
            connection.invalidate()
        connection.close()


def _connect_locked(database: Database, work: str, until: float) -> Connection:
    """Return a new connection that holds the lock. Its key has the schema, for databases with several newsletters."""
    with database.translate_errors():
        connection = database.engine.connect()
        try:
            key = text("SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || :work, 0))")
            while not connection.execute(key, {"work": work}).scalar():
                connection.rollback()
                if time.monotonic() >= until:
                    raise AlreadyRunning(f"another digest process is {work}; nothing was done")
                time.sleep(_PAUSE)
            # The lock is the session's. An open transaction would hold up the server's housekeeping for as long.
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection
