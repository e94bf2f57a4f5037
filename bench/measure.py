"""Measurements that several benchmarks share."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def timed(work: Callable[[], object]) -> float:
    """Return the wall seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_own_process(module: str, *args: object) -> tuple[float, int]:
    """Run a module that ends with `print_result`; return its seconds and its peak memory in MiB."""
    command = [sys.executable, "-m", module, *map(str, args)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = done.stdout.split()
    return float(seconds), int(peak)


def print_result(seconds: float) -> None:
    """Print the seconds, and the peak memory of this process in MiB, for `in_own_process`."""
    print(seconds, peak_mib())


def peak_mib() -> int:
    """Return this process's peak memory. `ru_maxrss` would include the parent's memory from before the exec."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) // 1024


def cpu_of_command(command: Sequence[str]) -> float:
    """Return the CPU seconds of a command and its children."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime
