"""Empty stores for tests: SQLite in a temporary file and PostgreSQL in a schema of its own.

Tests are skipped if PostgreSQL is missing. With DIGEST_REQUIRE_SERVICES=1 they fail instead, so that CI cannot pass by
skipping.

Fixtures: `store_url` (each test runs on both), `sqlite_url`, `postgres_url`, and `database`, an open store. In
PostgreSQL they share schemas that have the tables already, because creating and dropping them takes longer than most
tests.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from digest.store.database import HEAD, STORE_ID, Database, open_database
from digest.store.schema import metadata

if TYPE_CHECKING:
    from psycopg import Connection

# The kinds that `store_url` passes to each test in turn. The environment can select one.
STORE_KINDS = tuple(os.environ.get("DIGEST_TEST_STORES", "sqlite,postgresql").split(","))
# Environment variable: the libpq URL of a database in which tests may create schemas.
POSTGRES = "DIGEST_TEST_POSTGRES"
# Environment variable: `1` makes a missing service a failure.
REQUIRED = "DIGEST_REQUIRE_SERVICES"


def postgres_server() -> str:
    """Return the libpq URL of the test database."""
    return os.environ.get(POSTGRES, "postgresql://postgres@127.0.0.1:5432/test")


@cache
def _connection_error(server: str) -> str | None:
    """Return why the server cannot be reached, or None."""
    import psycopg

    try:
        psycopg.connect(server, connect_timeout=3).close()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return None


@contextlib.contextmanager
def fresh_schema(server: str = "") -> Iterator[str]:
    """Create a schema and yield a SQLAlchemy URL that sees only this schema; drop it afterwards.

    The URL contains `%3D`: double the % where configparser reads it (Alembic's set_main_option). Without a server the
    test is skipped, or fails if services are required.
    """
    server = server or postgres_server()
    with _schema(server) as schema:
        yield _url(server, schema)


@contextlib.contextmanager
def _schema(server: str) -> Iterator[str]:
    _require(server)
    schema = f"t{os.getpid()}_{secrets.token_hex(6)}"
    with _admin(server) as admin:
        admin.execute(f'CREATE SCHEMA "{schema}"')
    try:
        yield schema
    finally:
        with _admin(server) as admin:
            # The backend of a killed worker may keep its locks for a moment.
            admin.execute("SET lock_timeout = '10s'")
            admin.execute(f'DROP SCHEMA IF EXISTS "{schema}_jobs", "{schema}" CASCADE')


def _require(server: str) -> None:
    """Skip the test if the server is missing, or fail it if services are required."""
    if "postgresql" not in STORE_KINDS:
        pytest.skip("DIGEST_TEST_STORES excludes PostgreSQL")
    reason = _connection_error(server)
    if reason:
        message = f"no PostgreSQL at {server.rpartition('@')[2]}: {reason}"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(message)
        pytest.skip(message)


def _admin(server: str) -> Connection[Any]:
    import psycopg

    return psycopg.connect(server, autocommit=True, options="-c synchronous_commit=off")


def _url(server: str, schema: str) -> str:
    _, _, rest = server.partition("://")
    separator = "&" if "?" in rest else "?"
    # A test never outlives its server, so no commit needs to wait for the disk.
    settings = (f"search_path={schema}", "synchronous_commit=off", f"application_name={schema}")
    options = "%20".join("-c" + setting.replace("=", "%3D") for setting in settings)
    return f"postgresql+psycopg://{rest}{separator}options={options}"


# What a test may have changed in a schema, except rows. The columns of each table are looked up by an index: creating
# and dropping tables leaves so many dead rows in pg_attribute that reading all of it takes longer than many tests.
_STRUCTURE = """SELECT array_agg((relname, relkind, columns)::text ORDER BY relname)
    FROM pg_class CROSS JOIN LATERAL (
        SELECT array_agg((attname, atttypid, attnotnull)::text ORDER BY attnum) AS columns
        FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0) AS found
    WHERE relnamespace = %s::regnamespace AND NOT relispartition"""
# The partitions of deliveries and events.
_PARTITIONS = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relispartition AND relkind = 'r'"


class EmptyStores:
    """Empty PostgreSQL stores. One that a test has used is emptied for another test, unless its tables have changed."""

    def __init__(self) -> None:
        self._opened = contextlib.ExitStack()
        # Schemas that no test uses now, with their structure when they were new.
        self._free: list[tuple[str, Any]] = []

    @contextlib.contextmanager
    def one(self) -> Iterator[str]:
        """Yield the URL of a store. Without a server the test is skipped, or fails if services are required."""
        _require(self._server)
        found = self._emptied() or self._new()
        yield _url(self._server, found[0])
        self._free.append(found)

    def drop(self) -> None:
        self._opened.close()

    @cached_property
    def _server(self) -> str:
        return postgres_server()

    @cached_property
    def _connection(self) -> Connection[Any]:
        return self._opened.enter_context(_admin(self._server))

    def _new(self) -> tuple[str, Any]:
        schema = self._opened.enter_context(_schema(self._server))
        open_database(_url(self._server, schema), home=Path()).close()
        return schema, _structure(self._connection, schema)

    def _emptied(self) -> tuple[str, Any] | None:
        connected = {name for (name,) in self._connection.execute("SELECT application_name FROM pg_stat_activity")}
        for place, (schema, structure) in enumerate(self._free):
            # A process that is still connected may still write.
            if schema in connected:
                continue
            del self._free[place]
            if _structure(self._connection, schema) != structure:
                return None
            _empty(self._connection, schema)
            return schema, structure
        return None


def _structure(admin: Connection[Any], schema: str) -> Any:
    found = admin.execute(_STRUCTURE, [schema]).fetchone()
    return found and found[0]


def _empty(admin: Connection[Any], schema: str) -> None:
    """Delete all rows except those that `open_database` puts into a new store."""
    parts = admin.execute(_PARTITIONS, [schema]).fetchall()
    statements = [
        f'DROP SCHEMA IF EXISTS "{schema}_jobs" CASCADE',
        f"SET search_path = {schema}",
        *(f'DROP TABLE "{name}"' for (name,) in parts),
        *(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)),
        f"UPDATE alembic_version SET version_num = '{HEAD}'",
        f"INSERT INTO meta (name, value) VALUES ('{STORE_ID}', '{secrets.token_hex(16)}')",
        "SELECT " + ", ".join(f"setval('{name}', 1, false)" for name in _sequences()),
    ]
    admin.execute(";".join(statements))


@cache
def _sequences() -> list[str]:
    """The sequences of the tables' ids, as PostgreSQL names them."""
    columns = [table.autoincrement_column for table in metadata.sorted_tables]
    return [f"{column.table.name}_{column.name}_seq" for column in columns if column is not None]


@contextlib.contextmanager
def store(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty store of this kind, for tests that need no fixture."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'digest.db'}"
    elif kind == "postgresql":
        with fresh_schema() as url:
            yield url
    else:
        raise ValueError(f"no such kind of store: {kind!r}")


_SLOW = {"postgresql": (pytest.mark.slow,)}


@pytest.fixture(scope="session")
def empty_stores() -> Iterator[EmptyStores]:
    stores = EmptyStores()
    yield stores
    stores.drop()


@pytest.fixture(params=[pytest.param(kind, marks=_SLOW.get(kind, ())) for kind in STORE_KINDS])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store. A test with this fixture runs once for each kind."""
    return str(request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite store that does not exist yet."""
    return f"sqlite:///{tmp_path / 'digest.db'}"


@pytest.fixture
def postgres_url(empty_stores: EmptyStores) -> Iterator[str]:
    """The URL of an empty PostgreSQL store."""
    with empty_stores.one() as url:
        yield url


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    """An open store. A test with this fixture runs once for each kind."""
    opened = open_database(store_url, home=tmp_path)
    yield opened
    opened.close()
