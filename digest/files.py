"""Where a file lies, and replacing one whole: after a crash there is the old or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from digest.errors import DigestError


def placed(home: Path, path: str) -> Path:
    """A path as an admin writes it: relative to `home`, or `~/…`, or absolute."""
    return home / os.path.expanduser(path)  # noqa: PTH111  pathlib's raises where there is no such user


def replace_file(path: Path, data: bytes, *, like: Path | None = None) -> None:
    """Writes `data` to `path` atomically and durably, with the mode of `like` or of the old one. Raises DigestError."""
    path = path.resolve()  # through a symbolic link, the file it points to is replaced, not the link
    part = ""
    try:
        model = like or path
        mode = model.stat().st_mode & 0o777 if model.exists() else 0o644
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(mode)
        Path(part).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if part:
            Path(part).unlink(missing_ok=True)
        raise DigestError(f"{path.name}: can't be written: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """Makes a new name in a folder outlive a power cut, where the system can say so."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
