"""Readers who came by an import, the log of consent, and what keeps an erased person from coming back."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("origin", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "consent",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_address", "consent", ["address"])
    op.create_table(
        "erased",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_erased"),
    )
