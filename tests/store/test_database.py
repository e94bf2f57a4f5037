"""Opening a store, migrations, transactions, locks and error messages."""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, create_engine, event, select, text
from sqlalchemy.engine import make_url

from digest.errors import AlreadyRunning, ConfigurationError, StoreError
from digest.store import errors, meta
from digest.store.database import HEAD, Database, migrate, open_database
from digest.store.locks import exclusive
from digest.store.meta import get_or_create
from digest.store.schema import metadata

# SQLAlchemy says so of indexes of expressions.
unread = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")


@unread
def test_a_new_store_has_the_schema_of_the_code(database: Database) -> None:
    with database.read() as connection:
        assert differences(connection) == []


@pytest.mark.slow
@unread
def test_a_store_of_the_first_release_gets_the_schema_of_the_code(database: Database) -> None:
    """`schema_0001` is the schema of 0.1.0, and the rows are those of a folder that 0.1.0 left behind."""
    with database.write() as connection:
        created = definitions(connection)
        if connection.dialect.name == "sqlite":
            # Its shadow tables cannot be dropped by themselves.
            connection.exec_driver_sql("DROP TABLE archive_search")
        held = MetaData()
        held.reflect(connection)
        held.drop_all(connection)
        first = make_first_schema(connection)
        for name, rows in _rows_of_the_first_release().items():
            connection.execute(first.tables[name].insert(), rows)
        before = _rows(connection, first)
        assert min(len(before[name]) for name in ("attempt", "consent", "delivery", "suppression")) > 0
        migrate(connection)
        assert differences(connection) == []
        assert definitions(connection) == created
        assert _rows(connection, first) == before
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def make_first_schema(connection: Connection) -> MetaData:
    """Create the tables of 0.1.0, and return them."""
    file = Path(__file__).with_name(f"schema_0001.{connection.dialect.name}.sql")
    for statement in filter(str.strip, file.read_text(encoding="utf-8").split(";")):
        connection.exec_driver_sql(statement)
    tables = MetaData()
    tables.reflect(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
    return tables


def _rows_of_the_first_release() -> dict[str, list[dict[str, Any]]]:
    """The rows of each table that has some, with moments that PostgreSQL takes too."""
    dump = Path(__file__).parent.with_name("releases") / "0.1.0/digest.sql"
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.executescript(dump.read_text(encoding="utf-8"))
        tables = MetaData()
        tables.reflect(connection)
        found = {table.name: connection.execute(select(table)).all() for table in tables.sorted_tables}
    engine.dispose()
    return {
        name: [{key: _aware(value) for key, value in row._mapping.items()} for row in rows]
        for name, rows in found.items()
        if rows and name != "alembic_version"
    }


def _aware(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _rows(connection: Connection, tables: MetaData) -> dict[str, list[str]]:
    return {name: sorted(map(repr, connection.execute(select(table)))) for name, table in tables.tables.items()}


# Indexes, and how tables are partitioned.
_POSTGRESQL_DEFINITIONS = """
    SELECT relname, CASE WHEN relkind IN ('i', 'I') THEN pg_get_indexdef(oid) ELSE pg_get_partkeydef(oid) END
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('i', 'I', 'r', 'p')
    AND relname NOT LIKE 'alembic%' AND relname NOT LIKE :shared
"""
# PostgreSQL's partition with the rows of 0.1.0.
_SHARED = "_unpartitioned"


def definitions(connection: Connection) -> dict[str, str]:
    """Every table and index as SQL, with defaults, which `differences` does not compare."""
    if connection.dialect.name != "sqlite":
        return dict(connection.execute(text(_POSTGRESQL_DEFINITIONS), {"shared": f"%{_SHARED}"}).all())
    rows = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
    )
    return {name: " ".join(sql.split()) for name, sql in rows}


def differences(connection: Connection) -> list[Any]:
    # Slow to import: every test process collects this module.
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def exists_here(item: Any, *_details: object) -> bool:
        condition = getattr(item, "_ddl_if", None)
        return condition is None or condition.dialect == connection.dialect.name

    opts = {"compare_type": True, "include_object": exists_here, "include_name": is_compared}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, metadata))


