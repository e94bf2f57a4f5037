"""How many readers have gone by each transport."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "rate",
        sa.Column("transport", sa.String(length=32), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("start", Moment(timezone=True), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("transport", "seconds", name="pk_rate"),
    )
