"""When Python may look for garbage: not while a great many objects are made that all live on.

Each look goes through all of them again, and they are more at each; what nobody refers to is let go of all the same.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unsearched() -> Iterator[None]:
    """For work of seconds that makes no rings of objects: nothing is looked for until the block ends."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


@contextmanager
def settled() -> Iterator[None]:
    """For work of any length: what is there when the block begins is not looked through within it."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
