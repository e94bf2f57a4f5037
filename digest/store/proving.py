"""An event that names an attempt settles it: the provider took it. Touches nothing that is not unknown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, insert, select, update

from digest.store.database import Database
from digest.store.schema import attempt, batch, decision


class Proofs:
    """Implements `events.ports.Ledger`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def prove(self, name: str, now: datetime) -> bool:
        with self.database.write() as connection:
            mine = and_(attempt.c.id == name, attempt.c.state == "unknown")
            number = connection.execute(select(attempt.c.batch).where(mine)).scalar()
            if number is None:
                return False
            doubtful = and_(batch.c.id == number, batch.c.state == "unknown")
            if not connection.execute(update(batch).where(doubtful).values(state="accepted", tries=0)).rowcount:
                return False
            connection.execute(update(attempt).where(mine).values(state="accepted"))
            key = connection.execute(select(batch.c.edition).where(batch.c.id == number)).scalar_one()
            said = f"an event of the provider names attempt {name}"
            connection.execute(insert(decision).values(edition=key, batch=number, what="prove", reason=said, at=now))
            return True
