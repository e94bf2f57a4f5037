"""Opens the store, gives transactions, and copies rows in bulk.

On SQLite a write transaction begins IMMEDIATE, so that two writers queue up instead of failing half way. It commits
with synchronous=FULL: the `submitting` mark must survive a power cut, or a recipient gets the email twice
(https://sqlite.org/wal.html#performance_considerations).
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVarTuple, overload

import orjson
from sqlalchemy import URL, Connection, Engine, Executable, Result, Table, create_engine, event, insert, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.sql.selectable import TypedReturnsRows

import digest.store.schema  # noqa: F401  registers every table in the metadata
from digest.errors import ConfigurationError, StoreError, StoreUnavailable
from digest.store import errors
from digest.store.postgresql import (
    connect_arguments,
    ping_idle_connections,
    refuse_other_encodings,
    refuse_transaction_pooling,
)
from digest.store.schema import meta, metadata
from digest.utils.clock import SharedClock
from digest.utils.files import PRIVATE_FILE, open_mode, open_private, real_path

log = logging.getLogger(__name__)

Columns = TypeVarTuple("Columns")

# The name in `meta` under which a store keeps its random id.
STORE_ID = "store id"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Overrides `store.url`.
_VARIABLE = "DIGEST_STORE__URL"
_REVISIONS = sorted(file.stem.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
# The newest migration.
HEAD = _REVISIONS[-1]

# Alembic's own table.
_CREATE_VERSION = """CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""
# SQLite overwrites deleted content with zeros, in pages that it writes anyway.
_SECURE_DELETE = "FAST"
# In bytes. Twice SQLite's default halves the pages to read per batch, and to split as deliveries are inserted.
_PAGE_SIZE = 8192
# KiB per connection: SQLite's default, and for large imports.
_USUAL_CACHE, _LARGE_CACHE = 2_000, 65_536
# Seconds after which the time of PostgreSQL's clock is asked again.
_CLOCK_AGE = 30.0
# Rows in one statement of `copy_rows`.
_CHUNK = 1_000
# What SQLite appends to the name of the store for its other files.
SIDE_FILES = ("-wal", "-shm", "-journal")
# Files that this process has warned about already: some commands open the store many times.
_warned: set[Path] = set()
# The time.monotonic() at which this work stops waiting. None: each transaction may wait BUSY_SECONDS.
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@dataclass(slots=True)
class _Snapshot:
    """The transaction of a `Database.snapshot`. `opened` ends it."""

    opened: ExitStack
    connection: Connection | None = None
    is_current: bool = True


