"""Editions keep the hashes of their emails when `digest store prune` deletes emails, for their receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("edition", sa.Column("email_hashes", sa.JSON()))
