"""The schema of the first release. New stores are created from the metadata, so this runs in no store."""

from alembic import op

from digest.store.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