class Database:
    """An open store. `read` and `write` open one transaction each."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        # Follows PostgreSQL's time, which all machines share.
        self.clock: SharedClock | None = None
        self.sqlite = engine.dialect.name == "sqlite"
        # SQLite lets waiting writers poll with growing pauses. This queue is faster.
        self._lock = threading.RLock()
        # `connection` is that of this thread's `transaction`, `snapshot` its `snapshot`.
        self._local = threading.local()

    @contextmanager
    def write(self, area: str = "", *, durable: bool = True) -> Iterator[Connection]:
        """Yield a transaction that is durable when the block ends, and rolled back if it raises.

        Raises StoreError, and StoreUnavailable for a temporary cause such as a full disk.

        Writers with the same `area` run one after the other, for transactions that read before they insert. On SQLite a
        commit that is not `durable` survives the death of this process, but perhaps not a power cut.
        """
        if within := getattr(self._local, "connection", None):
            self.advisory_lock(within, area)
            yield within
            return
        if held := self._snapshot:
            # Later reads must see what is written here.
            held.is_current = False
        with self.translate_errors(), self.write_lock(), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            pragma = nullcontext() if durable else self._pragma(connection, "synchronous", "NORMAL", "FULL")
            with pragma, connection.begin():
                self._begin(connection)
                self.advisory_lock(connection, area)
                yield connection

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Let one thread write at a time on SQLite. Raises StoreError after SQLite's own timeout (`wait_limit`)."""
        # Without a timeout, threads that queue behind a locked file would wait for SQLite's one after the other.
        if self.sqlite and not self._lock.acquire(timeout=seconds_left()):
            raise StoreUnavailable(f"store {self.name} is busy; another thread is writing. Try again later")
        try:
            yield
        finally:
            if self.sqlite:
                self._lock.release()

    @contextmanager
    def transaction(self, session: Connection | None = None, *, area: str = "") -> Iterator[None]:
        """Make every `write` and `read` of this thread inside the block one transaction, rolled back if it raises.

        On PostgreSQL it can use a given `session`, which no other thread uses meanwhile. `area` is as for `write`.
        """
        with self.write(area) if session is None else self._within(session) as connection, self._sharing(connection):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make every `read` of this thread inside the block one transaction, for a page of many small queries.

        On PostgreSQL each transaction takes three round trips besides its queries. The first `read` begins it. After a
        `write`, or a read that failed, reads are transactions of their own.
        """
        if self._snapshot:
            yield
            return
        with ExitStack() as opened:
            self._local.snapshot = _Snapshot(opened)
            try:
                yield
            finally:
                del self._local.snapshot

    @property
    def _snapshot(self) -> _Snapshot | None:
        """This thread's snapshot, if it may still be used."""
        held: _Snapshot | None = getattr(self._local, "snapshot", None)
        return held if held and held.is_current else None

    @contextmanager
    def _sharing(self, connection: Connection) -> Iterator[None]:
        """Let every transaction of this thread inside the block use this connection."""
        outer = getattr(self._local, "connection", None)
        self._local.connection = connection
        try:
            yield
        finally:
            if outer is None:
                del self._local.connection
            else:
                self._local.connection = outer

    @contextmanager
    def _within(self, session: Connection) -> Iterator[Connection]:
        with self.translate_errors(), session.begin():
            self._begin(session)
            yield session

    def advisory_lock(self, connection: Connection, area: str) -> None:
        """Wait for other write transactions of the same `area`. SQLite has one writer anyway."""
        if area and not self.sqlite:
            key = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || :area, 0))")
            connection.execute(key, {"area": area})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a read-only transaction that sees one snapshot."""
        if within := getattr(self._local, "connection", None):
            yield within
        elif held := self._snapshot:
            try:
                with self.translate_errors():
                    held.connection = held.connection or held.opened.enter_context(self._read())
                    yield held.connection
            except StoreError:
                # PostgreSQL refuses every further statement of this transaction.
                held.is_current = False
                raise
        else:
            with self._read() as connection:
                yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self.translate_errors(), self.engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                self._begin(connection)
                yield connection

    @overload
    def query(
        self, statement: TypedReturnsRows[*Columns], parameters: Mapping[str, Any] | None = None
    ) -> Result[*Columns]: ...
    @overload
    def query(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Result[*tuple[Any, ...]]: ...
    def query(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Result[*tuple[Any, ...]]:
        """Run one query in a transaction of its own. The result is in memory, so not for a row per subscriber."""
        with self.read() as connection:
            return connection.execute(statement, parameters).freeze()()

    def change(self, statement: Executable, *, area: str = "", durable: bool = True) -> int:
        """Run one UPDATE or DELETE in a `write` of its own. Returns the number of its rows."""
        with self.write(area, durable=durable) as connection:
            return connection.execute(statement).rowcount

    def _begin(self, connection: Connection) -> None:
        """Apply this work's `wait_limit` to the locks of a PostgreSQL transaction, and renew the clock.

        SQLite's `begin` applies the limit itself.
        """
        if self.sqlite:
            return
        if is_limited():
            # 0 would mean no limit.
            milliseconds = max(1, round(seconds_left() * 1000))
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
        if self.clock and self.clock.age > _CLOCK_AGE:
            self.set_clock(connection)

    def set_clock(self, connection: Connection) -> None:
        """Make `clock` follow the server's. Takes one round trip, which also tests the connection."""
        now = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        if self.clock:
            self.clock.set(now)

    def secure_delete(self, connection: Connection) -> AbstractContextManager[None]:
        """Inside the block SQLite overwrites everything deleted with zeros, including whole pages."""
        return self._pragma(connection, "secure_delete", "ON", _SECURE_DELETE)

    def larger_cache(self, connection: Connection) -> AbstractContextManager[None]:
        """Inside the block SQLite caches more pages, for inserts that are spread over all pages of an index."""
        return self._pragma(connection, "cache_size", f"-{_LARGE_CACHE}", f"-{_USUAL_CACHE}")

    @contextmanager
    def _pragma(self, connection: Connection, name: str, within: str, usual: str) -> Iterator[None]:
        """Set a pragma of this SQLite connection inside the block."""
        if not self.sqlite:
            yield
            return
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA {name}={within}")
        try:
            yield
        finally:
            driver.execute(f"PRAGMA {name}={usual}")

    def truncate_wal(self) -> None:
        """Copy SQLite's write-ahead log into the file and empty it, as far as no reader needs it."""
        if self.sqlite:
            with self.translate_errors(), self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Translate database errors into a StoreError of one sentence; temporary ones into a StoreUnavailable."""
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            kind = StoreUnavailable if errors.is_transient(error) else StoreError
            raise kind(f"store {self.name} {errors.describe(error, self.engine.url)}") from error


class StorePart:
    """Reads and writes some of the store's tables."""

    def __init__(self, database: Database) -> None:
        self.database = database


