"""The consent log: what subscribers agreed to, and changes to them in the list. Rows are only added, with two
exceptions: an erasure, and the reason of an unsubscribe that is taken back.

It refers to the privacy notices that people saw, which are kept word for word, with a number for each version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, delete, func, insert, or_, select

from digest.store import outgoing_webhooks
from digest.store.database import Database, StorePart
from digest.store.schema import consent, consent_notice, subscriber
from digest.store.statements import chunks, row_of

NOMINATED = "nominated"
"""The word of the log for a nomination; its detail names the person."""

UNNOMINATED = "nomination withdrawn"
"""The word of the log for the end of a nomination."""

MOVED = "changed address"
"""The word of the log for another address; its detail has the earlier one."""

FORGOTTEN = "forgot all browsers"
"""The word of the log for the end of all cookies, which the person asked for."""

SAID_WHY = "said why"
"""The word of the log for a reason to leave."""

UNDONE = "web:undo"
"""The source of an entry by "Not you?", the link that undoes a change."""

# What the pages add to the detail of an entry: the language and the client's address.
_ORIGIN = re.compile(r"; [a-z]{2,3}, from \S*$")

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
    """An entry of the consent log."""

    address: str
    # A word such as imported, signed up, changed or unsubscribed.
    what: str
    at: datetime
    # A file, a page, or a command and its user.
    source: str = ""
    # What the person read or wrote.
    wording: str = ""
    detail: str = ""
    # The hash of the privacy notice that they saw.
    notice: str = ""


class ConsentLog(StorePart):
    def record(
        self, address: str, what: str, at: datetime, source: str = "", *, wording: str = "", detail: str = ""
    ) -> None:
        with self.database.write() as connection:
            append(connection, [Consent(address, what, at, source, wording, detail)])

    def entries(self, address: str) -> list[Consent]:
        """Return a subscriber's entries by time."""
        columns = [consent.c[name] for name in Consent.__slots__]
        rows = select(*columns).where(consent.c.address == address).order_by(consent.c.at, consent.c.id)
        return [Consent(*row) for row in self.database.query(rows)]

    def sources_of_pauses(self, addresses: Iterable[str]) -> dict[str, str]:
        """Return address → the source of the newest entry about a pause that was set."""
        found: dict[str, str] = {}
        for part in chunks(addresses):
            changed = consent.c.address.in_(part) & (consent.c.what == "changed")
            pauses = consent.c.detail.contains("pause") & ~consent.c.detail.contains("pause ended")
            rows = (
                select(consent.c.address, consent.c.source).where(changed, pauses).order_by(consent.c.at, consent.c.id)
            )
            found |= dict(self.database.query(rows).all())
        return found

    def nominee(self, address: str) -> str:
        """Return a subscriber's nominee and how to reach them; '' if there is none."""
        return _newest_nominees(self.database.query(_nominations_of, {"address": address})).get(address, "")


# Built once, because pages use them.
_insert = insert(consent)
_nominations = (
    select(consent.c.address, consent.c.what, consent.c.detail)
    .where(consent.c.what.in_((NOMINATED, UNNOMINATED)))
    .order_by(consent.c.at, consent.c.id)
)
_nominations_of = _nominations.where(consent.c.address == bindparam("address"))


def cookie_version(address: ColumnElement[str]) -> ScalarSelect[int]:
    """Return a number that changes when a subscriber joins, leaves, moves, forgets browsers or undoes somebody else's
    change.

    A browser's cookie contains it, so each of these ends the cookie.
    """
    ends_cookies = or_(consent.c.what.in_((*_EVENTS, MOVED, FORGOTTEN)), consent.c.source == UNDONE)
    newest = select(func.coalesce(func.max(consent.c.id), 0)).where(consent.c.address == address, ends_cookies)
    return newest.scalar_subquery()


def append(connection: Connection, entries: Sequence[Consent]) -> None:
    """Add entries in the caller's transaction, together with the change that they describe."""
    if not entries:
        return
    connection.execute(_insert, list(map(row_of, entries)))
    for entry in entries:
        if (type := _EVENTS.get(entry.what)) is not None and outgoing_webhooks.listeners(connection, type):
            subscriber_id = select(subscriber.c.id).where(subscriber.c.address == entry.address)
            data = {"subscriber": connection.execute(subscriber_id).scalar(), "what": entry.what}
            outgoing_webhooks.add(connection, type, data, entry.at)


def append_many(connection: Connection, entries: Sequence[Consent]) -> None:
    """Add entries about many people, in the caller's transaction. `queue_counts_event` reports them in one event."""
    if entries:
        connection.execute(_insert, list(map(row_of, entries)))


def nominees(connection: Connection, whose: ColumnElement[bool]) -> dict[str, str]:
    """Return address → the subscriber's nominee and how to reach them."""
    return _newest_nominees(connection.execute(_nominations.where(whose)))


def _newest_nominees(entries: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for address, what, detail in entries:
        found[address] = _ORIGIN.sub("", detail) if what == NOMINATED else ""
    # An erasure leaves the entry without its detail.
    return {address: named for address, named in found.items() if named}


def withdraw_reason(connection: Connection, address: str) -> None:
    """Delete why somebody left, in the transaction that takes it back: a stranger may have written it."""
    left = select(func.max(consent.c.id)).where(consent.c.address == address, consent.c.what == "unsubscribed")
    later = consent.c.id > left.scalar_subquery()
    connection.execute(delete(consent).where(consent.c.address == address, consent.c.what == SAID_WHY, later))


def queue_counts_event(connection: Connection, source: str, now: datetime, **numbers: int) -> None:
    """Queue one webhook event about a bulk change of subscribers, in the caller's transaction."""
    if any(numbers.values()):
        outgoing_webhooks.add(connection, "subscribers.changed", {"source": source, **numbers}, now)


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """`version` counts the notices of a language, from 1; `hash` is the SHA-256 of the text in UTF-8."""

    hash: str
    language: str
    version: int
    text: str
    first_at: datetime


def hash_of(text: str) -> str:
    """Return the hash by which consents refer to the notice."""
    return hashlib.sha256(text.encode()).hexdigest()


class NoticeStore:
    def __init__(self, database: Database) -> None:
        self.database = database
        # Notices that are stored.
        self._known: dict[str, StoredNotice] = {}

    def keep(self, text: str, language: str, now: datetime) -> StoredNotice:
        """Return the notice with this text. A new one gets the next version."""
        hash = hash_of(text)
        if (known := self._known.get(hash)) is None:
            known = self.named([hash]).get(hash) or self._add(hash, text, language, now)
            self._known[hash] = known
        return known

    def named(self, hashes: Collection[str]) -> dict[str, StoredNotice]:
        """Return hash → notice."""
        columns = [consent_notice.c[name] for name in StoredNotice.__slots__]
        rows = self.database.query(select(*columns).where(consent_notice.c.hash.in_(hashes)))
        return {row.hash: StoredNotice(*row) for row in rows}

    def _add(self, hash: str, text: str, language: str, now: datetime) -> StoredNotice:
        columns = [consent_notice.c[name] for name in StoredNotice.__slots__]
        with self.database.write(area="signup") as connection:
            # Another process may have been faster.
            row = connection.execute(select(*columns).where(consent_notice.c.hash == hash)).one_or_none()
            if row is not None:
                return StoredNotice(*row)
            of_language = consent_notice.c.language == language
            last = connection.execute(select(func.max(consent_notice.c.version)).where(of_language)).scalar() or 0
            added = StoredNotice(hash, language, last + 1, text, now)
            connection.execute(insert(consent_notice).values(asdict(added)))
        return added
