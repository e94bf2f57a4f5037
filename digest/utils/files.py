"""Find built-in files, keep files private, and replace them atomically.

A crash leaves the old or the new file, never a part of one. Files with addresses or keys are for their owner only,
whatever the umask: mode 0600, and 0700 for folders. A file that root creates belongs to the owner of its folder, so
that a command by root does not lock out the user of the service.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shlex
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, TextIO

from digest.errors import DigestError

_PACKAGE = Path(__file__).parent.parent
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_making_folder = threading.Lock()


def templates() -> Path:
    """Return the folder of the built-in email templates."""
    return _find("templates")


def samples() -> Path:
    """Return the folder of the sample feeds and articles."""
    return _find("samples")


def _find(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def resolve_path(home: Path, path: str) -> Path:
    """Resolve a configured path: relative to `home`, `~/…`, or absolute."""
    # pathlib's expanduser raises for an unknown user.
    return home / os.path.expanduser(path)  # noqa: PTH111


def real_path(path: Path) -> Path:
    """Return the path without symbolic links. Before Python 3.13, Path.resolve raises for a link to itself."""
    return Path(os.path.realpath(path))


def valid_name(name: str) -> str:
    r"""Return a text with a file's name, `\udcff.txt` for one that is not UTF-8, as in a ZIP of an old Windows."""
    return name.encode("utf-8", "backslashreplace").decode()


def make_private_folder(path: Path) -> None:
    """Create a folder for its owner only, and its parents as usual. One that exists keeps its mode. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another thread that found the folder before it has its owner would make files of root in it.
    with _making_folder:
        try:
            path.mkdir(PRIVATE_FOLDER)
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            # The umask may have taken bits of the owner's.
            path.chmod(PRIVATE_FOLDER)
            give_to_owner(path, path.parent)


def open_private(path: Path, flags: int) -> int:
    """Open or create a file that is for its owner only from the first moment on. Returns the handle. Raises OSError."""
    flags |= os.O_CREAT | getattr(os, "O_BINARY", 0)
    owner = _other_owner(path.parent)
    try:
        # Exclusively, because a symlink in the owner's folder must not make root change the owner of another file.
        handle = os.open(path, flags | os.O_EXCL if owner else flags, PRIVATE_FILE)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        handle, owner = os.open(path, flags, PRIVATE_FILE), None
    if hasattr(os, "fchmod"):
        # An older file keeps its mode, and the umask may have taken bits of the owner's.
        os.fchmod(handle, PRIVATE_FILE)
    if owner:
        with contextlib.suppress(OSError):
            os.fchown(handle, *owner)
    return handle


def prepare_lock(path: Path) -> None:
    """Create a lock's file if it is missing and would belong to root, not to the owner of its folder."""
    if _other_owner(path.parent) and not path.exists():
        with contextlib.suppress(OSError):
            os.close(open_private(path, os.O_RDWR))


def acquire_lock(path: Path, timeout: float, *, try_again: float = 0.05) -> AbstractContextManager[object]:
    """Lock a file among processes and threads. The result releases it when its block ends.

    `timeout` and `try_again`, the pause between two tries, are in seconds. Raises filelock.Timeout and OSError.
    """
    from filelock import FileLock

    prepare_lock(path)
    return FileLock(path, timeout=timeout, mode=PRIVATE_FILE).acquire(poll_interval=try_again)


def _other_owner(path: Path) -> tuple[int, int] | None:
    """Return the user and group that own a file or folder, if this process is root and the owner is not. Else None."""
    if getattr(os, "geteuid", lambda: -1)() != 0:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_uid, found.st_gid) if found.st_uid else None


def read_regular(path: Path) -> bytes:
    """Return the file's content. Raises OSError, also for a pipe or a device, because these may never end."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or device"
        raise OSError(errno.EINVAL, f"it is {kind}; expected a file")
    return path.read_bytes()


def refused_access(path: Path) -> str | None:
    """Return why this process may not read and write a file, and the command that allows it.

    None if it may, or is root.
    """
    if not hasattr(os, "geteuid"):
        return None
    try:
        found, me = path.stat(), os.geteuid()
    except OSError:
        return None
    effective = os.access in os.supports_effective_ids
    if me == 0 or os.access(path, os.R_OK | os.W_OK, effective_ids=effective):
        return None
    if found.st_uid == me:
        # Else the file system is read-only.
        is_closed = found.st_mode & 0o600 != 0o600
        return f"it is closed to its owner: `chmod u+rw {shlex.quote(str(path))}`" if is_closed else ""
    mine, owner = _user(me), _user(found.st_uid)
    return f"it belongs to {owner}, and this is the user {mine}: as {owner} run `chown {mine} {shlex.quote(str(path))}`"


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def write_private(path: Path, data: bytes) -> None:
    """Write a file for its owner only. Raises OSError."""
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(data)


def open_mode(path: Path) -> int:
    """Return the mode of a file or folder if it gives other users any access, else 0. Raises OSError.

    Always 0 on systems without these modes.
    """
    mode = path.stat().st_mode & 0o7777
    return mode if os.name == "posix" and mode & 0o077 else 0


def readable_by_others(path: Path) -> bool:
    """Whether other users of this machine can read a file or folder, by its mode and by the modes of its parents."""
    try:
        mode = open_mode(path)
        folders = [folder.stat().st_mode for folder in real_path(path).parents] if mode else []
    except OSError:
        return False
    return any(mode & 0o4 << who and all(folder & 0o1 << who for folder in folders) for who in (0, 3))


def replace_file(path: Path, data: bytes, *, like: Path | None = None, mode: int = PRIVATE_FILE) -> None:
    """Write `data` to `path` atomically. Raises DigestError.

    The file gets the mode of `like` or of the old file; a new one gets `mode`.
    """
    model = like or path
    with _replacing(path, model.stat().st_mode & 0o777 if model.exists() else mode, like=model) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Yield a private UTF-8 text file that replaces `path` unless the block raises. Raises DigestError."""
    with _replacing(path, PRIVATE_FILE) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        yield text
        # Flushes without closing the file.
        text.detach()


@contextlib.contextmanager
def _replacing(path: Path, mode: int, *, like: Path | None = None) -> Iterator[BinaryIO]:
    # A symbolic link stays; the file it points to is replaced.
    path = real_path(path)
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(mode)
        give_to_owner(Path(part), path if path.exists() else like or path)
        Path(part).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise DigestError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)


def give_to_owner(part: Path, old: Path) -> None:
    """Keep the owner of a file that root replaces, so that the owner can still read it. `old` may be missing."""
    if owner := _other_owner(old):
        with contextlib.suppress(OSError):
            os.chown(part, *owner, follow_symlinks=False)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a rename survives a power cut, on systems that support it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
