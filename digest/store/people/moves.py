"""A change of address: the same subscriber, with everything that belongs to them, under another address.

The ledger names recipients by their ids, so an edition in mid-send needs no change: a place that waits goes to the new
address, one that was sent stays sent. Only while an email to the person is on its way, the change has to wait.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, exists, insert, or_, select, update

from digest.models import BatchState, EditionState
from digest.store import meta
from digest.store.people import consent, suppressions
from digest.store.people.consent import Consent
from digest.store.people.erasure import NOBODY, Erasures
from digest.store.schema import batch, delivery, edition, moved_address, signup, subscriber, suppression
from digest.store.schema import consent as consent_table
from digest.store.statements import chunks

MOVED = "changed address"
"""The consent log's word for it."""

# Editions that may still send to somebody.
_OPEN = (EditionState.FROZEN, EditionState.SENDING, EditionState.PAUSED)


class MoveResult(StrEnum):
    """The outcome of a change of address."""

    DONE = "done"
    # Somebody, hence the person themselves, gets the newsletter at the new address already.
    TAKEN = "taken"
    # An email to the person is on its way.
    BUSY = "busy"
    # The subscriber was erased, has unsubscribed, or is not on the list.
    NOBODY = "nobody"


def move(
    connection: Connection, erasures: Erasures, id: int, address: str, email: str, *, now: datetime, why: Consent
) -> MoveResult:
    """Give a subscriber another address, in the caller's transaction. `why` is the entry for the consent log.

    Consents, preferences, answers and history stay theirs. Whoever is in the list under the old address means the new
    one from now on. `erasures.key` must exist.
    """
    row = connection.execute(select(subscriber).where(subscriber.c.id == id)).one_or_none()
    if row is None or row.status == "erased" or not row.listed or _is_suppressed(connection, row.address):
        return MoveResult.NOBODY
    if row.address != address:
        other = connection.execute(select(subscriber).where(subscriber.c.address == address)).one_or_none()
        if other is not None and other.listed and not _is_suppressed(connection, address):
            return MoveResult.TAKEN
        if _is_on_its_way(connection, id) or (other is not None and _has_open_place(connection, other.id)):
            return MoveResult.BUSY
        suppressions.unsuppress(connection, address)
        erasures.allow_return(connection, address)
    rename(connection, id, row.address, address, email, now)
    consent.append(connection, [why])
    # The list file is read again, because its line may still have the old address.
    meta.put(connection, "list", "")
    return MoveResult.DONE


def rename(connection: Connection, id: int, old: str, new: str, email: str, now: datetime) -> None:
    """Give the subscriber with the address `old` the address `new`, in the caller's transaction."""
    own = subscriber.c.id == id
    if old == new:
        connection.execute(update(subscriber).where(own).values(email=email))
        return
    # A mailbox belongs to one person, so a row that it had before gives way.
    other = connection.execute(select(subscriber.c.id).where(subscriber.c.address == new)).scalar()
    if other is not None:
        gone = {"address": f"moved:{other}", "email": NOBODY, "name": "", "listed": False, "status": "erased"}
        connection.execute(update(subscriber).where(subscriber.c.id == other).values(gone))
    connection.execute(update(subscriber).where(own).values(address=new, email=email))
    for column in (consent_table.c.address, signup.c.address):
        connection.execute(update(column.table).where(column == old).values({column.name: new}))
    connection.execute(delete(moved_address).where(moved_address.c.old.in_([old, new])))
    connection.execute(update(moved_address).where(moved_address.c.new == old).values(new=new))
    connection.execute(insert(moved_address).values(old=old, new=new, subscriber=id, at=now))


def _is_suppressed(connection: Connection, address: str) -> bool:
    return connection.execute(select(suppression.c.address).where(suppression.c.address == address)).first() is not None


def _is_on_its_way(connection: Connection, id: int) -> bool:
    """Whether a try to send to the subscriber was begun and may go on, so that its recipients must stay as they are."""
    tried = or_(batch.c.state == BatchState.SUBMITTING, and_(batch.c.state == BatchState.PENDING, batch.c.tries > 0))
    rows = select(batch.c.id).where(
        batch.c.edition.in_(_open_editions(connection)),
        tried,
        exists().where(
            delivery.c.edition == batch.c.edition, delivery.c.batch == batch.c.id, delivery.c.subscriber == id
        ),
    )
    return connection.execute(rows.limit(1)).first() is not None


def _has_open_place(connection: Connection, id: int) -> bool:
    keys = _open_editions(connection)
    rows = select(delivery.c.edition).where(delivery.c.edition.in_(keys), delivery.c.subscriber == id)
    return connection.execute(rows.limit(1)).first() is not None


def _open_editions(connection: Connection) -> list[str]:
    return list(connection.execute(select(edition.c.key).where(edition.c.state.in_(_OPEN))).scalars())


def new_addresses(connection: Connection, addresses: Collection[str] | None = None) -> dict[str, str]:
    """Return old → new address of those who moved: of all, or of these."""
    rows = select(moved_address.c.old, moved_address.c.new)
    if addresses is None:
        return dict(connection.execute(rows).all())
    found: dict[str, str] = {}
    for part in chunks(addresses):
        found |= dict(connection.execute(rows.where(moved_address.c.old.in_(part))).all())
    return found


def old_addresses(connection: Connection, ids: Iterable[int]) -> list[str]:
    """Return the earlier addresses of these subscribers."""
    found: list[str] = []
    for part in chunks(ids):
        found += connection.execute(select(moved_address.c.old).where(moved_address.c.subscriber.in_(part))).scalars()
    return found


def forget(connection: Connection, address: str) -> None:
    """Let an old address be subscribed by itself again: its owner has signed up there."""
    connection.execute(delete(moved_address).where(moved_address.c.old == address))


def follow(connection: Connection, incoming: Table) -> None:
    """Replace old addresses among the rows of a list by the new ones, with the emails as their owners wrote them.

    A row that is there under both loses the old one.
    """
    moved = new_addresses(connection)
    for old, new in moved.items():
        here = incoming.c.address == old
        if connection.execute(select(incoming.c.address).where(here)).first() is None:
            continue
        if connection.execute(select(incoming.c.address).where(incoming.c.address == new)).first() is not None:
            connection.execute(delete(incoming).where(here))
            continue
        email = connection.execute(select(subscriber.c.email).where(subscriber.c.address == new)).scalar()
        if email is None:
            continue
        values: dict[str, Any] = {"address": new, "email": email}
        connection.execute(update(incoming).where(here).values(values))
