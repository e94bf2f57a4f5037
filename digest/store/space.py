"""The size of the store, and returning free space to the disk.

Deleted rows leave free pages in an SQLite file, and new rows fill them: a store that is pruned daily stops growing. The
file shrinks only if it is rewritten (VACUUM), which holds up every writer for seconds and needs as much free disk space
as the store takes afterwards. So `digest run` never does it. PostgreSQL's autovacuum does the same as SQLite's free
pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from digest.store.database import Database

_POSTGRESQL_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)


@dataclass(frozen=True, slots=True)
class StoreSpace:
    """The store's size in bytes, and how much of it is free for new rows. `free` is None on PostgreSQL."""

    total: int
    free: int | None


def measure_space(database: Database) -> StoreSpace:
    with database.read() as connection:
        if database.sqlite:
            names = ("page_size", "page_count", "freelist_count")
            size, pages, free = (connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names)
            return StoreSpace(size * pages, size * free)
        # A partitioned table has no size itself: its partitions are tables.
        total = connection.execute(text(_POSTGRESQL_SIZE)).scalar_one()
    return StoreSpace(int(total), None)


def compact(database: Database) -> None:
    """Rewrite an SQLite file without free pages. Does nothing on PostgreSQL. Raises StoreError."""
    if not database.sqlite:
        return
    with database.translate_errors(), database.write_lock(), database.engine.connect() as connection:
        # SQLAlchemy would begin a transaction, in which VACUUM is refused.
        driver: Any = connection.connection.driver_connection
        driver.execute("VACUUM")
    database.truncate_wal()
