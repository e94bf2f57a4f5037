"""Subscribers choose among several editions; the window of an edition with few stories is widened."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("editions", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("preference", sa.Column("editions", sa.JSON(none_as_null=True)))
    op.add_column("edition", sa.Column("widened_hours", sa.Integer()))
