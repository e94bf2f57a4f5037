"""Find built-in files, and replace files atomically: a crash leaves the old or the new file, never a part of one."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from digest.errors import DigestError

_PACKAGE = Path(__file__).parent.parent


def templates() -> Path:
    """Return the folder of the built-in email templates."""
    return _find("templates")


def samples() -> Path:
    """Return the folder of the sample feeds and articles."""
    return _find("samples")


def _find(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def placed(home: Path, path: str) -> Path:
    """Resolve a configured path: relative to `home`, `~/…`, or absolute."""
    # pathlib's expanduser raises for an unknown user.
    return home / os.path.expanduser(path)  # noqa: PTH111


def replace_file(path: Path, data: bytes, *, like: Path | None = None) -> None:
    """Write `data` to `path` atomically, with the mode of `like` or of the old file. Raises DigestError."""
    model = like or path
    with _replacing(path, model.stat().st_mode & 0o777 if model.exists() else 0o644) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Yield a private UTF-8 text file that replaces `path` unless the block raises. Raises DigestError."""
    with _replacing(path, 0o600) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        yield text
        # Flushes without closing the file.
        text.detach()


@contextlib.contextmanager
def _replacing(path: Path, mode: int) -> Iterator[BinaryIO]:
    # A symbolic link stays; the file it points to is replaced.
    path = path.resolve()
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(mode)
        Path(part).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise DigestError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, on systems that can sync a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
