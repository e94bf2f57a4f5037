"""The hour that a one-off send was asked for, from the asking until its readers have their places with that hour.

A run that is cut short in between leaves it, and the next one goes by it; what ends otherwise forgets it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete

from digest.store import meta
from digest.store.database import Database
from digest.store.schema import meta as values


def keep(database: Database, edition: str, at: datetime) -> None:
    with database.write(area="meta") as connection:
        meta.put(connection, _name(edition), at.isoformat())


def kept(database: Database, edition: str) -> datetime | None:
    said = meta.get(database, _name(edition))
    return datetime.fromisoformat(said) if said else None


def forget(database: Database, edition: str) -> None:
    with database.write(area="meta") as connection:
        connection.execute(delete(values).where(values.c.name == _name(edition)))


def _name(edition: str) -> str:
    """Within the column's 64 characters, however long the key is."""
    return f"send at {hashlib.blake2b(edition.encode(), digest_size=16).hexdigest()}"
