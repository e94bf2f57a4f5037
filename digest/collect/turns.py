"""Turns of parsing: as many at a time as there are cores, and one large document at a time. Knows no parser.

Hundreds of threads wait for answers at once; parsing in all of them would only thrash, and a large document costs
twenty times its bytes of memory while it is parsed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 1_000_000
"""Bytes from which a document waits for the other large ones; a feed of thirty full articles has some 200,000."""


class Turns:
    """Shared by the threads of one run."""

    def __init__(self, cores: int = 0) -> None:
        self._cores = threading.BoundedSemaphore(cores or os.cpu_count() or 1)
        self._large = threading.Lock()

    @contextmanager
    def turn(self, size: int = 0) -> Iterator[None]:
        """A turn for a document of `size` bytes, until the block ends. Not to be nested."""
        if size < LARGE:
            with self._cores:
                yield
        else:
            with self._large, self._cores:
                yield
