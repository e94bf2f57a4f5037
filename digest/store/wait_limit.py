"""How long a piece of work may wait for a store that another program has locked, in all its transactions together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from digest.store import errors

# time.monotonic() at which this work stops waiting; None: each transaction may wait BUSY_SECONDS.
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def wait_limit(seconds: float) -> Iterator[None]:
    """Let everything in the block wait for at most `seconds`, counted from now: also in threads that copy its context.

    Without a limit, work of several transactions waits for each of them, and work that queues for a thread or for
    another writer waits again when its turn comes.
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
    """Seconds that the next transaction may wait, from 0 to BUSY_SECONDS."""
    deadline = _deadline.get()
    if deadline is None:
        return errors.BUSY_SECONDS
    return min(errors.BUSY_SECONDS, max(0.0, deadline - time.monotonic()))
