"""What providers post, and what became of each letter."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "webhook",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("handled_at", Moment(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.UniqueConstraint("digest", name="uq_webhook_digest"),
    )
    op.create_index("ix_webhook_handled_at", "webhook", ["handled_at"])
    op.create_table(
        "delivery_event",
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("subscriber", number, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("edition", "subscriber", "kind", name="pk_delivery_event"),
        sa.ForeignKeyConstraint(
            ["edition", "subscriber"],
            ["delivery.edition", "delivery.subscriber"],
            name="fk_delivery_event_edition",
        ),
        sqlite_with_rowid=False,
    )
