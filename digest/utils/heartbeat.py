"""Heartbeats of a long-running process, sent by the loop that must not hang.

Long work calls `beat` at each of its steps. Only the thread that keeps a heartbeat sends beats, because other threads
may run while it hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Heartbeat:
    """The time of the loop's last beat. `on_beat` is called at each beat. Any thread may read `age`."""

    def __init__(self, on_beat: Callable[[], None] = lambda: None) -> None:
        self._on_beat = on_beat
        self._last: float | None = None

    def beat(self) -> None:
        self._last = time.monotonic()
        self._on_beat()

    @property
    def age(self) -> float | None:
        """Seconds since the last beat; None before the first one."""
        return None if self._last is None else time.monotonic() - self._last


# New threads start without one.
_kept: ContextVar[Heartbeat | None] = ContextVar("heartbeat", default=None)


@contextmanager
def keeping(heartbeat: Heartbeat) -> Iterator[None]:
    """Within the block, `beat` in this thread beats for this heartbeat."""
    token = _kept.set(heartbeat)
    try:
        yield
    finally:
        _kept.reset(token)


def beat() -> None:
    """Record a beat, if this thread keeps a heartbeat."""
    if (found := _kept.get()) is not None:
        found.beat()
