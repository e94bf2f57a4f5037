"""How often somebody may have become one who must not be mailed: barred, paused, unlisted, no longer active.

SQLite's triggers count (migration 0011), whoever writes and from whichever process. A batch keeps the count of its
freeze: while it has not moved, all of its readers may still be mailed, and the claim need not look at each. PostgreSQL
counts nothing, for every transaction would wait for the one number; there the claim always looks.
"""

from __future__ import annotations

from sqlalchemy import Connection, ScalarSelect, cast, select

from digest.store.schema import batch, meta

_NAME = "departures"

counted: ScalarSelect[int | None] = (
    select(cast(meta.c.value, batch.c.departures.type)).where(meta.c.name == _NAME).scalar_subquery()
)
"""The count as part of a statement; null where nobody counts."""


def departures(connection: Connection) -> int | None:
    """The count now, as a batch keeps it."""
    return connection.execute(select(counted)).scalar()
