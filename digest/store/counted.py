"""What composing has counted, as bytes, from one process to the next. Knows nothing of what they say."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from digest.store.database import Database
from digest.store.schema import counted

_NAME = "memo"


class CountedStore:
    """One piece of bytes; who finds none, or none of use, counts anew."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def read(self) -> bytes:
        """What was kept last; empty when nothing was."""
        with self.database.read() as connection:
            return connection.execute(select(counted.c.data).where(counted.c.name == _NAME)).scalar() or b""

    def keep(self, data: bytes) -> None:
        """In the place of what was kept before."""
        with self.database.write(area="counted") as connection:
            changed = connection.execute(update(counted).where(counted.c.name == _NAME).values(data=data)).rowcount
            if not changed:
                connection.execute(insert(counted).values(name=_NAME, data=data))
