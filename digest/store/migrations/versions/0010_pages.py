"""What readers do on their pages: wishes, sign-ups, and how often somebody may ask."""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Moment

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "wish",
        sa.Column("subscriber", _ID, nullable=False),
        sa.Column("topics", sa.JSON(none_as_null=True)),
        sa.Column("frequency", sa.String(length=16)),
        sa.Column("hour", sa.String(length=5)),
        sa.Column("format", sa.String(length=8)),
        sa.Column("paused_until", Moment(timezone=True)),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name="fk_wish_subscriber"),
        sa.PrimaryKeyConstraint("subscriber", name="pk_wish"),
    )
    op.create_table(
        "signup",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(timezone=True), nullable=False),
        sa.Column("confirmed_at", Moment(timezone=True)),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signup"),
    )
    op.create_index("ix_signup_address", "signup", ["address"])
    op.create_index("ix_signup_asked_at", "signup", ["asked_at"])
    op.create_table(
        "quota",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("since", Moment(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_quota"),
    )
