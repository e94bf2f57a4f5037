"""Frequencies with several days, such as `weekly:mon,wed,fri`, are longer."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        for table in ("subscriber", "preference"):
            op.alter_column(table, "frequency", type_=sa.String(32))
        return
    # SQLite does not check the length, so only the text of the schema changes and no row is copied: the procedure of
    # https://www.sqlite.org/lang_altertable.html (section 7) for a change that does not affect the stored content.
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, 'frequency VARCHAR(16)', 'frequency VARCHAR(32)')"
        " WHERE type = 'table' AND name IN ('subscriber', 'preference')"
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
