"""On PostgreSQL deliveries and their events are partitioned by edition.

Existing rows become one partition for all existing editions, so no row is moved. They are deleted as before, and the
partition is dropped when it is empty (`sending.partitions`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_CREATE = (
    """CREATE TABLE delivery (
        edition VARCHAR(64) NOT NULL, subscriber BIGINT NOT NULL, batch BIGINT, outcome VARCHAR(16), reason TEXT,
        CONSTRAINT pk_delivery PRIMARY KEY (edition, subscriber)
    ) PARTITION BY LIST (edition)""",
    "CREATE INDEX ix_delivery_batch_outcome ON delivery (batch, outcome)",
    "CREATE INDEX ix_delivery_with_outcome ON delivery (edition, outcome) WHERE outcome IS NOT NULL",
    """CREATE TABLE delivery_event (
        edition VARCHAR(64) NOT NULL, subscriber BIGINT NOT NULL, kind VARCHAR(16) NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL, reason TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_delivery_event PRIMARY KEY (edition, subscriber, kind)
    ) PARTITION BY LIST (edition)""",
    """CREATE INDEX ix_delivery_event_failure ON delivery_event (edition, kind)
        WHERE kind IN ('blocked', 'bounced', 'complained', 'deferred', 'dropped')""",
)
_TABLES = ("delivery", "delivery_event")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    # The partitions of an edition come and go together.
    distinct = "SELECT DISTINCT edition FROM delivery UNION SELECT DISTINCT edition FROM delivery_event"
    keys = connection.execute(sa.text(distinct)).scalars().all()
    connection.execute(sa.text("ALTER TABLE delivery_event DROP CONSTRAINT IF EXISTS fk_delivery_event_edition"))
    for table in _TABLES:
        _rename(connection, table)
    for statement in _CREATE:
        connection.execute(sa.text(statement))
    bound = ", ".join(connection.execute(sa.select(sa.func.quote_literal(key))).scalar_one() for key in sorted(keys))
    for table in _TABLES:
        old = f"{table}_unpartitioned"
        attach = f"ALTER TABLE {table} ATTACH PARTITION {old} FOR VALUES IN ({bound})"
        connection.exec_driver_sql(attach if keys else f"DROP TABLE {old}")


def _rename(connection: sa.Connection, table: str) -> None:
    """Rename a table, its key and its indexes."""
    connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_unpartitioned")
    own = sa.text("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(:name)")
    for name in connection.execute(own, {"name": f"{table}_unpartitioned"}).scalars().all():
        connection.exec_driver_sql(f"ALTER INDEX {name} RENAME TO {name}_unpartitioned")
