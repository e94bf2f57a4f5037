"""Clicks on the links of emails, and what readers write."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "click_visit",
        sa.Column("id", Id, autoincrement=True),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("subscriber", Id),
        sa.Column("sign", sa.String(16), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_click_visit"),
    )
    op.create_index("ix_click_visit_edition", "click_visit", ["edition"])
    op.create_index("ix_click_visit_at", "click_visit", ["at"])
    op.create_table(
        "click_count",
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("machine", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "target", name="pk_click_count"),
    )
    op.create_table(
        "last_click",
        sa.Column("subscriber", Id, nullable=False, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("subscriber", name="pk_last_click"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name="fk_last_click_subscriber"),
    )
    op.create_table(
        "reader_word",
        sa.Column("id", Id, autoincrement=True),
        sa.Column("subscriber", Id),
        sa.Column("edition", sa.String(64), nullable=False, server_default=""),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, server_default=""),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reader_word"),
        sa.UniqueConstraint("hash", name="uq_reader_word_hash"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name="fk_reader_word_subscriber"),
    )
    op.create_index("ix_reader_word_edition", "reader_word", ["edition"])
    op.create_index("ix_reader_word_subscriber", "reader_word", ["subscriber"])
