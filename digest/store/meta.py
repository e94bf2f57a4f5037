"""Single named values of the store."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import insert, select

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
