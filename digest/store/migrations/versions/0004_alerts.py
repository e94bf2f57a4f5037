"""Alerts with their messages, the duration of fetches, and an index of the events that alerts count."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Moment

revision = "0004"
down_revision = "0003"

_IS_FAILURE = sa.text("kind IN ('blocked', 'bounced', 'complained', 'deferred', 'dropped')")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("raised_at", Moment, nullable=False),
        sa.Column("until", Moment),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_alert"),
    )
    op.create_table(
        "alert_message",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("not_before", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", "channel", name="pk_alert_message"),
    )
    op.add_column("source", sa.Column("seconds", sa.Float))
    op.create_index(
        "ix_delivery_event_failure",
        "delivery_event",
        ["edition", "kind"],
        sqlite_where=_IS_FAILURE,
        postgresql_where=_IS_FAILURE,
    )
