"""Forgetting a person: what is left is the keyed hash that keeps the address from coming back, and numbers.

Owns which columns hold something of a person. The rows of deliveries stay, without a name, so that an edition's
counts go on balancing. The key lies in the store: without it nobody can try addresses against a hash that leaked.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from digest.store.database import Database
from digest.store.meta import get_or_make
from digest.store.schema import attempt, delivery, delivery_event, meta
from digest.store.schema_readers import consent, erased, signup, subscriber, suppression, wish

_KEY = "erasure_key"
NOBODY = "(erased)"
"""What stands where the address stood."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure touched, in rows. `known` is false for an address of which nothing was held."""

    known: bool
    consents: int = 0
    letters: int = 0


class Erasures:
    """Erasing, and asking whether an address was erased, over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def key(self) -> bytes:
        with self.database.read() as connection:  # asked for within other transactions too, when it is there
            held = connection.execute(select(meta.c.value).where(meta.c.name == _KEY)).scalar()
        return bytes.fromhex(held or get_or_make(self.database, _KEY, lambda: secrets.token_hex(32)))

    def mark(self, address: str) -> str:
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
        return {address for address in addresses if self.mark(address) in marks} if marks else set()

    def forgive(self, address: str) -> bool:
        """Lets an address come back, because the person asked for it."""
        _ = self.key  # may have to be made first, in a transaction of its own
        with self.database.write() as connection:
            return self.forgive_within(connection, address)

    def forgive_within(self, connection: Connection, address: str) -> bool:
        """`forgive` in a transaction of the caller's, who has asked for `key` before it."""
        return bool(connection.execute(delete(erased).where(erased.c.mark == self.mark(address))).rowcount)

    def erase(self, address: str, reason: str, *, now: datetime) -> Erased:
        """Forgets the person behind a comparable address, in one transaction. Doing it again changes nothing."""
        mark = self.mark(address)
        with self.database.write(area="subscriber") as connection:
            row = connection.execute(
                select(subscriber.c.id, subscriber.c.email).where(subscriber.c.address == address)
            ).first()
            barred = connection.execute(delete(suppression).where(suppression.c.address == address)).rowcount
            # That and when somebody agreed may have to be shown later; to whom it belongs can't be told any more
            # without the address itself, and what was said in words goes.
            consents = connection.execute(
                update(consent).where(consent.c.address == address).values(address=mark, wording="", detail="")
            ).rowcount
            connection.execute(delete(signup).where(signup.c.address == address))
            letters = _anonymise(connection, row.id, {address, row.email}) if row else 0
            if not connection.execute(select(erased.c.mark).where(erased.c.mark == mark)).first():
                connection.execute(insert(erased).values(mark=mark, at=now, reason=reason))
        return Erased(bool(row or barred or consents), consents, letters)


def _anonymise(connection: Connection, id: int, words: set[str]) -> int:
    empty = {"email": NOBODY, "name": "", "topics": [], "hour": "", "origin": "", "listed": False, "status": "erased"}
    connection.execute(update(subscriber).where(subscriber.c.id == id).values(address=f"erased:{id}", **empty))
    connection.execute(delete(wish).where(wish.c.subscriber == id))
    mine = delivery.c.subscriber == id
    tried = or_(
        attempt.c.batch.in_(select(delivery.c.batch).where(mine)),
        attempt.c.in_doubt == id,
    )
    said = (
        (delivery.c.reason, mine),
        (attempt.c.detail, tried),
        (delivery_event.c.reason, delivery_event.c.subscriber == id),
    )
    for column, rows in said:  # a server's refusal quotes the address
        for word in words:
            held = and_(rows, column.contains(word, autoescape=True))
            new = {column.name: func.replace(column, word, NOBODY)}
            connection.execute(update(column.table).where(held).values(new))
    return connection.execute(select(func.count()).select_from(delivery).where(mine)).scalar_one()
