"""Give a subscriber another address; everything else about them stays.

The ledger refers to recipients by id, so an edition in mid-send needs no change: a pending delivery goes to the new
address, and a sent one stays sent. The change has to wait only while an email to the person is on its way.
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
from digest.store.people.requests import RequestKind
from digest.store.schema import (
    batch,
    delivery,
    edition,
    import_change,
    moved_address,
    person_request,
    signup,
    subscriber,
    suppression,
)
from digest.store.schema import consent as consent_table
from digest.store.statements import chunks

# Editions that may still send to somebody.
_OPEN = (EditionState.SENDING, EditionState.PAUSED)


class MoveResult(StrEnum):
    """The outcome of a change of address."""

    DONE = "done"
    # The new address gets the newsletter already, so the person does.
    TAKEN = "taken"
    # An email to the person is on its way.
    BUSY = "busy"
    # The subscriber was erased, has unsubscribed, or is not on the list.
    NOBODY = "nobody"


def move(
    connection: Connection, erasures: Erasures, id: int, address: str, email: str, *, now: datetime, why: Consent
) -> MoveResult:
    """Give a subscriber another address, in the caller's transaction. `why` is the entry for the consent log.

    They keep their consents, preferences, answers and history. From now on the old address in a list means the new one.
    `erasures.key` must exist.
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
    this_subscriber = subscriber.c.id == id
    if old == new:
        connection.execute(update(subscriber).where(this_subscriber).values(email=email))
        return
    # A mailbox belongs to one person, so an older row of the new address is removed.
    other = connection.execute(select(subscriber.c.id).where(subscriber.c.address == new)).scalar()
    if other is not None:
        gone = {"address": f"moved:{other}", "email": NOBODY, "name": "", "listed": False, "status": "erased"}
        connection.execute(update(subscriber).where(subscriber.c.id == other).values(gone))
    connection.execute(update(subscriber).where(this_subscriber).values(address=new, email=email))
    # Links in emails to the old mailbox end. The page of the change itself still says that it is done.
    mailed = (person_request.c.subscriber == id) & person_request.c.kind.not_in(
        [RequestKind.ADDRESS, RequestKind.AGAIN]
    )
    connection.execute(delete(person_request).where(mailed))
    for column in (consent_table.c.address, signup.c.address):
        connection.execute(update(column.table).where(column == old).values({column.name: new}))
    # The values that an import replaced in the row of the new address, which was removed.
    connection.execute(delete(import_change).where(import_change.c.address == new))
    connection.execute(update(import_change).where(import_change.c.address == old).values(address=new))
    connection.execute(delete(moved_address).where(moved_address.c.old.in_([old, new])))
    connection.execute(update(moved_address).where(moved_address.c.new == old).values(new=new))
    connection.execute(insert(moved_address).values(old=old, new=new, subscriber=id, at=now))


def _is_suppressed(connection: Connection, address: str) -> bool:
    return connection.execute(select(suppression.c.address).where(suppression.c.address == address)).first() is not None


def _is_on_its_way(connection: Connection, id: int) -> bool:
    """Whether an attempt to send to the subscriber has begun and may continue. Its recipients must not change."""
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
    """Return old → new address of all who moved, or of these."""
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


def free_old_address(connection: Connection, address: str) -> None:
    """Allow an old address to be subscribed on its own again, because its owner signed up there."""
    connection.execute(delete(moved_address).where(moved_address.c.old == address))


def follow(connection: Connection, incoming: Table) -> None:
    """Replace old addresses in the rows of a list by new ones, spelled as their owners wrote them.

    A person listed under both addresses keeps only the new one.
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
