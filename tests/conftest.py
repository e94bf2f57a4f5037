"""Fixtures and settings that every test may use."""

import os

from tests.support import profiles
from tests.support.databases import postgres_url, sqlite_url, store_url  # noqa: F401

profiles.register()


def pytest_xdist_auto_num_workers() -> int:
    """Start three workers for two cores: many tests wait for a server, a process or a clock."""
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2
