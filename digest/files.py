"""Replacing a file whole: after a crash there is the old one or the new one, never half of either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from digest.errors import DigestError


def replace_file(path: Path, data: bytes) -> None:
    """Writes `data` to `path` atomically and durably, keeping the mode of the old one. Raises DigestError."""
    path = path.resolve()  # through a symbolic link, the file it points to is replaced, not the link
    part = ""
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(mode)
        Path(part).replace(path)
    except OSError as error:
        if part:
            Path(part).unlink(missing_ok=True)
        raise DigestError(f"{path.name}: can't be written: {error.strerror}") from error
