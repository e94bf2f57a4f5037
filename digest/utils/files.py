"""Where a file lies, and replacing one whole: after a crash there is the old or the new one, never half of either."""

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
    """A path as an admin writes it: relative to `home`, or `~/…`, or absolute."""
    return home / os.path.expanduser(path)  # noqa: PTH111  pathlib's raises where there is no such user


def replace_file(path: Path, data: bytes, *, like: Path | None = None) -> None:
    """Writes `data` to `path` atomically and durably, with the mode of `like` or of the old one. Raises DigestError."""
    model = like or path
    with _replacing(path, model.stat().st_mode & 0o777 if model.exists() else 0o644) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A text file (UTF-8, line ends as written, for its owner's eyes) that takes the place of `path` when the block
    ends well; nothing is left of it when it does not. Raises DigestError."""
    with _replacing(path, 0o600) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        yield text
        text.detach()  # flushes


@contextlib.contextmanager
def _replacing(path: Path, mode: int) -> Iterator[BinaryIO]:
    path = path.resolve()  # through a symbolic link, the file it points to is replaced, not the link
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(mode)
        Path(part).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise DigestError(f"{path.name}: can't be written: {error.strerror}") from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Makes a new name in a folder outlive a power cut, where the system can say so."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
