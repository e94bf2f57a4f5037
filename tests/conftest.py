"""What every test may use: a store of each kind, and sources that never reach beyond this machine."""

import os

from hypothesis import settings

from tests.support.databases import postgres_url, sqlite_url, store_url  # noqa: F401

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: many a test waits for a server, a process or a clock."""
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2
