"""What an import replaced, so that it can be undone, and the indexes of the log's filters."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "import_change",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("act", Id, nullable=False, autoincrement=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("topics", sa.JSON(none_as_null=True)),
        sa.Column("frequency", sa.String(32)),
        sa.Column("timezone", sa.String(64)),
        sa.Column("hour", sa.String(5)),
        sa.Column("format", sa.String(8)),
        sa.Column("status", sa.String(16)),
        sa.Column("editions", sa.JSON(none_as_null=True)),
        sa.Column("origin", sa.Text()),
        sa.Column("paused_until", Moment),
        sa.Column("reason", sa.String(32)),
        sa.PrimaryKeyConstraint("address", "act", name="pk_import_change"),
        sa.ForeignKeyConstraint(["act"], ["audit.id"], name="fk_import_change_act"),
    )
    op.create_index("ix_import_change_act", "import_change", ["act"])
    for columns in (("who", "at", "id"), ("what", "at", "id"), ("at", "id")):
        op.create_index("_".join(("ix_audit", *columns)), "audit", list(columns))
