"""File modes of an SQLite store. Only the owner may read it: it holds addresses, and the key that signs links.

SQLite gives its `-wal`, `-shm` and `-journal` files the mode of the store, whatever the umask
(findCreateFileMode in os_unix.c).
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from digest.utils.files import PRIVATE_FILE, open_mode, open_private, real_path

log = logging.getLogger(__name__)

# What SQLite appends to the name of the store for its other files.
SIDE_FILES = ("-wal", "-shm", "-journal")
# Files that this process has warned about already: some commands open the store many times.
_warned: set[Path] = set()


def keep_private(store: Path) -> None:
    """Create a missing store file with mode 0600, and take other users' access to an existing one away.

    Warns if that is not possible. A store that cannot be created or read is reported when it is opened.
    """
    store = real_path(store)
    if not store.exists():
        # Never an existing file: closing it would release this process's locks on it
        # (https://sqlite.org/howtocorrupt.html, 2.2).
        with contextlib.suppress(OSError):
            os.close(open_private(store, os.O_WRONLY | os.O_EXCL))
    for file in (store, *(store.with_name(store.name + suffix) for suffix in SIDE_FILES)):
        with contextlib.suppress(FileNotFoundError):
            _close_to_others(file)


def _close_to_others(file: Path) -> None:
    mode = open_mode(file)
    if not mode:
        return
    reason = "its mode has no effect here"
    try:
        file.chmod(PRIVATE_FILE)
    except FileNotFoundError:
        return
    except OSError as error:
        reason = str(error.strerror)
    if not open_mode(file):
        log.warning("%s had mode %04o, which gives other users access; it is now 0600, for its owner only", file, mode)
    elif file not in _warned:
        _warned.add(file)
        log.warning(
            "%s has mode %04o, which gives other users access, and cannot be changed (%s); its owner can run chmod 600",
            file,
            mode,
            reason,
        )
