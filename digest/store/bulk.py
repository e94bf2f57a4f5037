"""Many rows at once, inside a transaction that the caller holds: the fastest way in that each database has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table

from digest.store.database import as_json

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
