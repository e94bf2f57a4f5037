"""Notes on SQLite that don't wait for the disk, one after the other, for `steps`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import cast

from digest.store.database import Database


class Jotter:
    """A connection kept for what is too small to wait for the disk: it outlives this process, but perhaps not a power
    cut, unless a `write` came after it. One thread at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.said():
            self._kept = database.engine.raw_connection()
            self._driver = cast(sqlite3.Connection, self._kept.driver_connection)
            self._driver.execute("PRAGMA synchronous=NORMAL")

    def jot(self, statement: str, values: Sequence[object]) -> int:
        """One statement with question marks, a transaction of its own. Answers the rows changed; StoreError when it
        can't."""
        try:
            return int(self._driver.execute(statement, values).rowcount)
        except sqlite3.Error:
            with self.database.said():
                raise

    def close(self) -> None:
        """The connection serves others again, who wait for the disk."""
        with self.database.said():
            self._driver.execute("PRAGMA synchronous=FULL")
            self._kept.close()
