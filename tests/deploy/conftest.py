"""A newsletter folder for each test."""

from tests.cli.newsroom import newsroom  # noqa: F401
