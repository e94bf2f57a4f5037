"""Erasure of a person.

Only counts stay, and a keyed hash that keeps imports from bringing the address back. Deliveries stay without a name, so
that an edition's counts still add up. The key never leaves the store: without it nobody can test addresses against a
leaked hash. On SQLite deleted content is overwritten with zeros, and the write-ahead log is emptied.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.sql.schema import Column

from digest.messages import mapped
from digest.store import meta, rate_limits
from digest.store.content.answers import delete_answers
from digest.store.database import StorePart
from digest.store.schema import (
    attempt,
    click_visit,
    consent,
    decision,
    delivery,
    delivery_event,
    edition,
    erased,
    import_change,
    last_click,
    moved_address,
    person_request,
    preference,
    reengagement,
    signup,
    subscriber,
    subscriber_text,
    suppression,
    webhook,
)
from digest.store.sending.partitions import editions_of

# Replaces the address.
NOBODY = "(erased)"
KEY_NAME = "erasure_key"
# Columns of free text that may quote the address.
_FREE_TEXT = (
    decision.c.reason,
    decision.c.evidence,
    edition.c.reason,
    erased.c.reason,
    suppression.c.detail,
    webhook.c.error,
)


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """Numbers of rows changed. `known` is false if nothing was stored about the address."""

    known: bool
    consents: int = 0
    deliveries: int = 0
    payloads: int = 0


class Erasures(StorePart):
    @cached_property
    def key(self) -> bytes:
        # Reads first, because this may run inside another transaction.
        held = meta.get(self.database, KEY_NAME)
        return bytes.fromhex(held or meta.get_or_create(self.database, KEY_NAME, lambda: secrets.token_hex(32)))

    def hash_address(self, address: str) -> str:
        return hmac.digest(self.key, address.encode(), "sha256").hex()

    def any(self) -> bool:
        """Whether any person was erased."""
        return self.database.query(select(erased.c.hash).limit(1)).first() is not None

    def among(self, addresses: Iterable[str]) -> set[str]:
        """Return the erased ones among the addresses."""
        with self.database.read() as connection:
            hashes = set(connection.execute(select(erased.c.hash)).scalars())
        return {address for address in addresses if self.hash_address(address) in hashes} if hashes else set()

    def allow_return(self, connection: Connection, address: str) -> bool:
        """Let an address be subscribed again, in the caller's transaction. `key` must exist."""
        return bool(connection.execute(delete(erased).where(erased.c.hash == self.hash_address(address))).rowcount)

    def erase(self, address: str, reason: str, *, now: datetime, quotas: Collection[str] = ()) -> ErasureResult:
        """Erase the person behind an address, and the rate-limit windows of these names, in one transaction.

        Repeating it changes nothing.
        """
        hashed = self.hash_address(address)
        with self.database.write(area="subscriber") as connection, self.database.secure_delete(connection):
            person = _find_person(connection, address)
            suppressed = connection.execute(delete(suppression).where(suppression.c.address == address)).rowcount
            # It may have to be proved later that and when somebody consented. The proof then needs their address.
            consents = connection.execute(
                update(consent).where(consent.c.address == address).values(address=hashed, wording="", detail="")
            ).rowcount
            connection.execute(delete(signup).where(signup.c.address == address))
            connection.execute(delete(import_change).where(import_change.c.address == address))
            _forget_requests(connection, person.id)
            deliveries = _anonymise(connection, person.id, person) if person.id is not None else 0
            if not connection.execute(select(erased.c.hash).where(erased.c.hash == hashed)).first():
                connection.execute(insert(erased).values(hash=hashed, at=now, reason=reason))
            # A single name may be any word of a sentence.
            words = person.addresses | ({person.name} if " " in person.name else set())
            for column in _FREE_TEXT:
                _scrub_column(connection, column, true(), words)
            payloads = _scrub_payloads(connection, person.addresses)
            kinds = () if person.id is None else _COUNTED
            windows = [f"{kind}:{person.id}" for kind in kinds]
            rate_limits.delete_windows(connection, [*quotas, *windows])
        self.database.truncate_wal()
        known = bool(person.id is not None or person.signed_up or suppressed or consents or payloads)
        return ErasureResult(known, consents, deliveries, payloads)


_REQUESTS = ("address", "choose", "data", "erase", "nominee")
# What rate limits count by the subscriber's number.
_COUNTED = ("again", "why", "word", *_REQUESTS, *(f"{kind} by others" for kind in _REQUESTS))


class _Person(NamedTuple):
    id: int | None
    name: str
    # Every spelling of the address.
    addresses: set[str]
    signed_up: bool


