"""Signs of life of a long-running process, given by the loop that must not hang.

Work that takes long calls `beat` at each of its steps. Only the thread that keeps a heartbeat gives signs: other
threads may still run while it hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Heartbeat:
    """When the loop last gave a sign. `on_beat` is called at each one. Any thread may read `age`."""

    def __init__(self, on_beat: Callable[[], None] = lambda: None) -> None:
        self._on_beat = on_beat
        self._last: float | None = None

    def beat(self) -> None:
        self._last = time.monotonic()
        self._on_beat()

    @property
    def age(self) -> float | None:
        """Seconds since the last sign; None before the first."""
        return None if self._last is None else time.monotonic() - self._last


# New threads start without one.
_kept: ContextVar[Heartbeat | None] = ContextVar("heartbeat", default=None)


@contextmanager
def keeping(heartbeat: Heartbeat) -> Iterator[None]:
    """Let `beat` in this thread give signs of this heartbeat within the block."""
    token = _kept.set(heartbeat)
    try:
        yield
    finally:
        _kept.reset(token)


def beat() -> None:
    """Give a sign, if this thread keeps a heartbeat."""
    if (found := _kept.get()) is not None:
        found.beat()