def open_database(url: str, *, home: Path, clock: SharedClock | None = None) -> Database:
    """Open the store at `url`, and create or migrate it if necessary. Relative SQLite paths start at `home`.

    SQLite's files are then for their owner only. A PostgreSQL store keeps `clock` on the server's time. Raises
    ConfigurationError for an unusable URL, and StoreError if it is locked, read-only, from a newer or an unreleased
    version, or behind a pooler in transaction mode.
    """
    database = unopened(url, home=home)
    database.clock = clock
    if database.sqlite:
        keep_private(Path(str(database.engine.url.database)))
    try:
        with database.translate_errors():
            if not database.sqlite:
                refuse_transaction_pooling(database.engine, database.name)
            _bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return database


def unopened(url: str, *, home: Path) -> Database:
    """Return the store at `url` without opening or creating it. Raises ConfigurationError for an unusable URL."""
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername == "sqlite":
            name = str(parsed.database or "")
            if name in ("", ":memory:") or name.startswith("file:") or parsed.query:
                raise ValueError("the store is a file")
            parsed = parsed.set(database=str(home / name))
            engine = _sqlite(parsed)
        elif parsed.drivername == "postgresql+psycopg":
            if not parsed.database:
                raise ValueError("the database's name is missing")
            if "@" in (parsed.host or ""):
                raise ValueError("a @ too many")
            engine = _postgresql(parsed)
        else:
            raise ValueError(f"{parsed.drivername} is neither sqlite nor postgresql")
    except ModuleNotFoundError:
        missing = "'store.url' needs the PostgreSQL driver; install hindi-digest[postgres]"
        raise ConfigurationError.at("digest.yaml", missing) from None
    except (ArgumentError, NoSuchModuleError, ValueError, TypeError) as error:
        expected = "expected sqlite:///digest.db or postgresql://user@host/name"
        message = f"'store.url': {expected} ({errors.describe_unusable(error)})"
        where = _VARIABLE if os.environ.get(_VARIABLE) == url else "digest.yaml"
        raise ConfigurationError.at(where, message) from None
    return Database(engine, _name(parsed))


def _name(url: URL) -> str:
    """Return the store's name in errors: its URL without user, password and query."""
    return f"{url.host or 'localhost'}/{url.database}" if url.host or url.query else str(url.database)


