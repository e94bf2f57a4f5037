"""The acceptance log: the oracle of every delivery proof. One JSON line per recipient and state.

Owns the file's format, its appending and its reading. Knows no protocol and judges nothing (see killing.balance).

A line is `{"state", "email", "message_id", "args", "batch_id", "send_at", "time"}`. States:

    sent       handed on; the reader gets it
    held       accepted, waits for its send_at; the reader will get it unless it is cancelled
    cancelled  held, but its batch is cancelled (or paused) at present
    discarded  its send_at came while it was cancelled; the reader never gets it
    violation  no recipient: a payload that broke a rule (`message`, `field`)

The last line of one (message_id, email) is the truth about it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson


class AcceptanceLog:
    """Appends lines to a file, whole groups at a time, before the caller answers its client.

    `path` None keeps nothing. `fsync` also survives a power cut; without it the log survives any kill.
    """

    def __init__(self, path: Path | str | None, *, fsync: bool = False) -> None:
        self._fsync = fsync
        self._lock = threading.Lock()
        self._fd = -1 if path is None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, lines: Iterable[dict[str, Any]]) -> None:
        """Append the lines, each with `state` as its first key, in one write; a no-op without a file."""
        with self._lock:
            if self._fd < 0:
                return
            whole = orjson.dumps(list(lines))[1:-1]
            if not whole:
                return
            # One dump and one replace: inside a JSON string every quote is escaped, so this cuts only between lines.
            rest = memoryview(whole.replace(b'},{"state":', b'}\n{"state":') + b"\n")
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            if self._fsync:
                os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; later lines are dropped. May be called twice."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


def read(path: Path | str) -> Iterator[dict[str, Any]]:
    """The lines of a log, oldest first; a torn last line is left out. Raises FileNotFoundError."""
    with Path(path).open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield orjson.loads(line)


def count(path: Path | str) -> int:
    """How many whole lines the log has; 0 when there is no file yet."""
    try:
        with Path(path).open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except FileNotFoundError:
        return 0
