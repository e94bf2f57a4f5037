"""The search for subscribers also finds the beginning of a domain."""

from alembic import op

from digest.store.schema import SUBSCRIBER_DOMAIN

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute(SUBSCRIBER_DOMAIN[op.get_bind().dialect.name])
