"""Editions keep what a language model did and answered for them, and the sources of an intro that it wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("edition", sa.Column("intro_support", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("edition", sa.Column("model_use", sa.JSON()))
    op.add_column("edition", sa.Column("model_answers", sa.JSON(), nullable=False, server_default="{}"))
