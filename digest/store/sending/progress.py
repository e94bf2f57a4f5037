"""Progress of attempts that send to one recipient at a time: after a crash one recipient is unknown, not a batch.

On SQLite a commit that waits for the disk takes milliseconds, as long as an email. A commit that does not wait survives
the death of this process, but perhaps not a power cut. So only every `STEP`th record waits, and the attempt stores the
machine's boot id. If recovery finds another boot id, up to `STEP` recipients are unknown. On PostgreSQL, and on systems
without a boot id, every record waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, update

from digest.models import AttemptState
from digest.store.database import Database
from digest.store.schema import attempt
from digest.store.sending.attempts import taken_over
from digest.utils.clock import utc_now

STEP = 25

_record = (
    update(attempt)
    .where(attempt.c.id == bindparam("name"), attempt.c.state == AttemptState.SUBMITTING)
    .values(current_recipient=bindparam("recipient"), current_at=bindparam("at"))
)


class ProgressLog:
    """Progress of this process's attempts. Threads may share it, each with its own attempts."""

    def __init__(self, database: Database, boot: str | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.database = database
        self.clock = clock
        # Empty where every record waits for the disk.
        self.boot = _boot_id(database) if boot is None else boot
        # Attempt → number of records.
        self._records: dict[str, int] = {}

    def record(self, name: str, recipient: int) -> None:
        """Record that the attempt sends to this recipient next.

        Raises TakenOver if another run has settled the attempt.
        """
        number = self._records.get(name, 0)
        with self.database.write(durable=not self.boot or number % STEP == 0) as connection:
            values = {"name": name, "recipient": recipient, "at": self.clock()}
            recorded = connection.execute(_record, values).rowcount
        if not recorded:
            raise taken_over(name)
        self._records[name] = number + 1

    def end(self, name: str) -> None:
        self._records.pop(name, None)


def unknown_recipients(last: int, ids: Sequence[int], *, same_boot: bool) -> list[int]:
    """Return the recipients of an interrupted attempt whose outcome is unknown.

    `ids` are in sending order, `last` is the one recorded last.
    """
    if same_boot:
        return [last] if last in ids else []
    return [id for id in ids if id >= last][:STEP]


def _boot_id(database: Database) -> str:
    if not database.sqlite:
        return ""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
