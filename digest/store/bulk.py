"""Many rows at once, inside a transaction that the caller holds: the fastest way in that each database has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table

from digest.store.database import as_json

_CHUNK = 1_000


@lru_cache(maxsize=4096)
def topics_text(topics: tuple[str, ...]) -> str:
    """Topics as their JSON column holds them: rows are compared by this text, so every way in must write it alike."""
    return as_json(topics)


@contextmanager
def scratch(connection: Connection, table: Table) -> Iterator[None]:
    """A temporary table that nobody else sees, gone when the block or its transaction ends."""
    table.create(connection, checkfirst=False)
    yield
    table.drop(connection, checkfirst=False)


def fill(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
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


def add(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Adds rows of texts of these columns, as the driver takes them: for few rows many times a second, where looking at
    every value costs more than to write it. On SQLite all rows are one step, since a thread that has stepped waits for
    its turn among the others."""
    if not rows:
        return
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"{into} VALUES ({', '.join(['%s'] * len(names))})", list(rows))
        return
    parts = ", ".join(f"json_extract(value, '$[{nth}]')" for nth in range(len(names)))
    statement = f"{into} SELECT {parts} FROM json_each(?)"  # noqa: S608  our own names
    connection.exec_driver_sql(statement, (orjson.dumps(rows).decode(),))


def taker(connection: Connection, column: Column[Any]) -> Callable[[Any], Any]:
    """What turns values of a column into what the driver takes."""
    return column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) or (lambda value: value)


def measure(connection: Connection, table: Table) -> None:
    """Tells PostgreSQL what a temporary table holds: it would guess, and read all of it for every batch. SQLite does
    not ask."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')
