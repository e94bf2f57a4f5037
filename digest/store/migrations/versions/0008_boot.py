"""In which start of the machine an attempt was made: notes that no disk has confirmed hold only within it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("boot", sa.String(length=64), server_default="", nullable=False))
