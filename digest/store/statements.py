"""Helpers for SQL statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, Connection, Table, func, select

if TYPE_CHECKING:
    from digest.store.database import Database

T = TypeVar("T")

# Values in one statement. PostgreSQL takes 65,535, SQLite's oldest limit is 999.
_MAX_VALUES = 500


def chunks(items: Iterable[T], size: int = _MAX_VALUES) -> Iterator[list[T]]:
    """Split items into lists that fit into one statement, as `itertools.batched` of Python 3.12 does."""
    waiting = iter(items)
    while part := list(islice(waiting, size)):
        yield part


def row_of(item: Any) -> dict[str, Any]:
    """Return the fields of a dataclass with slots, by name. `dataclasses.asdict` also copies their values."""
    return {name: getattr(item, name) for name in item.__slots__}


def insert_into(connection: Connection, table: Table) -> Any:
    """Return an INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    # Only the dialect in use: PostgreSQL's takes a twentieth of the time of a short command to import.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert

        return insert(table)
    from sqlalchemy.dialects.postgresql import insert as insert_postgresql

    return insert_postgresql(table)


def distinct_texts(database: Database, column: Column[str]) -> list[str]:
    """Return the values of a column that has an index, in order, without ''."""
    found: list[str] = []
    with database.read() as connection:
        # Each value takes one step in the index, however many rows have it.
        last: str | None = ""
        while last := connection.execute(select(func.min(column)).where(column > last)).scalar():
            found.append(last)
    return found
