"""Each store is empty, separate, and dropped afterwards. A missing server is reported."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support import databases
from tests.support.databases import store_url  # noqa: F401


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> str:
    # Skips without a server.
    with databases.fresh_schema():
        return databases.postgres_server()


def run(url: str, *statements: str) -> list[object]:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            results = [connection.execute(sa.text(statement)) for statement in statements]
            return [result.scalar() if result.returns_rows else None for result in results]
    finally:
        engine.dispose()


@pytest.mark.parametrize("again", [1, 2])
def test_a_store_is_empty_each_time(store_url: str, again: int) -> None:  # noqa: F811
    statements = ("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (7)", "SELECT a FROM t")
    assert run(store_url, *statements)[-1] == 7


def test_schemas_are_isolated_and_dropped(server: str) -> None:
    with databases.fresh_schema() as one, databases.fresh_schema() as two:
        run(one, "CREATE TABLE t (a INTEGER)")
        names = [run(url, "SELECT current_schema()")[0] for url in (one, two)]
        assert run(two, "SELECT to_regclass('t')") == [None]
    plain = server.replace("postgresql://", "postgresql+psycopg://")
    asked = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('{}', '{}')".format(*names)
    assert run(plain, asked) == [0]


def test_each_kind_in_turn(server: str, tmp_path: Path) -> None:
    assert [url.partition(":")[0] for url in databases.store_urls(tmp_path)] == ["sqlite", "postgresql+psycopg"]


def test_no_server_skips_and_fails_when_services_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(databases.POSTGRES, "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.delenv(databases.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"127\.0\.0\.1:1/none"), databases.fresh_schema():
        pass
    monkeypatch.setenv(databases.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=r"127\.0\.0\.1:1/none"), databases.fresh_schema():
        pass
