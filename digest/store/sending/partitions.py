"""On PostgreSQL deliveries and their events have a partition for each edition, so an old edition is dropped at once.

An edition gets its partitions when its first recipients are inserted (`load`), and loses them when it is folded and
pruned (`drop`). Editions of version 0.1.0 share one (`migrations/versions/0002_desk_and_workers.py`). SQLite has one
table of each. All functions run in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

from sqlalchemy import ColumnElement, Connection, MetaData, Table, func, select, text

from digest.store.schema import delivery, delivery_event
from digest.store.schema import edition as editions

# Events first: they are about deliveries.
PARTITIONED = (delivery_event, delivery)
# Bytes of a name, PostgreSQL's limit.
_LONGEST_NAME = 63
# Milliseconds that a drop waits for a lock.
_LOCK_WAIT = 5_000
# The partitions of a table with their editions: `FOR VALUES IN ('2026-11-22', '2026-11-23')`.
_PARTS = text(
    "SELECT part.relname AS name, pg_get_expr(part.relpartbound, part.oid) AS bound"
    " FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid WHERE inhparent = to_regclass(:table)"
)


def has_place(key: ColumnElement[str], subscriber: int | None = None) -> ColumnElement[bool]:
    """Return the condition that a subscriber, or anybody, has a place in the edition of the column `key`.

    It compares a scalar subquery, which PostgreSQL looks up in the partition of each edition. With EXISTS it would read
    every partition.
    """
    rows = select(delivery.c.subscriber).where(delivery.c.edition == key)
    if subscriber is not None:
        rows = rows.where(delivery.c.subscriber == subscriber)
    return rows.limit(1).scalar_subquery().is_not(None)


def editions_of(connection: Connection, subscriber: int) -> list[str]:
    """Return the editions in which a subscriber has a place. It asks each edition, because no index covers them all."""
    return list(connection.execute(select(editions.c.key).where(has_place(editions.c.key, subscriber))).scalars())


def load(connection: Connection, edition: str, insert_into: Callable[[Table], None]) -> bool:
    """Insert the first deliveries of an edition by `insert_into`. False if the edition may have some already.

    The rows are written before the partition has an index, and before anybody sees it: that takes a third of the time.
    """
    if connection.dialect.name == "sqlite" or _find(connection, delivery, edition):
        return False
    insert_into(_create(connection, delivery, edition))
    _attach(connection, delivery, edition)
    # The planner knows nothing of a new table, and the first batch is claimed before anybody analyses it.
    _run(connection, f"ANALYZE {_quote(connection, _name(delivery, edition))}")
    create(connection, [edition])
    return True


def create(connection: Connection, editions: Iterable[str]) -> None:
    """Create the partitions of these editions that do not exist."""
    if connection.dialect.name == "sqlite":
        return
    for edition in editions:
        for table in PARTITIONED:
            if not _find(connection, table, edition):
                _create(connection, table, edition)
                _attach(connection, table, edition)


def drop(connection: Connection, edition: str) -> tuple[int, int] | None:
    """Drop the partitions of an edition. Returns the numbers of deliveries and events that they had.

    None if it has no partitions, or only a part of a shared one.
    """
    if connection.dialect.name == "sqlite":
        return None
    # While a drop waits, all readers of deliveries queue behind it.
    _run(connection, f"SET LOCAL lock_timeout = {_LOCK_WAIT}")
    counts = {delivery: 0, delivery_event: 0}
    dropped = False
    for table in PARTITIONED:
        name = _find(connection, table, edition, own=True)
        if name is not None:
            rows = select(func.count()).select_from(table).where(table.c.edition == edition)
            counts[table] = connection.execute(rows).scalar_one()
            _run(connection, f"DROP TABLE {_quote(connection, name)}")
            dropped = True
    return (counts[delivery], counts[delivery_event]) if dropped else None


def drop_if_empty(connection: Connection, edition: str) -> None:
    """Drop the shared partitions that this edition was in, if they are empty."""
    if connection.dialect.name == "sqlite":
        return
    for table in PARTITIONED:
        name = _find(connection, table, edition)
        if name is None:
            continue
        part = table.to_metadata(MetaData(), name=name)
        if connection.execute(select(part.c.edition).limit(1)).first() is None:
            _run(connection, f"DROP TABLE {_quote(connection, name)}")


def _find(connection: Connection, table: Table, edition: str, *, own: bool = False) -> str | None:
    """Return the partition that takes the rows of an edition; with `own`, only if it takes no others."""
    value = _literal(edition)
    for name, bound in connection.execute(_PARTS, {"table": table.name}):
        if bound == f"FOR VALUES IN ({value})" or (not own and value in bound):
            return str(name)
    return None


def _create(connection: Connection, table: Table, edition: str) -> Table:
    """Create a table that can become a partition. It has no index yet."""
    part = table.to_metadata(MetaData(), name=_name(table, edition))
    names = _quote(connection, part.name), _quote(connection, table.name)
    _run(connection, "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS)".format(*names))
    return part


def _attach(connection: Connection, table: Table, edition: str) -> None:
    """Make the table a partition. It gets the indexes, while others read and write the other partitions."""
    names = _quote(connection, table.name), _quote(connection, _name(table, edition))
    value = _literal(edition)
    _run(connection, "ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})".format(*names, value))


def _name(table: Table, edition: str) -> str:
    name = f"{table.name} {edition}"
    if len(name.encode()) > _LONGEST_NAME:
        name = f"{table.name} {blake2b(edition.encode(), digest_size=16).hexdigest()}"
    return name


def _quote(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _literal(edition: str) -> str:
    """Return the edition as PostgreSQL writes it in SQL."""
    return "'" + edition.replace("'", "''") + "'"


def _run(connection: Connection, statement: str) -> None:
    # A % would be a parameter to the driver.
    connection.exec_driver_sql(statement.replace("%", "%%"))
