"""Alembic's entry: runs the migrations on the connection that `database` hands over, inside its transaction."""

from alembic import context

from digest.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
