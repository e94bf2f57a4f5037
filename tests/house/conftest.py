"""A newsletter folder, as for the commands."""

from tests.cli.conftest import newsroom  # noqa: F401
