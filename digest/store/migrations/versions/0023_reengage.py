"""Who was asked whether to continue."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0023"
down_revision = "0022"


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
