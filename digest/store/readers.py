"""Readers in the store: the list as last read, and who may not be mailed whatever the list says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, or_, select, update

from digest.models import Subscriber
from digest.store import wishes
from digest.store.database import Database
from digest.store.schema import delivery, subscriber, suppression
from digest.subscribers.due import Candidate

_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Synced:
    """What reading the list changed."""

    listed: int
    added: int
    removed: int


class ReaderStore:
    """Readers over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def sync(self, readers: Iterable[tuple[str, Subscriber]], *, now: datetime) -> Synced:
        """Makes the store's list the file's: (comparable address, reader) pairs. Who is no longer in it stays known
        but unlisted, so that history and suppressions outlive any edit. One transaction."""
        with self.database.write(area="subscriber") as connection:
            rows = connection.execute(select(subscriber)).all()
            known = {row.address: (row.id, _row_values(row)) for row in rows}
            elsewhere = {row.address for row in rows if row.origin}  # signed up or imported: not the file's to drop
            fresh, changed, seen = [], [], set()
            for address, reader in readers:
                seen.add(address)
                values = _values(reader)
                if address not in known:
                    fresh.append({"address": address, "added_at": now, **values})
                elif known[address][1] != values:
                    changed.append({"own_id": known[address][0], **values})
            for start in range(0, len(fresh), _CHUNK):
                connection.execute(insert(subscriber), fresh[start : start + _CHUNK])
            if changed:
                connection.execute(update(subscriber).where(subscriber.c.id == bindparam("own_id")), changed)
            gone = [
                {"own_id": id}
                for address, (id, values) in known.items()
                if address not in seen and values["listed"] and address not in elsewhere
            ]
            if gone:
                connection.execute(
                    update(subscriber).where(subscriber.c.id == bindparam("own_id")).values(listed=False),
                    gone,
                )
        return Synced(listed=len(seen), added=len(fresh), removed=len(gone))

    def candidates(self, edition: str) -> Iterator[Candidate]:
        """Listed readers, with their wishes, who have no place in the edition yet, in the order of their ids."""
        rows = (
            wishes.readers()
            .outerjoin(delivery, (delivery.c.edition == edition) & (delivery.c.subscriber == subscriber.c.id))
            .where(subscriber.c.listed)
            .where(or_(delivery.c.subscriber.is_(None), delivery.c.outcome == "excluded"))
            .order_by(subscriber.c.id)
        )
        with self.database.read() as connection:
            for row in connection.execution_options(yield_per=_CHUNK).execute(rows):
                yield Candidate(
                    id=row.id,
                    email=row.email,
                    timezone=row.timezone,
                    status=row.status,
                    suppressed=row.suppressed or "",
                    paused_until=row.paused_until,
                    **wishes.laid_over(row),
                )

    def email_of(self, id: int) -> str | None:
        """The address of a reader, listed or not."""
        with self.database.read() as connection:
            return connection.execute(select(subscriber.c.email).where(subscriber.c.id == id)).scalar()

    def suppress(self, address: str, reason: str, *, now: datetime, detail: str = "") -> bool:
        """Bars an address for good. False when it was barred already (the first reason stays)."""
        with self.database.write(area="suppression") as connection:
            if connection.execute(select(suppression.c.address).where(suppression.c.address == address)).first():
                return False
            connection.execute(insert(suppression).values(address=address, reason=reason, detail=detail, at=now))
            return True

    def lift(self, address: str) -> bool:
        """Takes a bar away. False when there was none."""
        with self.database.write() as connection:
            return bool(connection.execute(delete(suppression).where(suppression.c.address == address)).rowcount)

    def suppressed(self) -> dict[str, str]:
        """Address → reason of everyone barred."""
        with self.database.read() as connection:
            return dict(connection.execute(select(suppression.c.address, suppression.c.reason)).all())


def _values(reader: Subscriber) -> dict[str, object]:
    return {
        "email": reader.email,
        "name": reader.name,
        "topics": list(reader.topics),
        "frequency": reader.frequency,
        "timezone": reader.timezone,
        "hour": reader.hour.isoformat("minutes") if reader.hour else "",
        "format": reader.format,
        "status": reader.status,
        "listed": True,
    }


def _row_values(row: object) -> dict[str, object]:
    return {
        name: getattr(row, name)
        for name in ("email", "name", "topics", "frequency", "timezone", "hour", "format", "status", "listed")
    }
