"""Tokens of the API, and the outbox of outgoing webhooks."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0017"
down_revision = "0016"


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
        sa.UniqueConstraint("user", "name", name="uq_desk_token_user_name"),
        sa.ForeignKeyConstraint(["user"], ["desk_user.id"], name="fk_desk_token_user"),
    )
    op.create_table(
        "outgoing_webhook",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("endpoint", sa.String(32), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", "endpoint", name="pk_outgoing_webhook"),
    )
    op.create_index("ix_outgoing_webhook_created_at", "outgoing_webhook", ["created_at"])
