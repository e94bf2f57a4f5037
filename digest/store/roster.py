"""The readers in the store as rows: who is listed from where, who is barred; changing those who came by an import.

Owns reading them out in a stream. Taking them in is `readers`' (the file) and `importing`'s (imports).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from sqlalchemy import Row, Select, func, select, update

from digest.models import Subscriber
from digest.store.consent import Consent, append
from digest.store.database import Database
from digest.store.schema_readers import consent, subscriber, suppression

_CHUNK = 5000
_AGREED = ("agreed", "confirmed", "signed up", "added")


@dataclass(frozen=True, slots=True)
class Listed:
    """A reader as the store has it. `barred` is the reason for which the address gets no mail, or ''; `agreed_at` when
    the person is known to have agreed."""

    address: str
    reader: Subscriber
    origin: str = ""
    listed: bool = True
    barred: str = ""
    barred_at: datetime | None = None
    agreed_at: datetime | None = field(default=None, compare=False)


class Roster:
    """The list over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def readers(self, origin: str | None = None) -> Iterator[Listed]:
        """Everyone on the list in the order of coming, barred or not; `origin` '' for those of subscribers.yaml, None
        for all."""
        rows = _rows().where(subscriber.c.listed).order_by(subscriber.c.id)
        return self._streamed(rows if origin is None else rows.where(subscriber.c.origin == origin))

    def imported(self) -> Iterator[Listed]:
        """Everyone on the list who came by an import."""
        return self._streamed(_rows().where(subscriber.c.listed, subscriber.c.origin != "").order_by(subscriber.c.id))

    def barred(self) -> Iterator[Listed]:
        """Every address that gets no mail, whether or not anything else is known of it."""
        rows = _rows(barred=True).order_by(suppression.c.at, suppression.c.address)
        return self._streamed(rows)

    def any_imported(self) -> bool:
        """Whether an import brought anybody who is on the list."""
        with self.database.read() as connection:
            who = select(subscriber.c.id).where(subscriber.c.listed, subscriber.c.origin != "")
            return connection.execute(who.limit(1)).first() is not None

    def origins(self) -> dict[str, int]:
        """How many readers of the list came by each import."""
        rows = select(subscriber.c.origin, func.count()).where(subscriber.c.listed, subscriber.c.origin != "")
        with self.database.read() as connection:
            return dict(connection.execute(rows.group_by(subscriber.c.origin).order_by(subscriber.c.origin)).all())

    def of(self, address: str) -> Listed | None:
        """The reader of a comparable address, listed or not."""
        with self.database.read() as connection:
            row = connection.execute(_rows().where(subscriber.c.address == address)).first()
        return _listed(row) if row else None

    def change(self, address: str, fields: Mapping[str, Any], *, source: str, now: datetime) -> bool:
        """Sets fields of an imported reader; None means the usual value. False when no import brought such a reader."""
        usual = Subscriber("")
        values = {key: _stored(getattr(usual, key) if value is None else value) for key, value in fields.items()}
        told = ", ".join(f"{key}: {_told(value)}" for key, value in values.items())
        return self._edit(address, values, Consent(address, "changed", now, source, detail=told))

    def remove(self, address: str, *, source: str, now: datetime) -> bool:
        """Takes an imported reader off the list. False when no import brought such a reader."""
        return self._edit(address, {"listed": False}, Consent(address, "removed", now, source))

    def _edit(self, address: str, values: dict[str, Any], entry: Consent) -> bool:
        whose = (subscriber.c.address == address, subscriber.c.listed, subscriber.c.origin != "")
        with self.database.write(area="subscriber") as connection:
            if not connection.execute(update(subscriber).where(*whose).values(values)).rowcount:
                return False
            append(connection, [entry])
        return True

    def _streamed(self, rows: Select[Any]) -> Iterator[Listed]:
        with (
            self.database.read() as connection,
            connection.execution_options(yield_per=_CHUNK).execute(rows) as found,
        ):
            for row in found:
                yield _listed(row)


def _rows(*, barred: bool = False) -> Select[Any]:
    agreed = (
        select(func.min(consent.c.at))
        .where(consent.c.address == func.coalesce(subscriber.c.address, suppression.c.address))
        .where(consent.c.what.in_(_AGREED))
        .scalar_subquery()
    )
    mine = subscriber.c.address == suppression.c.address
    rows = select(
        subscriber,
        suppression.c.address.label("barred_address"),
        suppression.c.reason,
        suppression.c.at,
        agreed.label("agreed_at"),
    )
    return rows.select_from(
        suppression.outerjoin(subscriber, mine) if barred else subscriber.outerjoin(suppression, mine)
    )


def _listed(row: Row[Any]) -> Listed:
    if row.id is None:  # an address that is barred and never was on the list
        return Listed(row.barred_address, Subscriber(row.barred_address), "", False, row.reason, row.at, row.agreed_at)
    reader = Subscriber(
        row.email,
        row.name,
        tuple(row.topics),
        row.frequency,
        row.timezone,
        time.fromisoformat(row.hour) if row.hour else None,
        row.status,
        row.format,
    )
    return Listed(row.address, reader, row.origin, row.listed, row.reason or "", row.at, row.agreed_at)


def _stored(value: Any) -> Any:
    if isinstance(value, time):
        return value.isoformat("minutes")
    return list(value) if isinstance(value, tuple) else value or ""


def _told(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
