"""Noting, reader by reader, who is being handed over: the promise that a kill leaves one reader in doubt, not a batch.

A commit that waits for the disk costs milliseconds, and a letter by SMTP one. What SQLite has written survives the
death of this process without that wait; only a power cut can undo it. So most notes don't wait, every `AHEAD`th does,
and the attempt keeps which start of the machine they were made in: when it is another one at recovery, so many readers
from the last note on are in doubt. Elsewhere (PostgreSQL, systems that don't name their starts) every note waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import and_, update

from digest.errors import StoreError
from digest.store.database import Database
from digest.store.jotter import Jotter
from digest.store.schema import attempt

AHEAD = 50

_NOTE = "UPDATE attempt SET in_doubt = ? WHERE id = ? AND state = 'submitting'"


class Steps:
    """The notes of this process. Threads may share it, each with its own attempts."""

    def __init__(self, database: Database, boot: str | None = None) -> None:
        self.database = database
        self.boot = _boot(database) if boot is None else boot
        """This start of the machine; '' where a note is as durable as any other commit."""
        self._waits = not self.boot or database.engine.dialect.name != "sqlite"
        self._since: dict[str, int] = {}  # attempt → notes since one that waited
        self._jotter: Jotter | None = None  # kept while there are attempts: taking one a note costs twice the note

    def note(self, name: str, reader: int) -> None:
        """The reader is handed over next. Raises StoreError when the attempt is no longer ours: whoever went on now
        would hand readers over a second time."""
        if self._waits:
            ours = self._written(name, reader)
        else:
            with self.database.turn:  # SQLite lets who finds it busy sleep ten times as long as a note takes
                since = self._since.get(name, AHEAD)
                if since < AHEAD:
                    self._jotter = self._jotter or Jotter(self.database)
                    ours = self._jotter.jot(_NOTE, (reader, name))
                    self._since[name] = since + 1
                else:  # what waits for the disk brings all notes before it there, whoever made them
                    ours = self._written(name, reader)
                    self._since = dict.fromkeys((*self._since, name), 1)
        if not ours:
            raise StoreError(f"attempt {name} was taken over by another run; this one stops")

    def _written(self, name: str, reader: int) -> int:
        mine = and_(attempt.c.id == name, attempt.c.state == "submitting")
        with self.database.write() as connection:
            return connection.execute(update(attempt).where(mine).values(in_doubt=reader)).rowcount

    def end(self, name: str) -> None:
        """The attempt is settled."""
        with self.database.turn:
            self._since.pop(name, None)
            if self._jotter is not None and not self._since:
                self._jotter.close()
                self._jotter = None

    def doubtful(self, boot: str, doubt: int, ids: Sequence[int]) -> list[int]:
        """Who of an orphaned attempt's readers, in the order in which they are handed over, may or may not have been,
        when `doubt` is the one last noted and `boot` the start in which the attempt was made."""
        if boot in ("", self.boot):
            return [doubt] if doubt in ids else []
        return [id for id in ids if id >= doubt][:AHEAD]


def _boot(database: Database) -> str:
    if database.engine.dialect.name != "sqlite":
        return ""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
