"""The desk in the browser: users, their credentials and sessions, the log of every act, an index for new articles."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Id, Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "desk_user",
        sa.Column("id", Id, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_user"),
        sa.UniqueConstraint("name", name="uq_desk_user_name"),
    )
    op.create_table(
        "desk_credential",
        sa.Column("id", Id, autoincrement=True),
        sa.Column("user", Id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment),
        sa.Column("counter", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_desk_credential"),
        sa.ForeignKeyConstraint(["user"], ["desk_user.id"], name="fk_desk_credential_user"),
    )
    op.create_index("ix_desk_credential_user_kind", "desk_credential", ["user", "kind"])
    op.create_index("ix_desk_credential_secret", "desk_credential", ["secret"])
    op.create_table(
        "desk_session",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("user", Id, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("hash", name="pk_desk_session"),
        sa.ForeignKeyConstraint(["user"], ["desk_user.id"], name="fk_desk_session_user"),
    )
    op.create_index("ix_desk_session_user", "desk_session", ["user"])
    op.create_table(
        "audit",
        sa.Column("id", Id, autoincrement=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject_id", "audit", ["subject", "id"])
    op.create_index("ix_article_first_seen", "article", ["first_seen"])
