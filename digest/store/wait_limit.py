"""A limit on the total time that a piece of work waits for a locked store, in all of its transactions together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from digest.store import errors

# The time.monotonic() at which this work stops waiting. None: each transaction may wait BUSY_SECONDS.
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def wait_limit(seconds: float) -> Iterator[None]:
    """Limit the waiting inside the block to `seconds` from now, also in threads that copy its context.

    Without a limit each transaction waits anew, and work that queued for a thread or for another writer starts waiting
    again when its turn comes.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_limited() -> bool:
    """Whether this work has a limit."""
    return _deadline.get() is not None


def seconds_left() -> float:
    """Return the seconds that the next transaction may wait, from 0 to BUSY_SECONDS."""
    deadline = _deadline.get()
    if deadline is None:
        return errors.BUSY_SECONDS
    return min(errors.BUSY_SECONDS, max(0.0, deadline - time.monotonic()))
