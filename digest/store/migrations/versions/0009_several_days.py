"""Frequencies with several days, such as `weekly:mon,wed,fri`, are longer."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # SQLite does not limit the length, and would copy the whole table.
    if op.get_context().dialect.name == "postgresql":
        for table in ("subscriber", "preference"):
            op.alter_column(table, "frequency", type_=sa.String(32))
