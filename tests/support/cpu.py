"""Limits on CPU time. They hold on a busy machine, where wall time proves nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Fail when the block uses more CPU time of this process than `seconds`. Waiting does not count."""
    start = time.process_time()
    yield
    used = time.process_time() - start
    assert used < seconds, f"{used:.2f} s of CPU time, expected less than {seconds:g} s"
