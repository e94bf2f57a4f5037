"""Forgetting a person: what is left is the keyed hash that keeps the address from coming back, and numbers.

Owns which columns hold something of a person. The rows of deliveries stay, without a name, so that an edition's
counts go on balancing. The key lies in the store: without it nobody can try addresses against a hash that leaked.
On SQLite what was overwritten is zeroed in the file, and the log, which holds pages as they were, is emptied.
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
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.sql.schema import Column

from digest.store import rate_limits
from digest.store.database import Database
from digest.store.meta import get_or_make
from digest.store.schema import (
    attempt,
    consent,
    decision,
    delivery,
    delivery_event,
    edition,
    erased,
    meta,
    signup,
    subscriber,
    suppression,
    webhook,
    wish,
)

NOBODY = "(erased)"
"""What stands where the address stood."""


def scrub_column(connection: Connection, column: Column[Any], rows: ColumnElement[bool], words: Collection[str]) -> int:
    """Puts NOBODY in the place of `words` in a column of text, in any case; answers how many texts held one."""
    if not words:
        return 0
    pattern = _pattern(words)
    near = or_(*(func.lower(column).contains(word.lower(), autoescape=True) for word in words))
    texts = connection.execute(select(column).where(and_(rows, near)).distinct()).scalars().all()
    for text in texts:
        own = and_(rows, column == text)
        connection.execute(update(column.table).where(own).values({column.name: pattern.sub(NOBODY, text)}))
    return len(texts)


def scrub_posts(connection: Connection, words: Collection[str]) -> int:
    """Takes the events of an address out of the posts that are kept, and its words wherever else they stand; answers
    how many posts held one. A post that waits to be handled keeps its events without the address."""
    written = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    pattern = re.compile("|".join(re.escape(form) for form in _longest(written)).encode(), re.I)
    changed = 0
    for id, handled, packed in _posts(connection):
        body = zlib.decompress(packed)
        if not pattern.search(body):
            continue
        if handled:
            body = _without(body, pattern)
        body = pattern.sub(NOBODY.encode(), body)
        connection.execute(update(webhook).where(webhook.c.id == id).values(body=zlib.compress(body, 1)))
        changed += 1
    return changed


def _posts(connection: Connection) -> Iterator[tuple[int, bool, bytes]]:
    """Each post, read when it is asked for: a week of a large list is gigabytes."""
    for id in connection.execute(select(webhook.c.id)).scalars().all():
        row = connection.execute(select(webhook.c.handled_at, webhook.c.body).where(webhook.c.id == id)).one()
        yield id, row.handled_at is not None, row.body


def _without(body: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """A list of events without those that hold a word: time, network and browser of a person go with them."""
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(events, list):
        return body
    return orjson.dumps([each for each in events if not pattern.search(orjson.dumps(each))])


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in _longest(words)), re.I)


def _longest(words: Collection[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


_KEY = "erasure_key"


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What an erasure touched, in rows. `known` is false for an address of which nothing was held."""

    known: bool
    consents: int = 0
    deliveries: int = 0
    payloads: int = 0


class Erasures:
    """Erasing, and asking whether an address was erased, over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def key(self) -> bytes:
        with self.database.read() as connection:  # asked for within other transactions too, when it is there
            held = connection.execute(select(meta.c.value).where(meta.c.name == _KEY)).scalar()
        return bytes.fromhex(held or get_or_make(self.database, _KEY, lambda: secrets.token_hex(32)))

    def hash_address(self, address: str) -> str:
        """The keyed hash of a comparable address."""
        return hmac.digest(self.key, address.encode(), "sha256").hex()

    def any(self) -> bool:
        """Whether anybody ever was erased."""
        with self.database.read() as connection:
            return connection.execute(select(erased.c.mark).limit(1)).first() is not None

    def among(self, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses that were erased; costs nothing where nobody ever was."""
        with self.database.read() as connection:
            marks = set(connection.execute(select(erased.c.mark)).scalars())
        return {address for address in addresses if self.hash_address(address) in marks} if marks else set()

    def allow_return(self, address: str) -> bool:
        """Lets an address come back, because the person asked for it."""
        _ = self.key  # may have to be made first, in a transaction of its own
        with self.database.write() as connection:
            return self.allow_return_within(connection, address)

    def allow_return_within(self, connection: Connection, address: str) -> bool:
        """`forgive` in a transaction of the caller's, who has asked for `key` before it."""
        return bool(connection.execute(delete(erased).where(erased.c.mark == self.hash_address(address))).rowcount)

    def erase(self, address: str, reason: str, *, now: datetime, rations: Collection[str] = ()) -> ErasureResult:
        """Forgets the person behind a comparable address, in one transaction, and the `rations` that were counted under
        these names. Doing it again changes nothing."""
        mark = self.hash_address(address)
        with self.database.write(area="subscriber") as connection, self.database.secure_delete(connection):
            row = connection.execute(
                select(subscriber.c.id, subscriber.c.email, subscriber.c.name).where(subscriber.c.address == address)
            ).first()
            asked = connection.execute(select(signup.c.email).where(signup.c.address == address)).scalars().all()
            barred = connection.execute(delete(suppression).where(suppression.c.address == address)).rowcount
            # That and when somebody agreed may have to be shown later; to whom it belongs can't be told any more
            # without the address itself, and what was said in words goes.
            consents = connection.execute(
                update(consent).where(consent.c.address == address).values(address=mark, wording="", detail="")
            ).rowcount
            connection.execute(delete(signup).where(signup.c.address == address))
            words = {address, *asked, *((row.email,) if row else ())}
            letters = _anonymise(connection, row.id, {*words, *filter(None, [row.name])}) if row else 0
            if not connection.execute(select(erased.c.mark).where(erased.c.mark == mark)).first():
                connection.execute(insert(erased).values(mark=mark, at=now, reason=reason))
            # A name of one word may be any word of a sentence, and stays in what was not written of this reader.
            full = {row.name} if row and " " in row.name else set()
            for column in _NOTES:
                scrub_column(connection, column, true(), words | full)
            posts = scrub_posts(connection, words)
            rate_limits.forget(connection, [*rations, *((f"again:{row.id}", f"why:{row.id}") if row else ())])
        self.database.truncate_wal()
        known = bool(row or barred or consents or asked or posts)
        return ErasureResult(known, consents, letters, posts)


_NOTES = (decision.c.reason, edition.c.reason, erased.c.reason, suppression.c.detail, webhook.c.fault)
"""What was written in words about whatever it was; a few rows each, or few that hold any."""


def _anonymise(connection: Connection, id: int, words: set[str]) -> int:
    empty = {"email": NOBODY, "name": "", "topics": [], "hour": "", "origin": "", "listed": False, "status": "erased"}
    connection.execute(update(subscriber).where(subscriber.c.id == id).values(address=f"erased:{id}", **empty))
    connection.execute(delete(wish).where(wish.c.subscriber == id))
    mine = delivery.c.subscriber == id
    tried = or_(
        attempt.c.batch.in_(select(delivery.c.batch).where(mine)),
        attempt.c.in_doubt == id,
    )
    scrub_column(connection, delivery.c.reason, mine, words)  # a server's refusal quotes the address
    scrub_column(connection, attempt.c.detail, tried, words)
    scrub_column(connection, delivery_event.c.reason, delivery_event.c.subscriber == id, words)
    return connection.execute(select(func.count()).select_from(delivery).where(mine)).scalar_one()
