"""Cache a value for some seconds, so that many requests at once cause one read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class TimedCache(Generic[Value]):
    """Caches the result of `read` for `seconds`. If several threads read at once, the last result stays."""

    def __init__(self, read: Callable[[], Value], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._held: tuple[float, Value] | None = None

    def get(self) -> Value:
        held = self._held
        if held is None or time.monotonic() > held[0]:
            held = self._held = (time.monotonic() + self._seconds, self._read())
        return held[1]
