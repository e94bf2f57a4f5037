"""Helpers for SQL statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

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
