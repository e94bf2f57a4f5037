"""Attempts that can be recalled, and whose they are."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    for column in (
        sa.Column("run", sa.String(length=32), server_default="", nullable=False),
        sa.Column("send_at", Moment(timezone=True), nullable=True),
        sa.Column("fence", sa.Text(), server_default="", nullable=False),
    ):
        op.add_column("attempt", column)
