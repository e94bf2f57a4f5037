"""Memory that a thread frees is still there for what it makes next."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# A new process, because other tests have changed the memory of this one.
FAULTS = """
import resource, threading
from digest.utils.memory import keep_freed_memory

keep_freed_memory()

def run():
    for _ in range(20):
        [b"x" * 600_000 for _ in range(6)]
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(20):
        [b"x" * 600_000 for _ in range(6)]
    print(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)

thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_a_thread_keeps_the_memory_of_its_last_request() -> None:
    found = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    # Without it, each of the twenty takes hundreds.
    assert int(found.stdout) < 200
