"""Lists that admins upload, between their preview and the decision to import them."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Self

from digest.usecases.transfer_subscribers import ListToImport

# The most lists that wait for a decision. Older ones are deleted.
_MAX_KEPT = 4


class Uploads:
    """Lists between preview and decision, in a folder that is deleted when the server ends. A context manager."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[str, ListToImport]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def new_place(self) -> tuple[str, Path]:
        """Return a new name and its path. Only this user of the machine can read it."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="digest-import-"))
            id = secrets.token_hex(16)
            return id, self._folder / id

    def keep(self, id: str, user: str, upload: ListToImport) -> None:
        with self._lock:
            self._held[id] = (user, upload)
            self._held.move_to_end(id)
            old = [self._held.popitem(last=False)[1] for _ in range(len(self._held) - _MAX_KEPT)]
        for _user, each in old:
            shutil.rmtree(each.path.parent, ignore_errors=True)

    def get(self, id: str, user: str) -> ListToImport | None:
        """Return a list that this user uploaded."""
        with self._lock:
            held = self._held.get(id)
        return held[1] if held is not None and held[0] == user else None

    def forget(self, id: str) -> None:
        with self._lock:
            held = self._held.pop(id, None)
        if held is not None:
            shutil.rmtree(held[1].path.parent, ignore_errors=True)
