"""Empty stores for tests: SQLite in a temporary file and PostgreSQL in a schema of its own.

Tests are skipped if PostgreSQL is missing. With DIGEST_REQUIRE_SERVICES=1 they fail instead, so that CI cannot pass by
skipping.

Fixtures for conftest: `store_url` (each test runs on both), `sqlite_url`, `postgres_url`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

# The kinds that `store_url` passes to each test in turn. The environment can select one.
STORE_KINDS = tuple(os.environ.get("DIGEST_TEST_STORES", "sqlite,postgresql").split(","))
# Environment variable: the libpq URL of a database in which tests may create schemas.
POSTGRES = "DIGEST_TEST_POSTGRES"
# Environment variable: `1` makes a missing service a failure.
REQUIRED = "DIGEST_REQUIRE_SERVICES"


def postgres_server() -> str:
    """Return the libpq URL of the test database."""
    return os.environ.get(POSTGRES, "postgresql://postgres@127.0.0.1:5432/test")


_NO_WAIT = "-c synchronous_commit=off"


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
    import psycopg

    if "postgresql" not in STORE_KINDS:
        pytest.skip("DIGEST_TEST_STORES excludes PostgreSQL")
    server = server or postgres_server()
    reason = _connection_error(server)
    if reason:
        message = f"no PostgreSQL at {server.rpartition('@')[2]}: {reason}"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(message)
        pytest.skip(message)
    schema = f"t{os.getpid()}_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True, options=_NO_WAIT) as admin:
        admin.execute(f'CREATE SCHEMA "{schema}"')
    try:
        _, _, rest = server.partition("://")
        separator = "&" if "?" in rest else "?"
        # A test never outlives its server, so no commit needs to wait for the disk.
        options = f"-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
        yield f"postgresql+psycopg://{rest}{separator}options={options}"
    finally:
        with psycopg.connect(server, autocommit=True, options=_NO_WAIT) as admin:
            # The backend of a killed worker may keep its locks for a moment.
            admin.execute("SET lock_timeout = '10s'")
            admin.execute(f'DROP SCHEMA "{schema}" CASCADE')


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


def store_urls(folder: Path) -> Iterator[str]:
    """Yield the URL of an empty store of each kind in turn. Each is dropped before the next."""
    for kind in STORE_KINDS:
        with store(kind, folder) as url:
            yield url


_SLOW = {"postgresql": (pytest.mark.slow,)}


@pytest.fixture(params=[pytest.param(kind, marks=_SLOW.get(kind, ())) for kind in STORE_KINDS])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store. A test with this fixture runs once for each kind."""
    with store(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an empty SQLite store."""
    return f"sqlite:///{tmp_path / 'digest.db'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL schema."""
    with fresh_schema() as url:
        yield url
