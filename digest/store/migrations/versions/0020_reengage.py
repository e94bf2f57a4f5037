"""Who was asked whether to continue, and posts of editions in channels."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "reengagement",
        sa.Column("subscriber", Id, nullable=False, autoincrement=False),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("ended_at", Moment),
        sa.PrimaryKeyConstraint("subscriber", name="pk_reengagement"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name="fk_reengagement_subscriber"),
    )
    op.create_table(
        "channel_post",
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", Moment, nullable=False),
        sa.Column("not_before", Moment),
        sa.PrimaryKeyConstraint("edition", "channel", name="pk_channel_post"),
        sa.ForeignKeyConstraint(["edition"], ["edition.key"], name="fk_channel_post_edition"),
    )
