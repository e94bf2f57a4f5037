"""The log of what readers agreed to and what became of them on the list: rows are added and never changed.

Owns writing and reading the rows. An erasure (`erasing`) is the one thing that takes a person out of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from digest.store.database import Database
from digest.store.schema import consent


@dataclass(frozen=True, slots=True)
class Consent:
    """One entry. `address` in its comparable form; `what` a word such as `imported`, `signed up`, `changed`,
    `unsubscribed`; `source` where it came from (a file, a page, a command and who ran it); `wording` what the person
    was told or said; `detail` what else is known."""

    address: str
    what: str
    at: datetime
    source: str = ""
    wording: str = ""
    detail: str = ""


class ConsentLog:
    """The log over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def record(
        self, address: str, what: str, at: datetime, source: str = "", *, wording: str = "", detail: str = ""
    ) -> None:
        with self.database.write() as connection:
            append(connection, [Consent(address, what, at, source, wording, detail)])

    def entries(self, address: str) -> list[Consent]:
        """A reader's entries in the order of time."""
        columns = [consent.c[name] for name in Consent.__slots__]
        rows = select(*columns).where(consent.c.address == address).order_by(consent.c.at, consent.c.id)
        with self.database.read() as connection:
            return [Consent(*row) for row in connection.execute(rows)]


def append(connection: Connection, entries: Sequence[Consent]) -> None:
    """Adds entries within a transaction of the caller's, so that they stand or fall with what they tell of."""
    if entries:
        connection.execute(insert(consent), [asdict(each) for each in entries])