def _find_person(connection: Connection, address: str) -> _Person:
    row = connection.execute(
        select(subscriber.c.id, subscriber.c.email, subscriber.c.name).where(subscriber.c.address == address)
    ).first()
    signups = connection.execute(select(signup.c.email).where(signup.c.address == address)).scalars().all()
    if row is None:
        return _Person(None, "", {address, *signups}, bool(signups))
    former = connection.execute(select(moved_address.c.old).where(moved_address.c.subscriber == row.id)).scalars()
    return _Person(row.id, row.name, {address, *signups, *former, row.email}, bool(signups))


def _anonymise(connection: Connection, id: int, person: _Person) -> int:
    """Clear the subscriber's row, and scrub the text of their deliveries. Returns the number of deliveries."""
    words = person.addresses | ({person.name} if person.name else set())
    empty = {
        "email": NOBODY,
        "name": "",
        "topics": [],
        "editions": [],
        "hour": "",
        "origin": "",
        "listed": False,
        "status": "erased",
    }
    connection.execute(update(subscriber).where(subscriber.c.id == id).values(address=f"erased:{id}", **empty))
    connection.execute(delete(preference).where(preference.c.subscriber == id))
    delete_answers(connection, subscriber=id)
    for table in (click_visit, last_click, subscriber_text, reengagement):
        connection.execute(delete(table).where(table.c.subscriber == id))
    keys = editions_of(connection, id)
    of_person = and_(delivery.c.edition.in_(keys), delivery.c.subscriber == id)
    attempts = or_(attempt.c.batch.in_(select(delivery.c.batch).where(of_person)), attempt.c.current_recipient == id)
    # A server's rejection quotes the address.
    _scrub_column(connection, delivery.c.reason, of_person, words)
    _scrub_column(connection, attempt.c.detail, attempts, words)
    _scrub_column(connection, attempt.c.last_reply, attempts, words)
    events = and_(delivery_event.c.edition.in_(keys), delivery_event.c.subscriber == id)
    _scrub_column(connection, delivery_event.c.reason, events, words)
    return connection.execute(select(func.count()).select_from(delivery).where(of_person)).scalar_one()


def _forget_requests(connection: Connection, id: int | None) -> None:
    """Delete a person's requests and earlier addresses."""
    for table in (person_request, moved_address):
        connection.execute(delete(table).where(table.c.subscriber == id))


def _scrub_column(
    connection: Connection, column: Column[Any], rows: ColumnElement[bool], words: Collection[str]
) -> None:
    """Replace the words in a text column, in any case."""
    pattern = re.compile(_alternatives(words), re.I)
    # A message is stored as JSON.
    spellings = {form for word in words for form in (word, json.dumps(word, ensure_ascii=False)[1:-1])}
    similar = or_(*(func.lower(column).contains(word.lower(), autoescape=True) for word in spellings))
    for text in connection.execute(select(column).where(and_(rows, similar)).distinct()).scalars().all():
        same_text = and_(rows, column == text)
        scrubbed = mapped(text, partial(pattern.sub, NOBODY))
        connection.execute(update(column.table).where(same_text).values({column.name: scrubbed}))


def _scrub_payloads(connection: Connection, words: Collection[str]) -> int:
    """Remove a person's events from webhook payloads. Returns the number of payloads that had any.

    Queued payloads keep the events without the address, so that they are still processed.
    """
    spellings = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    pattern = re.compile(_alternatives(spellings).encode(), re.I)
    changed = 0
    for id, processed, compressed in _payloads(connection):
        body = zlib.decompress(compressed)
        if not pattern.search(body):
            continue
        if processed:
            body = _without_events(body, pattern)
        body = pattern.sub(NOBODY.encode(), body)
        connection.execute(update(webhook).where(webhook.c.id == id).values(body=zlib.compress(body, 1)))
        changed += 1
    return changed


def _payloads(connection: Connection) -> Iterator[tuple[int, bool, bytes]]:
    """Yield one payload at a time: a week of a large list is gigabytes."""
    for id in connection.execute(select(webhook.c.id)).scalars().all():
        row = connection.execute(select(webhook.c.processed_at, webhook.c.body).where(webhook.c.id == id)).one()
        yield id, row.processed_at is not None, row.body


def _without_events(body: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """Drop matching events as a whole: they also contain the person's times, network and browser."""
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        # A mail, which is about this person alone.
        return b""
    if not isinstance(events, list):
        return body
    return orjson.dumps([event for event in events if not pattern.search(orjson.dumps(event))])


def _alternatives(words: Collection[str]) -> str:
    """Join them, the longest first, so that no part of a longer word is left."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
