"""Opens the store: engine, pragmas, migrations, and the words for what can be wrong with a database.

Every write transaction on SQLite begins IMMEDIATE, so that two writers queue up instead of failing half way, and
commits with synchronous=FULL: the `submitting` mark must survive a power cut, or a reader gets the letter twice
(https://sqlite.org/wal.html#performance_considerations).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

import digest.store.schema  # noqa: F401  registers every table in the metadata
from digest.errors import ConfigProblem, ConfigurationError, StoreError
from digest.store import errors
from digest.store.schema import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = max(file.stem.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
"""The newest migration."""

_ZEROED = "FAST"
"""What SQLite overwrites with zeros when it is deleted: whatever lies in a page that is written anyway."""

_PAGE = 8192
"""Bytes: half as many to fetch for what is kept of a batch, and to split as deliveries are added."""

_USUAL_ROOM, _ROOM = 2_000, 65_536
"""KiB of the file that a connection keeps at hand: SQLite's own, and many."""


class Database:
    """An open store. `read()` and `write()` give a connection inside one transaction each."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        # SQLite lets one write at a time and has the others ask again after pauses that grow: our own queue is faster.
        self._lock = threading.RLock()
        self.write_lock = self._lock if engine.dialect.name == "sqlite" else nullcontext()
        self.shared = threading.local()  # `.connection`: that of this thread's `transaction`

    @contextmanager
    def write(self, area: str = "", *, durable: bool = True) -> Iterator[Connection]:
        """One transaction, durable when the block ends; rolled back when it raises. StoreError when it can't.

        Writers who name the same `area` go one after the other, for work that looks before it inserts. SQLite has
        one writer at a time anyway. On SQLite a commit that is not `durable` survives the death of this process, but
        perhaps not a power cut.
        """
        if within := getattr(self.shared, "connection", None):
            if area:
                self.advisory_lock(within, area)
            yield within
            return
        with self.translate_errors(), self._write_turn(), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with (
                nullcontext() if durable else self._set(connection, "synchronous", "NORMAL", "FULL"),
                connection.begin(),
            ):
                if area:
                    self.advisory_lock(connection, area)
                yield connection

    @contextmanager
    def _write_turn(self) -> Iterator[None]:
        """This thread's turn to write on SQLite. Raises StoreError when it takes longer than SQLite's own timeout."""
        if self.engine.dialect.name != "sqlite":
            yield
            return
        # Without a limit, threads that queue behind a locked file would wait for the timeout one after the other.
        if not self._lock.acquire(timeout=errors.BUSY_SECONDS):
            raise StoreError(f"store {self.name} is busy; another thread is writing. Try again later")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Every `write` and `read` of this thread within the block is part of one transaction, durable when the block
        ends; when anything in it raises, nothing of it is done."""
        with self.write() as connection:
            self.shared.connection = connection
            try:
                yield
            finally:
                del self.shared.connection

    def advisory_lock(self, connection: Connection, area: str) -> None:
        """Makes a write transaction wait for the others that name the same `area`, as `write` does."""
        if self.engine.dialect.name == "postgresql":
            key = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || :area, 0))")
            connection.execute(key, {"area": area})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only looks, and sees one moment throughout."""
        if within := getattr(self.shared, "connection", None):
            yield within
            return
        with self.translate_errors(), self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def secure_delete(self, connection: Connection) -> Iterator[None]:
        """Within the block SQLite overwrites with zeros what this connection deletes, whole pages too."""
        with self._set(connection, "secure_delete", "ON", _ZEROED):
            yield

    @contextmanager
    def larger_cache(self, connection: Connection) -> Iterator[None]:
        """Within the block SQLite keeps more of the file at hand, for indexes that grow in all places at once."""
        with self._set(connection, "cache_size", f"-{_ROOM}", f"-{_USUAL_ROOM}"):
            yield

    @contextmanager
    def _set(self, connection: Connection, pragma: str, within: str, usual: str) -> Iterator[None]:
        """A setting of SQLite's for this connection alone, as long as the block lasts."""
        if self.engine.dialect.name != "sqlite":
            yield
            return
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA {pragma}={within}")
        try:
            yield
        finally:
            driver.execute(f"PRAGMA {pragma}={usual}")

    def truncate_wal(self) -> None:
        """On SQLite: brings the log back into the file and empties it, as far as nobody reads from it just now."""
        if self.engine.dialect.name == "sqlite":
            with self.translate_errors(), self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turns what the database raises into a StoreError with one sentence."""
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            raise StoreError(f"store {self.name} {errors.describe(error, self.engine.url)}") from error


def open_database(url: str, *, home: Path) -> Database:
    """The store at `url` (relative SQLite paths count from `home`), made or migrated when need be.

    Raises ConfigurationError for an unusable URL and StoreError when it is locked, read-only or from a newer version.
    """
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
        raise ConfigurationError([ConfigProblem("digest.yaml", 0, missing)]) from None
    except (ArgumentError, NoSuchModuleError, ValueError, TypeError) as error:
        expected = "expected sqlite:///digest.db or postgresql://user@host/name"
        said = f"'store.url': {expected} ({errors.describe_unusable(error)})"
        raise ConfigurationError([ConfigProblem("digest.yaml", 0, said)]) from None
    # Without user, password and query: an error names the store, never a secret.
    where = f"{parsed.host or 'localhost'}/{parsed.database}" if parsed.host or parsed.query else parsed.database
    database = Database(engine, str(where))
    try:
        with database.translate_errors():
            _bring_up_to_date(database)
    except BaseException:
        engine.dispose()
        raise
    return database


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
        connection.isolation_level = None  # we say BEGIN ourselves: the module's own timing defeats IMMEDIATE
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA page_size={_PAGE}")  # of a file that is still to be made
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA secure_delete={_ZEROED}")
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: Any) -> Engine:
    arguments = {"connect_timeout": 10}
    return create_engine(url, pool_pre_ping=True, max_overflow=-1, connect_args=arguments, json_serializer=as_json)


def as_json(value: Any) -> str:
    """Devanagari as it is: escaped it is twice as long, and takes three times as long to read."""
    return json.dumps(value, ensure_ascii=False)


def _bring_up_to_date(database: Database) -> None:
    """Creates the tables of a new store, or migrates those of an older version."""
    with database.read() as connection:
        found = _version(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StoreError(
            f"store {database.name} was made by a newer version of digest (schema {found}, this one knows {HEAD}); "
            "install the newer version"
        )
    with database.write() as connection:
        if database.engine.dialect.name == "postgresql":
            # Of two first starts at once the second waits here, and finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7240116)"))
        if _version(connection) is None:
            metadata.create_all(connection)
            _alembic_version.create(connection)
            connection.execute(insert(_alembic_version).values(version_num=HEAD))
        else:
            migrate(connection)


def migrate(connection: Connection) -> None:
    """Runs the migrations that are missing, within the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


# Alembic's own table, as it makes it.
_alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_alembic_version.name):
        return None
    return connection.execute(select(_alembic_version.c.version_num)).scalar()


_CHUNK = 1_000


@lru_cache(maxsize=4096)
def format_topics(topics: tuple[str, ...]) -> str:
    """Topics as their JSON column holds them: rows are compared by this text, so every way in must write it alike."""
    return as_json(topics)


@contextmanager
def temp_table(connection: Connection, table: Table) -> Iterator[None]:
    """A temporary table that nobody else sees, gone when the block or its transaction ends."""
    table.create(connection, checkfirst=False)
    yield
    table.drop(connection, checkfirst=False)


def copy_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Puts rows into `table`, each in the order of its columns, as the driver takes them; holds few at a time."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    statement = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608  our own names
    waiting = iter(rows)
    while part := list(islice(waiting, _CHUNK)):
        connection.exec_driver_sql(statement, part)


def analyze(connection: Connection, table: Table) -> None:
    """Tells PostgreSQL what a temporary table holds: it would guess, and read all of it for every batch. SQLite does
    not ask."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')
