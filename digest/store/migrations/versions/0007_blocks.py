"""Editions have blocks, and warnings about what was left out of them. Subscribers answer polls and quizzes."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("edition", sa.Column("blocks", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("edition", sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "answer",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("block", sa.String(32), primary_key=True),
        sa.Column("subscriber", Id, sa.ForeignKey("subscriber.id"), primary_key=True),
        sa.Column("choice", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
