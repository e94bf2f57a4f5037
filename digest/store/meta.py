"""Single named values of the store."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, insert, select, update

from digest.store.database import Database
from digest.store.schema import meta


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
