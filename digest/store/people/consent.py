"""The consent log: what subscribers agreed to, and changes to them in the list. Append-only, except for erasure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, or_, select

from digest.store import outbox
from digest.store.database import Database
from digest.store.schema import consent, subscriber
from digest.store.statements import row_of

NOMINATED = "nominated"
"""The word of the log for a nomination; its detail names the person."""

MOVED = "changed address"
"""The word of the log for another address; its detail has the earlier one."""

UNDONE = "web:undo"
"""The source of an entry by "Not you?", the link that undoes a change."""

# Log words that become webhook events. Bulk changes, as by an import or an edited file, become one with numbers.
_EVENTS = {
    "added": "subscriber.joined",
    "signed up": "subscriber.joined",
    "came back": "subscriber.joined",
    "suppression lifted": "subscriber.joined",
    "unsubscribed": "subscriber.left",
    "removed": "subscriber.left",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """An entry.

    `what` is a word such as imported, signed up, changed or unsubscribed; `source` is a file, a page, or a command and
    its user; `wording` is what the person read or wrote; `notice` is the hash of the privacy notice that they saw.
    """

    address: str
    what: str
    at: datetime
    source: str = ""
    wording: str = ""
    detail: str = ""
    notice: str = ""


class ConsentLog:
    def __init__(self, database: Database) -> None:
        self.database = database

    def record(
        self, address: str, what: str, at: datetime, source: str = "", *, wording: str = "", detail: str = ""
    ) -> None:
        with self.database.write() as connection:
            append(connection, [Consent(address, what, at, source, wording, detail)])

    def entries(self, address: str) -> list[Consent]:
        """Return a subscriber's entries by time."""
        columns = [consent.c[name] for name in Consent.__slots__]
        rows = select(*columns).where(consent.c.address == address).order_by(consent.c.at, consent.c.id)
        with self.database.read() as connection:
            return [Consent(*row) for row in connection.execute(rows)]


# Built once, because each change on a page adds an entry.
_insert = insert(consent)


_ends_cookies = or_(consent.c.what.in_((*_EVENTS, MOVED)), consent.c.source == UNDONE)
_cookie_version = select(func.max(consent.c.id)).where(consent.c.address == bindparam("address"), _ends_cookies)


def cookie_version(connection: Connection, address: str) -> int:
    """Return a number that changes when the subscriber joins, leaves, moves or undoes a change of somebody else.

    A browser's cookie is bound to it, and so ends then.
    """
    return connection.execute(_cookie_version, {"address": address}).scalar() or 0


def append(connection: Connection, entries: Sequence[Consent]) -> None:
    """Add entries in the caller's transaction, together with the change that they describe."""
    if not entries:
        return
    connection.execute(_insert, list(map(row_of, entries)))
    for entry in entries:
        if (type := _EVENTS.get(entry.what)) is not None and outbox.listeners(connection, type):
            own = select(subscriber.c.id).where(subscriber.c.address == entry.address)
            data = {"subscriber": connection.execute(own).scalar(), "what": entry.what}
            outbox.add(connection, type, data, entry.at)


def tell_numbers(connection: Connection, source: str, now: datetime, **numbers: int) -> None:
    """Queue one webhook event about a bulk change of subscribers, in the caller's transaction."""
    if any(numbers.values()):
        outbox.add(connection, "subscribers.changed", {"source": source, **numbers}, now)
