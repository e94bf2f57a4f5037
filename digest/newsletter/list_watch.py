"""Notice an edit of the subscriber list soon, without reading the list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from digest.subscribers.includes import files_of

# File → time of the last change and size; None if it cannot be read.
_Stamps = dict[Path, tuple[int, int] | None]


class ListWatch:
    """Detects changes of the list files since `is_read`. It does not notice new files that match a pattern."""

    def __init__(self) -> None:
        self._read: _Stamps = {}
        self._last: _Stamps = {}

    def is_read(self, path: Path) -> None:
        """Remember the present state of the list files. Call it just before they are read."""
        self._read = _stamps(files_of(path))

    def is_new(self) -> bool:
        """Whether the list was edited.

        It must be unchanged since the last call, because it may be half written until then.
        """
        before, self._last = self._last, _stamps(self._read)
        return before == self._last != self._read


def _stamps(files: Iterable[Path]) -> _Stamps:
    return {file: _stamp(file) for file in files}


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
