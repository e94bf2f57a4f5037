"""Python's garbage collector and the C library's memory, during bulk work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

# The numbers of glibc's `mallopt` for its settings of this name.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# Bytes. A thread keeps up to `_KEPT`, of allocations of up to `_LONGEST`, which is glibc's limit. A request of 1,000
# emails takes three million, and more with images.
_KEPT, _LONGEST = 64 << 20, 32 << 20


@cache
def keep_freed_memory() -> None:
    """Let each thread keep freed memory for its next request."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
        mallopt(_M_MMAP_THRESHOLD, _LONGEST)


@contextmanager
def gc_paused() -> Iterator[None]:
    """Turn the collector off until the block ends. Also a decorator. For seconds of work that creates no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Exempt all existing objects from collection until the block ends. For work of any length."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
