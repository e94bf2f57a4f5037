"""What a change by a link of an email replaced, so that its subscriber can put it back."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("person_request", sa.Column("undo", sa.JSON(none_as_null=True)))
