"""Single named values of the store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from digest.store.database import Database
from digest.store.schema import meta
from digest.store.schema import meta as values


def get_or_make(database: Database, name: str, make: Callable[[], str]) -> str:
    """The value under `name`, made once by `make` and the same ever after."""
    with database.write(area="meta") as connection:
        value = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
        if value is None:
            value = make()
            connection.execute(insert(meta).values(name=name, value=value))
        return str(value)


def get(database: Database, name: str) -> str:
    """The value under `name`; '' where there is none."""
    with database.read() as connection:
        return str(connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar() or "")


def set(database: Database, name: str, value: str) -> None:
    """Sets the value in a transaction of its own."""
    with database.write(area="meta") as connection:
        put(connection, name, value)


def put(connection: Connection, name: str, value: str) -> None:
    """Sets the value in the caller's transaction, who lets nobody else set it meanwhile."""
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(meta).values(name=name, value=value))


def save_requested_time(database: Database, edition: str, at: datetime) -> None:
    with database.write(area="meta") as connection:
        put(connection, _name(edition), at.isoformat())


def requested_time(database: Database, edition: str) -> datetime | None:
    said = get(database, _name(edition))
    return datetime.fromisoformat(said) if said else None


def delete_requested_time(database: Database, edition: str) -> None:
    with database.write(area="meta") as connection:
        connection.execute(delete(values).where(values.c.name == _name(edition)))


def _name(edition: str) -> str:
    """Within the column's 64 characters, however long the key is."""
    return f"send at {hashlib.blake2b(edition.encode(), digest_size=16).hexdigest()}"
