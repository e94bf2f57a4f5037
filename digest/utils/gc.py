"""Pause Python's cyclic garbage collector during bulk allocation. Reference counting still frees everything else."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
