"""Keep freed memory in the process, because getting it from the system again takes long."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

# The numbers of glibc's `mallopt` for its settings of this name.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# Bytes. A thread keeps up to `_KEPT`, of allocations of up to `_LONGEST`, which is glibc's limit. A request of 1,000
# emails takes three million, and more with images.
_KEPT, _LONGEST = 64 << 20, 32 << 20


@cache
def keep_freed_memory() -> None:
    """Let each thread keep what it frees for its next request.

    By default glibc gives the memory of long requests back at once. Getting it again takes hundreds of page faults,
    half a millisecond of a batch. Does nothing on other systems.
    """
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
        mallopt(_M_MMAP_THRESHOLD, _LONGEST)
