"""Noting, reader by reader, who is being handed over: the promise that a kill leaves one reader in doubt, not a batch.

A commit that waits for the disk costs milliseconds, and a letter by SMTP one. What SQLite has written survives the
death of this process without that wait; only a power cut can undo it. So most notes don't wait, every `AHEAD`th does,
and the attempt keeps which start of the machine they were made in: when it is another one at recovery, so many readers
from the last note on are in doubt. Elsewhere (PostgreSQL, systems that don't name their starts) every note waits.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import and_, bindparam, update

from digest.errors import StoreError
from digest.store.database import Database
from digest.store.schema import attempt

AHEAD = 50

_NOTE = (
    update(attempt)
    .where(and_(attempt.c.id == bindparam("name"), attempt.c.state == "submitting"))
    .values(in_doubt=bindparam("reader"))
)


class Steps:
    """The notes of this process. Threads may share it, each with its own attempts."""

    def __init__(self, database: Database, boot: str | None = None) -> None:
        self.database = database
        self.boot = _boot(database) if boot is None else boot
        """This start of the machine; '' where a note is as durable as any other commit."""
        self._turn = threading.Lock()  # SQLite lets who finds it busy sleep ten times as long as a note takes
        self._since: dict[str, int] = {}  # attempt → notes since one that waited

    def note(self, name: str, reader: int) -> None:
        """The reader is handed over next. Raises StoreError when the attempt is no longer ours: whoever went on now
        would hand readers over a second time."""
        since = self._since.get(name, AHEAD)
        wait = not self.boot or since >= AHEAD
        with self._turn, self.database.write(wait=wait) as connection:
            ours = connection.execute(_NOTE, {"name": name, "reader": reader}).rowcount
        if not ours:
            raise StoreError(f"attempt {name} was taken over by another run; this one stops")
        self._since[name] = 1 if wait else since + 1

    def end(self, name: str) -> None:
        """The attempt is settled."""
        self._since.pop(name, None)

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
