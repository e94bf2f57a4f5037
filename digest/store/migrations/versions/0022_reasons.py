"""SQLite reads the reasons of failed recipients from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    name, condition = "ix_delivery_with_outcome", sa.text("outcome IS NOT NULL")
    op.drop_index(name, "delivery")
    op.create_index(name, "delivery", ["edition", "outcome", "subscriber", "reason"], sqlite_where=condition)
