"""Versioned privacy notices with each consent, requests that are confirmed by email, and changed addresses."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for table in ("consent", "signup"):
        op.add_column(table, sa.Column("notice", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "consent_notice",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_consent_notice"),
    )
    op.create_table(
        "person_request",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscriber", Id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("email", sa.Text(), nullable=False, server_default=""),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("confirmed_at", Moment),
        sa.Column("confirmed_new_at", Moment),
        sa.Column("done_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_person_request"),
    )
    op.create_index("ix_person_request_subscriber", "person_request", ["subscriber"])
    op.create_index("ix_person_request_asked_at", "person_request", ["asked_at"])
    op.create_table(
        "moved_address",
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("subscriber", Id, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("old", name="pk_moved_address"),
    )
    op.create_index("ix_moved_address_subscriber", "moved_address", ["subscriber"])
