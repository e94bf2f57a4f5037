"""Unknown recipients of SMTP: server, time and its last words; decisions about one recipient, with who and why."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("attempt", sa.Column("host", sa.Text(), nullable=False, server_default=""))
    op.add_column("attempt", sa.Column("current_at", sa.DateTime(timezone=True)))
    op.add_column("attempt", sa.Column("last_reply", sa.Text(), nullable=False, server_default=""))
    op.add_column("decision", sa.Column("subscriber", _ID))
    op.add_column("decision", sa.Column("evidence", sa.Text(), nullable=False, server_default=""))
    op.add_column("decision", sa.Column("decided_by", sa.Text(), nullable=False, server_default=""))
