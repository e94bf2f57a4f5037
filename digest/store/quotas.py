"""How often something may be done in a span of time. Kept in the store, so that a restart forgives nothing.

By whom is kept as a hash: the table tells nobody's address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from digest.store.database import Database
from digest.store.schema_readers import quota

_KEPT = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` times in `per`, for `who` (any text)."""

    who: str
    most: int
    per: timedelta


class QuotaStore:
    """Quotas over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def left(self, each: Quota, now: datetime) -> bool:
        """Whether there is any left of it. Counts nothing."""
        mine = (quota.c.name == _name(each)) & (quota.c.since > now - each.per) & (quota.c.used >= each.most)
        with self.database.read() as connection:
            return connection.execute(select(quota.c.name).where(mine)).first() is None

    def take(self, quotas: Sequence[Quota], now: datetime) -> bool:
        """Counts once in each of them, all or none. False when one is used up."""
        with self.database.write(area="quota") as connection:
            connection.execute(delete(quota).where(quota.c.since < now - _KEPT))
            names = [_name(each) for each in quotas]
            held = {row.name: row for row in connection.execute(select(quota).where(quota.c.name.in_(names)))}
            alive = {name: held[name] for name, each in zip(names, quotas, strict=True) if name in held
                     and held[name].since > now - each.per}  # fmt: skip
            if any(alive[name].used >= each.most for name, each in zip(names, quotas, strict=True) if name in alive):
                return False
            for name in names:
                values = {"used": alive[name].used + 1} if name in alive else {"since": now, "used": 1}
                if name in held:
                    connection.execute(update(quota).where(quota.c.name == name).values(values))
                else:
                    connection.execute(insert(quota).values(name=name, **values))
            return True


def forget(connection: Connection, who: Collection[str]) -> None:
    """Drops all that was counted for these, within a transaction of the caller's."""
    for each in who:
        connection.execute(delete(quota).where(quota.c.name.startswith(f"{_hash(each)}:")))


def _name(each: Quota) -> str:
    return f"{_hash(each.who)}:{each.per.total_seconds():.0f}"


def _hash(who: str) -> str:
    return hashlib.sha256(who.encode()).hexdigest()[:48]