def _sqlite(url: Any) -> Engine:
    arguments = {"timeout": errors.BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(
        url,
        max_overflow=-1,
        pool_use_lifo=True,
        connect_args=arguments,
        json_serializer=as_json,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The module's own BEGIN is never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        _set_busy_timeout(connection)
        # Only has an effect on a new file.
        cursor.execute(f"PRAGMA page_size={_PAGE_SIZE}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA secure_delete={_SECURE_DELETE}")
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        driver: Any = connection.connection.driver_connection
        _set_busy_timeout(driver)
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _set_busy_timeout(connection: sqlite3.Connection) -> None:
    """Let the next statements wait for a lock only as long as the work may (`wait_limit`)."""
    connection.execute(f"PRAGMA busy_timeout={round(seconds_left() * 1000)}")


def _postgresql(url: Any) -> Engine:
    arguments = connect_arguments(url)
    engine = create_engine(url, max_overflow=-1, connect_args=arguments, json_serializer=as_json)
    ping_idle_connections(engine)
    refuse_other_encodings(engine, _name(url))
    return engine


def sqlite_file(database: Database) -> Path:
    return real_path(Path(str(database.engine.url.database)))


def as_json(value: Any) -> str:
    """Serialise without escaping Devanagari, which would double its length and triple the time to read it."""
    return json.dumps(value, ensure_ascii=False)


def _bring_up_to_date(database: Database) -> None:
    """Create the tables of a new store, or migrate the tables of an older version."""
    found = schema_version(database)
    if found == HEAD:
        return
    if found is not None and found not in _REVISIONS:
        raise StoreError(
            f"store {database.name} was made by a newer or an unreleased version of digest (schema {found}, this one "
            f"knows {HEAD}); install that version"
        )
    with database.write() as connection:
        if not database.sqlite:
            # If two processes start at once, the second waits here and then has nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7240116)"))
        if _version(connection) is None:
            metadata.create_all(connection, checkfirst=False)
            connection.exec_driver_sql(_CREATE_VERSION)
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
            connection.execute(insert(meta).values(name=STORE_ID, value=secrets.token_hex(16)))
        else:
            _refuse_beside_workers(connection, database.name)
            migrate(connection)


def _refuse_beside_workers(connection: Connection, name: str) -> None:
    """Raise StoreError if live workers use the store: they know the older tables only."""
    from digest.store.workers import a_live_worker

    found = a_live_worker(connection)
    if found:
        version, host = found
        raise StoreError(
            f"a worker of version {version} runs on {host}, and this version migrates store {name}; end all workers "
            "first"
        )


def migrate(connection: Connection) -> None:
    """Run the missing migrations inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def schema_version(database: Database) -> str | None:
    """Return the number of the newest migration in the store. None if it has no tables of ours."""
    with database.read() as connection:
        return _version(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@lru_cache(maxsize=4096)
def format_topics(topics: tuple[str, ...]) -> str:
    """Return the topics as the text of their JSON column.

    Rows are compared by this text, so there is only this one way to write it.
    """
    return as_json(topics)


@contextmanager
def temp_table(connection: Connection, table: Table) -> Iterator[None]:
    """Create a temporary table of this connection, and drop it after the block."""
    table.create(connection, checkfirst=False)
    yield
    table.drop(connection, checkfirst=False)


def copy_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of driver values, in the order of the columns. Reads the iterable in chunks."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    statement = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608
    waiting = iter(rows)
    while part := list(islice(waiting, _CHUNK)):
        connection.exec_driver_sql(statement, part)


def hash_in_memory(connection: Connection) -> None:
    """Let this transaction on PostgreSQL group a large list by hashing, with more memory than usual.

    The planner cannot know that a million subscribers are a few groups, and would sort them by nine texts.
    """
    if connection.dialect.name == "postgresql":
        settings = {"work_mem": "128MB", "maintenance_work_mem": "128MB", "enable_sort": "off"}
        changes = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
        connection.exec_driver_sql(f"SELECT {changes}")


def analyze(connection: Connection, table: Table) -> None:
    """Update PostgreSQL's statistics of a temporary table. Without them it would scan all of it for every batch."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def keep_private(store: Path) -> None:
    """Create a missing store file with mode 0600, and take other users' access to an existing one away.

    It holds addresses, and the key that signs links. SQLite gives its `-wal`, `-shm` and `-journal` files the same mode
    (findCreateFileMode in os_unix.c).

    Warns if that is not possible. A store that cannot be created or read is reported when it is opened.
    """
    store = real_path(store)
    if not store.exists():
        # Never an existing file: closing it would release this process's locks on it
        # (https://sqlite.org/howtocorrupt.html, 2.2).
        with suppress(OSError):
            os.close(open_private(store, os.O_WRONLY | os.O_EXCL))
    for file in (store, *(store.with_name(store.name + suffix) for suffix in SIDE_FILES)):
        with suppress(FileNotFoundError):
            _close_to_others(file)


def _close_to_others(file: Path) -> None:
    mode = open_mode(file)
    if not mode:
        return
    reason = "its mode has no effect here"
    try:
        file.chmod(PRIVATE_FILE)
    except FileNotFoundError:
        return
    except OSError as error:
        reason = str(error.strerror)
    if not open_mode(file):
        log.warning("%s had mode %04o, which gives other users access; it is now 0600, for its owner only", file, mode)
    elif file not in _warned:
        _warned.add(file)
        log.warning(
            "%s has mode %04o, which gives other users access, and cannot be changed (%s); its owner can run chmod 600",
            file,
            mode,
            reason,
        )


@contextmanager
def wait_limit(seconds: float) -> Iterator[None]:
    """Limit the waiting inside the block to `seconds` from now, also in threads that copy its context.

    Without a limit, each transaction may wait for the full time, even after its work has waited for a thread or for
    another writer.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_limited() -> bool:
    return _deadline.get() is not None


def seconds_left() -> float:
    """Return the seconds that the next transaction may wait, from 0 to BUSY_SECONDS."""
    deadline = _deadline.get()
    if deadline is None:
        return errors.BUSY_SECONDS
    return min(errors.BUSY_SECONDS, max(0.0, deadline - time.monotonic()))
