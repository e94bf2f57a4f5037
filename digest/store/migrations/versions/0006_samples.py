"""Editions with sample articles are marked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("edition", sa.Column("sample", sa.Boolean(), nullable=False, server_default=sa.false()))
