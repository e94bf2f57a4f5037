"""The acceptance log of a local provider, which delivery tests check. One JSON line per recipient and state.

`killing.balance` counts the lines. A line is
`{"state", "email", "subject", "message_id", "args", "batch_id", "send_at", "time"}`, the subject only
from the SendGrid server. States:

    sent       handed on; the recipient gets it
    held       accepted, waits for its send_at; the recipient gets it unless it is cancelled
    cancelled  held, but its batch is now cancelled or paused
    discarded  its send_at came while it was cancelled; the recipient never gets it
    violation  no recipient: a payload that broke a rule (`message`, `field`)

The last line of a (message_id, email) gives its final state.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson


class AcceptanceLog:
    """Appends groups of lines to a file before the caller answers its client.

    With `path` None it keeps nothing. The log survives any kill, and with `fsync` a power cut too.
    """

    def __init__(self, path: Path | str | None, *, fsync: bool = False) -> None:
        self._fsync = fsync
        self._lock = threading.Lock()
        self._fd = -1 if path is None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, lines: Iterable[dict[str, Any]]) -> None:
        """Append the lines in one write. `state` is the first key of each. Does nothing without a file."""
        with self._lock:
            if self._fd < 0:
                return
            dump = orjson.dumps(list(lines))[1:-1]
            if not dump:
                return
            # Inside a JSON string every quote is escaped, so this cuts only between lines.
            rest = memoryview(dump.replace(b'},{"state":', b'}\n{"state":') + b"\n")
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            if self._fsync:
                os.fsync(self._fd)

    def close(self) -> None:
        """Close the file. Later lines are dropped. May be called twice."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


def read(path: Path | str) -> Iterator[dict[str, Any]]:
    """Yield the lines of a log, oldest first, without an incomplete last line. Raises FileNotFoundError."""
    with Path(path).open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield orjson.loads(line)


def count(path: Path | str) -> int:
    """Return the number of complete lines, 0 if there is no file yet."""
    try:
        with Path(path).open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except FileNotFoundError:
        return 0
