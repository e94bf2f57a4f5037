"""Fixtures and settings that every test may use."""

import gc
import os
import shutil
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

# Until all tests are collected: what importing and collecting makes lives to the end.
gc.disable()

MEMORY = Path("/dev/shm")
# Bytes that a test run needs there.
ENOUGH = 2_000_000_000

# SQLite waits for the disk at each commit. In a memory file system the same tests take a fraction of the time.
if "PYTEST_DEBUG_TEMPROOT" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a process that runs tests. The one that hands them to workers runs none, and starts faster without."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return
    from tests.support import compiled, new_stores, passwords, profiles, remembered, routes

    profiles.register()
    compiled.compile_templates_once()
    compiled.compile_statements_once()
    remembered.remember()
    passwords.hash_cheaply()
    new_stores.copy_new()
    routes.analyse_once()
    config.pluginmanager.import_plugin("tests.support.databases")
    if config.args == config.getini("testpaths"):
        compiled.compile_own_share()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Start two workers for a core and one more, because many slow tests wait for a server, a process or a clock.

    Without these each further worker costs more than it gains: it collects all tests.
    """
    cores = os.cpu_count() or 1
    return cores if config.option.markexpr == "not slow" else 2 * cores + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each worker begin with its share of the slow tests, so that no run ends with one that waits for them.

    xdist gives each worker a contiguous part of the tests of the same size.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    slow, quick = deque[list[pytest.Item]](), deque[pytest.Item]()
    for item in items:
        if item.get_closest_marker("slow") is None:
            quick.append(item)
        elif slow and slow[-1][0].path == item.path:
            slow[-1].append(item)
        else:
            slow.append([item])
    files, ordered = list(slow), list[pytest.Item]()
    for worker in range(workers):
        part = [item for file in files[worker::workers] for item in file]
        missing = len(items) // workers - len(part)
        ordered += part + [quick.popleft() for _ in range(min(missing, len(quick)))]
    items[:] = [*ordered, *quick]


def pytest_collection_finish() -> None:
    """Exclude the objects of test collection from garbage collection: thousands that live to the end.

    The default threshold, made for programs of a few megabytes, takes up to a tenth of the CPU time of tests.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


@pytest.fixture(autouse=True)
def forget_secrets() -> Iterator[None]:
    """Secrets are registered for a whole process, and would be masked in the output of later tests."""
    yield
    from digest.utils import redact

    redact.forget()


@pytest.fixture
def brief_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pause of a send after a failure from one second to a hundredth."""
    monkeypatch.setattr("digest.deliver.failover._FIRST_PAUSE", 0.01)