def is_compared(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether SQLAlchemy can describe the table or index. `definitions` has the search indexes."""
    name = name or ""
    return not (name.startswith(("archive_search", "ix_archive_search", "ix_search_")) or name.endswith(_SHARED))


def test_opening_twice_changes_nothing(store_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        opened = open_database(store_url, home=tmp_path)
        assert get_or_create(opened, "k", lambda: "first") == "first"
        opened.close()


# `0000` sorts before the known ones, as a step does that was merged into another one before its release.
@pytest.mark.parametrize("version", ["9999", "0000"])
def test_a_store_of_an_unknown_version_is_refused(store_url: str, tmp_path: Path, version: str) -> None:
    opened = open_database(store_url, home=tmp_path)
    with opened.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    opened.close()
    with pytest.raises(StoreError, match=f"a newer or an unreleased version of digest .schema {version}, .* {HEAD}"):
        open_database(store_url, home=tmp_path)


def test_a_locked_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "BUSY_SECONDS", 0.2)
    open_database("sqlite:///digest.db", home=tmp_path).close()
    other = sqlite3.connect(tmp_path / "digest.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    database = open_database("sqlite:///digest.db", home=tmp_path)
    try:
        with pytest.raises(StoreError, match="locked by another program"), database.write():
            pass
    finally:
        database.close()
        other.close()


def test_a_read_only_store(tmp_path: Path) -> None:
    database = open_database("sqlite:///digest.db", home=tmp_path)
    try:
        # Root may write anything, so the file is made to refuse by SQLite itself.
        with database.read() as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(StoreError, match=r"can't be written \(.*\); let this user write"):
            get_or_create(database, "k", lambda: "v")
    finally:
        database.close()


@pytest.mark.parametrize(
    ("content", "expected"), [(b"no database at all, and long enough to be looked at" * 40, "not an SQLite database")]
)
def test_a_file_that_is_not_a_database(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "digest.db").write_bytes(content)
    with pytest.raises(StoreError, match=expected):
        open_database("sqlite:///digest.db", home=tmp_path)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="check that its folder exists"):
        open_database("sqlite:///nowhere/digest.db", home=tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/x",
        "digest.db",
        "sqlite+nothing:///x",
        "postgres://x/y",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "postgresql://",
        "postgresql://localhost:abc/x",
        "postgresql+asyncpg://localhost/x",
    ],
)
def test_another_kind_of_store_is_a_problem_of_the_settings(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("expected sqlite:///digest.db")):
        open_database(url, home=tmp_path)


def test_messages_never_contain_the_password(tmp_path: Path) -> None:
    for url in ("postgresql://bob:hunter2@127.0.0.1:1/none", "postgresql://127.0.0.1:1/none?user=bob&password=hunter2"):
        with pytest.raises(StoreError) as caught:
            open_database(url, home=tmp_path)
        assert "hunter2" not in str(caught.value)


def test_an_exclusive_lock_is_held_by_one_at_a_time(database: Database) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(database, "sending 1", wait=0):
            inside.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(10)
    try:
        with pytest.raises(AlreadyRunning, match="another digest process"), exclusive(database, "sending 1", wait=0.3):
            pass
        with exclusive(database, "sending 2", wait=0):
            pass
    finally:
        leave.set()
        holder.join()
    with exclusive(database, "sending 1", wait=5):
        pass


def test_a_transaction_sees_its_own_changes(database: Database, tmp_path: Path) -> None:
    with database.transaction():
        assert get_or_create(database, "a", lambda: "1") == "1"
        assert meta.get(database, "a") == "1"
        assert elsewhere(database, "a") is None
    assert elsewhere(database, "a") == "1"


def test_a_snapshot_does_not_see_what_others_change_meanwhile(database: Database) -> None:
    get_or_create(database, "a", lambda: "1")

    def change() -> None:
        with database.write() as connection:
            meta.put(connection, "a", "2")

    with database.snapshot():
        assert meta.get(database, "a") == "1"
        thread = threading.Thread(target=change)
        thread.start()
        thread.join(10)
        assert (meta.get(database, "a"), elsewhere(database, "a")) == ("1", "2")
    assert meta.get(database, "a") == "2"


def test_a_snapshot_is_one_transaction_until_something_is_written(database: Database) -> None:
    begun: list[object] = []
    event.listen(database.engine, "begin", begun.append)
    with database.snapshot():
        assert not begun
        assert (meta.get(database, "a"), meta.get(database, "b")) == (None, None)
        assert len(begun) == 1
        assert get_or_create(database, "a", lambda: "1") == "1"
        assert (meta.get(database, "a"), meta.get(database, "b")) == ("1", None)
    assert meta.get(database, "a") == elsewhere(database, "a") == "1"


def test_a_read_after_a_failed_one_in_a_snapshot_works(database: Database) -> None:
    with database.snapshot():
        assert meta.get(database, "a") is None
        with pytest.raises(StoreError):
            database.query(text("SELECT * FROM nowhere"))
        assert meta.get(database, "a") is None


def test_a_failed_transaction_is_rolled_back(database: Database) -> None:
    with pytest.raises(RuntimeError, match="broke"), database.transaction():
        _put_and_break(database)
    assert meta.get(database, "a") is None
    assert get_or_create(database, "b", lambda: "2") == elsewhere(database, "b") == "2"


def _put_and_break(database: Database) -> None:
    get_or_create(database, "a", lambda: "1")
    raise RuntimeError("broke")


def elsewhere(database: Database, name: str) -> str | None:
    """Return the value that another thread sees."""
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(meta.get(database, name)))
    thread.start()
    thread.join(10)
    return found[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1/x", "Connection refused); check that the server is running"),
        ("postgresql://me:hunter2@host.invalid/x", "has an unknown host"),
        ("postgresql://me:hunter2@127.0.0.1:99999/x", "has no such port"),
        ("postgresql://me:hunter2@127.0.0.1/x?nonsense=hunter2", "has no such option"),
        ("postgresql://hunter2@127.0.0.1:1/x?password=hunter2&user=hunter2", "does not answer"),
        ("postgresql://me:hunter2/x", "its host or port can't be read; within a password write @ as %40"),
        ("postgresql://me:hunter2@127.0.0.1:hunter2/x", "its host or port can't be read"),
        ("postgresql://me:one@hunter2@127.0.0.1/x", "write @ as %40"),
        ("sqlite://me:hunter2@h/x", "expected sqlite:///digest.db"),
        ("mysql://me:hunter2@h/x", "mysql is neither sqlite nor postgresql"),
        ("hunter2", "expected sqlite:///digest.db"),
    ],
)
def test_connection_errors_are_one_sentence_without_the_password(tmp_path: Path, url: str, expected: str) -> None:
    with pytest.raises((StoreError, ConfigurationError)) as raised:
        open_database(url, home=tmp_path)
    found = str(raised.value)
    assert expected in found
    assert "hunter2" not in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"username": "nobody-of-this-name"}, "has no such user"),
        ({"database": "no-database-of-this-name"}, "has no such database"),
        ({"query": {"sslmode": "require"}}, "has no TLS"),
    ],
)
def test_a_server_that_rejects_the_user(store_url: str, tmp_path: Path, given: dict[str, Any], expected: str) -> None:
    if not store_url.startswith("postgresql"):
        pytest.skip("a file turns nobody away")
    url = make_url(store_url).set(**given).render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=expected) as raised:
        open_database(url, home=tmp_path)
    assert "\n" not in str(raised.value)


def test_a_database_that_is_closed_to_connections_is_not_said_to_be_missing() -> None:
    refused = sqlite3.OperationalError(
        'connection failed: FATAL:  database "digest" is not currently accepting connections'
    )
    said = errors.describe(refused, make_url("postgresql://digest@db/digest"))
    assert said.startswith("accepts no connections to this database (")


@pytest.mark.slow
def test_a_port_where_something_else_listens(tmp_path: Path) -> None:
    def answer() -> None:
        for _try in range(4):  # with TLS, and without
            with suppress(OSError):
                connection, _peer = listener.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(StoreError, match="not a PostgreSQL server"):
            open_database(f"postgresql://me:x@127.0.0.1:{listener.getsockname()[1]}/x", home=tmp_path)
        thread.join()
