"""Workers, and the steps of the schedule that they share."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("draining", sa.Boolean, nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("jobs", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )
    op.create_table(
        "step",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("slot", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_step"),
    )
