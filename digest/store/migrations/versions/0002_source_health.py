"""How sources are doing. `last_new` of a known source is when its last article was first seen."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for column in (
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", Moment(timezone=True), nullable=True),
        sa.Column("last_good", Moment(timezone=True), nullable=True),
        sa.Column("last_new", Moment(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("not_before", Moment(timezone=True), nullable=True),
        sa.Column("moved_to", sa.Text(), server_default="", nullable=False),
    ):
        op.add_column("source", column)
    op.execute("UPDATE source SET last_new = (SELECT max(first_seen) FROM article WHERE article.source = source.name)")
