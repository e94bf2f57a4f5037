"""Tokens of the API."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "desk_token",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("user", Id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment),
        sa.Column("used_at", Moment),
        sa.PrimaryKeyConstraint("hash", name="pk_desk_token"),
        sa.ForeignKeyConstraint(["user"], ["desk_user.id"], name="fk_desk_token_user"),
        sa.UniqueConstraint("user", "name", name="uq_desk_token_user_name"),
    )
