"""Progress of an attempt that hands over one recipient at a time: after a crash one recipient is in doubt, not a batch.

On SQLite a commit that waits for the disk takes milliseconds, as long as a letter. A commit that does not wait survives
the death of this process, but perhaps not a power cut. So every `STEP`th record waits, the others do not, and the
attempt keeps the boot id of the machine. When recovery finds another boot id, up to `STEP` recipients are in doubt.
On PostgreSQL, and where the system has no boot id, every record waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import bindparam, update

from digest.errors import StoreError
from digest.models import AttemptState
from digest.store.database import Database
from digest.store.schema import attempt

STEP = 25

_record = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values(in_doubt=bindparam("reader"))
)


class ProgressLog:
    """Records of this process. Threads may share it, each with its own attempts."""

    def __init__(self, database: Database, boot: str | None = None) -> None:
        self.database = database
        # Empty where every record waits for the disk.
        self.boot = _boot_id(database) if boot is None else boot
        # Attempt → records made.
        self._made: dict[str, int] = {}

    def record(self, name: str, reader: int) -> None:
        """Records that the recipient is handed over next. Raises StoreError when another run has taken the attempt
        over: going on would hand letters over a second time."""
        made = self._made.get(name, 0)
        with self.database.write(durable=not self.boot or made % STEP == 0) as connection:
            ours = connection.execute(_record, {"name": name, "reader": reader}).rowcount
        if not ours:
            raise StoreError(f"attempt {name} was taken over by another run; this one stops")
        self._made[name] = made + 1

    def end(self, name: str) -> None:
        """Forgets an attempt that is settled."""
        self._made.pop(name, None)


def unknown_recipients(last: int, ids: Sequence[int], *, same_boot: bool) -> list[int]:
    """Recipients of an interrupted attempt who may or may not have their letter. `ids` are in the order in which they
    are handed over, `last` is the one recorded last."""
    if same_boot:
        return [last] if last in ids else []
    return [id for id in ids if id >= last][:STEP]


def _boot_id(database: Database) -> str:
    if database.engine.dialect.name != "sqlite":
        return ""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
