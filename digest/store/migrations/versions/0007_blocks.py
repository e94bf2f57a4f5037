"""Editions have blocks, and warnings about what was left out of them. Subscribers answer polls and quizzes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("edition", sa.Column("blocks", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("edition", sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
