"""A value that is read again after a moment, for what many requests of one moment ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Brief(Generic[Value]):
    """Keeps what `read` returns for so many seconds. Several threads may read at once; the last one counts."""

    def __init__(self, read: Callable[[], Value], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._held: tuple[float, Value] | None = None

    def get(self) -> Value:
        held = self._held
        if held is None or time.monotonic() > held[0]:
            held = self._held = (time.monotonic() + self._seconds, self._read())
        return held[1]
