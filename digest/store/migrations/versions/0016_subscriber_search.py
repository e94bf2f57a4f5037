"""Indexes for lists of subscribers and the search in them, and saved filters."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import SUBSCRIBER_SEARCH, Moment

revision = "0016"
down_revision = "0015"

_PARTIAL = (
    ("ix_subscriber_status", "subscriber", "status", "status <> 'active'"),
    ("ix_subscriber_unlisted", "subscriber", "listed", "NOT listed"),
    ("ix_subscriber_frequency", "subscriber", "frequency", "frequency <> 'daily'"),
    ("ix_subscriber_timezone", "subscriber", "timezone", "timezone <> 'Asia/Kolkata'"),
    ("ix_preference_paused_until", "preference", "paused_until", "paused_until IS NOT NULL"),
)


def upgrade() -> None:
    op.create_index("ix_subscriber_origin", "subscriber", ["origin", "listed"])
    for name, table, column, where in _PARTIAL:
        condition = sa.text(where)
        op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_subscriber_topics", "subscriber", ["topics"], sqlite_where=sa.text("topics <> '[]'"))
    op.create_index("ix_suppression_reason", "suppression", ["reason"])
    op.create_index("ix_suppression_at", "suppression", ["at"])
    op.create_index("ix_consent_at", "consent", ["at"])
    for statement in SUBSCRIBER_SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "segment",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_segment"),
    )
