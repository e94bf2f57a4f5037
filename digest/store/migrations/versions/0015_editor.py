"""The editor's desk: links in test emails, passkeys, and revisions of an edition that is corrected while it is sent."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("edition", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("edition", sa.Column("corrects", sa.JSON()))
    op.add_column("desk_user", sa.Column("email", sa.Text(), nullable=False, server_default=""))
    op.add_column("desk_credential", sa.Column("public_key", sa.Text(), nullable=False, server_default=""))
    op.add_column("desk_credential", sa.Column("label", sa.Text(), nullable=False, server_default=""))
    op.add_column("desk_session", sa.Column("method", sa.String(16), nullable=False, server_default="password"))
    op.create_table(
        "desk_link",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("revision", sa.String(16), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.Column("used_by", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("hash", name="pk_desk_link"),
        sa.ForeignKeyConstraint(["edition"], ["edition.key"], name="fk_desk_link_edition"),
    )
