"""Old editions keep counts instead of one row per recipient."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Without a zone on SQLite, as all times.
    op.add_column("edition", sa.Column("folded_at", sa.DateTime(timezone=True)))
    op.create_table(
        "edition_count",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key", name="fk_edition_count_edition")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "kind", "reason", name="pk_edition_count"),
    )
