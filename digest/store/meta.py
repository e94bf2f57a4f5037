"""Single values of the store, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from digest.store.database import Database
from digest.store.schema import meta


def get(database: Database, name: str) -> str | None:
    with database.read() as connection:
        return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()


def get_or_create(database: Database, name: str, create: Callable[[], str]) -> str:
    """Return the value, and create it the first time."""
    with database.write(area="meta") as connection:
        value = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
        if value is None:
            value = create()
            connection.execute(insert(meta).values(name=name, value=value))
        return str(value)


def set(database: Database, name: str, value: str) -> None:
    with database.write(area="meta") as connection:
        put(connection, name, value)


def put(connection: Connection, name: str, value: str) -> None:
    """Set the value inside the caller's transaction. The caller excludes other writers of this name."""
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(meta).values(name=name, value=value))


def save_requested_time(database: Database, edition: str, at: datetime) -> None:
    """Remember when an operator wants the edition to be sent."""
    set(database, _requested_time_name(edition), at.isoformat())


def requested_time(database: Database, edition: str) -> datetime | None:
    value = get(database, _requested_time_name(edition))
    return datetime.fromisoformat(value) if value else None


def delete_requested_time(database: Database, edition: str) -> None:
    with database.write(area="meta") as connection:
        connection.execute(delete(meta).where(meta.c.name == _requested_time_name(edition)))


def _requested_time_name(edition: str) -> str:
    # A hash, because names have at most 64 characters and keys of editions may be longer.
    return f"send at {hashlib.blake2b(edition.encode(), digest_size=16).hexdigest()}"
