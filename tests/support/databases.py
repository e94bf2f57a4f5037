"""Stores to test against: SQLite in a temporary file and PostgreSQL in a schema of its own.

Owns finding, creating and dropping. Knows nothing of our tables. A missing PostgreSQL skips, unless
DIGEST_REQUIRE_SERVICES=1: then it fails, so that no continuous run passes by skipping.

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

STORE_KINDS = tuple(os.environ.get("DIGEST_TEST_STORES", "sqlite,postgresql").split(","))
"""What `store_url` gives each test in turn. The environment may name one kind only."""

POSTGRES = "DIGEST_TEST_POSTGRES"
"""Environment: a libpq URL of a database in which the tests may create schemas."""

REQUIRED = "DIGEST_REQUIRE_SERVICES"
"""Environment: `1` turns a missing service from a skip into a failure."""


def postgres_server() -> str:
    """The libpq URL of the test database."""
    return os.environ.get(POSTGRES, "postgresql://postgres@127.0.0.1:5432/test")


_NO_WAIT = "-c synchronous_commit=off"


@cache
def _answers(server: str) -> str:
    """'' when the server answers, else the reason."""
    import psycopg

    try:
        psycopg.connect(server, connect_timeout=3).close()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return ""


@contextlib.contextmanager
def fresh_schema(server: str = "") -> Iterator[str]:
    """A new schema, dropped with all that is in it afterwards; gives a SQLAlchemy URL that sees only this schema.

    The URL holds `%3D`: double the % where configparser reads it (Alembic's set_main_option).
    Skips, or fails when services are required, if no server answers.
    """
    import psycopg

    if "postgresql" not in STORE_KINDS:
        pytest.skip("DIGEST_TEST_STORES leaves PostgreSQL out")
    server = server or postgres_server()
    reason = _answers(server)
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
            # A killed worker's backend may hold its locks for a moment more.
            admin.execute("SET lock_timeout = '10s'")
            admin.execute(f'DROP SCHEMA "{schema}" CASCADE')


@contextlib.contextmanager
def store(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty store of this kind, for tests and benches that want no fixture."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'digest.db'}"
    elif kind == "postgresql":
        with fresh_schema() as url:
            yield url
    else:
        raise ValueError(f"no such kind of store: {kind!r}")


def store_urls(folder: Path) -> Iterator[str]:
    """The URL of an empty store of each kind in turn; each is gone when the next one is asked for."""
    for kind in STORE_KINDS:
        with store(kind, folder) as url:
            yield url


_SLOW = {"postgresql": (pytest.mark.slow,)}


@pytest.fixture(params=[pytest.param(kind, marks=_SLOW.get(kind, ())) for kind in STORE_KINDS])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store's URL; a test that asks for it runs once for each kind."""
    with store(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty SQLite store's URL."""
    return f"sqlite:///{tmp_path / 'digest.db'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL schema's URL."""
    with fresh_schema() as url:
        yield url
