"""Alembic's entry point: runs the migrations on the connection of `digest.store.database`, inside its transaction."""

from alembic import context

from digest.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
