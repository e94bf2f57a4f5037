"""Create new SQLite stores as copies of one: creating the tables takes longer than many tests."""

from __future__ import annotations

import secrets
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock

from digest.store import database as stores
from digest.store import meta
from digest.store.database import STORE_ID, Database

_create = stores._bring_up_to_date
_lock = Lock()


def copy_new() -> None:
    """Make `open_database` fill an empty SQLite file with the tables of a store that this process made once."""
    stores._bring_up_to_date = _bring_up_to_date


def _bring_up_to_date(database: Database) -> None:
    # Threads may open the same store.
    with _lock:
        file = Path(str(database.engine.url.database))
        if database.sqlite and file.exists() and not file.stat().st_size:
            made, id = _template()
            with file.open("r+b") as empty:
                empty.write(made.replace(id.encode(), secrets.token_hex(len(id) // 2).encode()))
    _create(database)


@cache
def _template() -> tuple[bytes, str]:
    """The file of a new store, and the id in it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digest.db"
        file.touch(0o600)
        opened = stores.unopened(f"sqlite:///{file}", home=file.parent)
        _create(opened)
        id = meta.get(opened, STORE_ID)
        assert id is not None
        opened.truncate_wal()
        opened.close()
        return file.read_bytes(), id
