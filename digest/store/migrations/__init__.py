"""Migrations, append-only, each in its transaction."""
