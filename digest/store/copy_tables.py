"""Copy every table of a store into an empty one, of the same or the other database, and compare both.

Rows are compared by a checksum that does not depend on their order: the databases sort text differently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, func, select, text
from sqlalchemy.engine import Dialect

from digest.errors import StoreError
from digest.store import meta as values
from digest.store.database import STORE_ID, Database, copy_rows
from digest.store.high_water import MOVED_TO
from digest.store.schema import meta, metadata
from digest.store.sending import partitions

T = TypeVar("T")
# What is done ("copied", "compared"), the rows so far, and the rows in all.
Report = Callable[[str, int, int], None]

# Rows in memory at once.
_CHUNK = 1_000
_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class CopiedTable:
    name: str
    rows: int
    # Checksum of the values of all rows, in hexadecimal.
    checksum: str


class _Counted:
    """Rows that pass, of all tables together, and the report of them."""

    def __init__(self, what: str, total: int, report: Report) -> None:
        self.what, self.total, self.report = what, total, report
        self.done = 0

    def rows(self, rows: Iterator[T]) -> Iterator[T]:
        for row in rows:
            yield row
            self.done += 1
            if self.done % _CHUNK == 0 or self.done == self.total:
                self.report(self.what, self.done, self.total)


def copy_tables(source: Connection, target: Connection, report: Report) -> list[CopiedTable]:
    """Copy every row with its ids. Both sides are read again and compared. Raises StoreError if they differ.

    `target` has the tables, which are empty apart from the new store's id.
    """
    numbers = [select(func.count()).select_from(table) for table in metadata.sorted_tables]
    total = sum(source.execute(number).scalar_one() for number in numbers)
    copying, comparing = _Counted("copied", total, report), _Counted("compared", total, report)
    target.execute(meta.delete())
    for table in partitions.PARTITIONED:
        partitions.create(target, source.execute(select(table.c.edition).distinct()).scalars().all())
    copied = []
    for table in metadata.sorted_tables:
        copy_rows(target, table, copying.rows(_driver_rows(source, table, target.dialect)))
        _advance_sequence(target, table)
        here = _summary(table, _rows(source, table))
        there = _summary(table, comparing.rows(_rows(target, table)))
        if here != there:
            raise StoreError(
                f"table {table.name} of the copy differs: {here.rows} rows ({here.checksum[:8]}) became "
                f"{there.rows} ({there.checksum[:8]}); nothing was copied"
            )
        copied.append(here)
    return copied


def first_used_table(database: Database) -> str | None:
    """Return the name of a table with rows; None if the store has nothing but its tables and its id."""
    with database.read() as connection:
        for table in metadata.sorted_tables:
            rows = select(table)
            if table is meta:
                rows = rows.where(meta.c.name != STORE_ID)
            if connection.execute(rows.limit(1)).first() is not None:
                return table.name
    return None


def lock_tables(connection: Connection) -> None:
    """Keep other writers away until the transaction ends. On SQLite a write transaction is enough."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def mark_moved(connection: Connection, target: str) -> None:
    """Refuse every later send from this store, in the caller's transaction."""
    values.put(connection, MOVED_TO, target)


def _rows(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    wanted: Select[Any] = select(table)
    if table is meta:
        # This value marks the source as moved, so it is not copied.
        wanted = wanted.where(meta.c.name != MOVED_TO)
    wanted = wanted.execution_options(yield_per=_CHUNK)
    yield from connection.execute(wanted.order_by(*table.primary_key))


def _driver_rows(source: Connection, table: Table, dialect: Dialect) -> Iterator[Sequence[Any]]:
    """Yield the rows with values as the target's driver takes them."""
    convert = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    for row in _rows(source, table):
        yield tuple(
            processor(value) if processor and value is not None else value
            for processor, value in zip(convert, row, strict=True)
        )


def _summary(table: Table, rows: Iterator[Row[Any]]) -> CopiedTable:
    number = total = 0
    for row in rows:
        number += 1
        total += int.from_bytes(hashlib.blake2b(_canonical(row), digest_size=16).digest())
    return CopiedTable(table.name, number, f"{total % _MODULUS:032x}")


def _canonical(row: Row[Any]) -> bytes:
    return json.dumps(list(row), ensure_ascii=False, default=_as_text).encode()


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} in a store")


def _advance_sequence(target: Connection, table: Table) -> None:
    """Make PostgreSQL number new rows after the copied ones."""
    column = table.autoincrement_column
    if target.dialect.name != "postgresql" or column is None:
        return
    last = target.execute(select(func.max(column))).scalar()
    if last is not None:
        sequence = select(func.pg_get_serial_sequence(f'"{table.name}"', column.name)).scalar_subquery()
        target.execute(select(func.setval(sequence, last)))
