"""Carry over people's changes since a copy was made, from the store that the copy replaces.

The worst outcome of restoring a copy is to mail somebody who has left. So the newer store decides about suppressions,
erasures and subscribers' own choices. The list and its imports come from the copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from digest.store import meta
from digest.store.database import Database
from digest.store.people import moves
from digest.store.people.erasure import KEY_NAME as ERASURE_KEY
from digest.store.people.erasure import Erasures
from digest.store.people.signups import ORIGIN
from digest.store.people.suppressions import CAME_BACK, SIGNED_UP
from digest.store.schema import (
    consent,
    consent_notice,
    erased,
    moved_address,
    preference,
    signup,
    subscriber,
    suppression,
    webhook,
)
from digest.store.statements import chunks


@dataclass(frozen=True, slots=True)
class CarryOverResult:
    """Counts of what was carried over: addresses, consents and webhook payloads."""

    suppressed: int = 0
    came_back: int = 0
    erased: int = 0
    consents: int = 0
    payloads: int = 0


def carry_over(newer: Database, copy: Database, *, now: datetime) -> CarryOverResult:
    """Carry people's changes over into the copy. No other process has either store open.

    Ids are kept, so that links in emails that were sent since still belong to their recipients.
    """
    if meta.get(copy, ERASURE_KEY) is None and (key := meta.get(newer, ERASURE_KEY)):
        meta.set(copy, ERASURE_KEY, key)
    erasures = Erasures(copy)
    with newer.read() as source:
        forgotten = 0
        for address in _erased_since(source, copy):
            forgotten += erasures.erase(address, "erased before the store was restored", now=now).known
        with copy.write() as target:
            _insert_missing(source, target, erased, "hash")
            _moves(source, target, now)
            _insert_missing(source, target, consent_notice, "hash")
            _subscribers(source, target)
            consents = _newer_consents(source, target)
            suppressed, came_back = _suppressions(source, target, consents)
            if consents:
                target.execute(insert(consent), consents)
            _preferences(source, target)
            _signups(source, target)
            payloads = _payloads(source, target)
    return CarryOverResult(suppressed, came_back, forgotten, len(consents), payloads)


def reserve_ids(connection: Connection, now: datetime) -> None:
    """Skip ids that the replaced store may have assigned since.

    Links in emails to those ids must not open another person's pages. Needed if the replaced store cannot be read.
    """
    last = int(connection.execute(select(func.max(subscriber.c.id))).scalar() or 0)
    reserved = last + 1_000_000
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence("subscriber", "id")
        connection.execute(select(func.setval(sequence, reserved)))
        return
    # SQLite gives the next id after the highest one.
    connection.execute(
        insert(subscriber).values(
            id=reserved,
            address=f"erased:{reserved}",
            email="(reserved)",
            name="",
            topics=[],
            frequency="daily",
            timezone="",
            hour="",
            format="html",
            status="erased",
            listed=False,
            added_at=now,
            origin="",
        )
    )


def _erased_since(source: Connection, copy: Database) -> list[str]:
    """Return the addresses in the copy that the newer store has erased."""
    gone = set(source.execute(select(subscriber.c.id).where(subscriber.c.status == "erased")).scalars())
    rows = select(subscriber.c.id, subscriber.c.address).where(subscriber.c.status != "erased")
    with copy.read() as connection:
        return [row.address for row in connection.execute(rows) if row.id in gone]


def _subscribers(source: Connection, target: Connection) -> None:
    """Add subscribers who came since the copy.

    Subscribers of the list file and of imports stay unlisted until the next sync or import.
    """
    known = set(target.execute(select(subscriber.c.address)).scalars())
    ids = set(target.execute(select(subscriber.c.id)).scalars())
    rows = []
    for row in source.execute(select(subscriber)).mappings():
        if row["address"] not in known and row["id"] not in ids:
            rows.append({**row, "listed": row["listed"] and row["origin"] == ORIGIN})
    _insert(target, subscriber, rows)
    joined = select(subscriber.c.address).where(subscriber.c.origin == ORIGIN, subscriber.c.listed)
    again = [address for address in source.execute(joined).scalars() if address in known]
    for part in chunks(again):
        removed = subscriber.c.address.in_(part) & subscriber.c.listed.is_(False)
        target.execute(update(subscriber).where(removed).values(listed=True, status="active", origin=ORIGIN))


def _moves(source: Connection, target: Connection, now: datetime) -> None:
    """Repeat the changes of address since the copy, in their order. Their consents come with the others."""
    done = set(target.execute(select(moved_address.c.old, moved_address.c.new, moved_address.c.subscriber)).all())
    rows = source.execute(select(moved_address).order_by(moved_address.c.at)).all()
    for row in rows:
        if (row.old, row.new, row.subscriber) in done:
            continue
        here = target.execute(select(subscriber.c.address).where(subscriber.c.id == row.subscriber)).scalar()
        newest = source.execute(select(subscriber.c.email).where(subscriber.c.address == row.new)).scalar()
        if here is not None and newest is not None and here != row.new:
            moves.rename(target, row.subscriber, here, row.new, newest, now)
        if target.execute(select(moved_address.c.old).where(moved_address.c.old == row.old)).first() is None:
            target.execute(insert(moved_address).values(dict(row._mapping)))


def _newer_consents(source: Connection, target: Connection) -> list[Mapping[str, Any]]:
    """Return the newer consents. The log only grows, so they have higher ids."""
    last = int(target.execute(select(func.max(consent.c.id))).scalar() or 0)
    return [dict(row) for row in source.execute(select(consent).where(consent.c.id > last)).mappings()]


def _suppressions(source: Connection, target: Connection, consents: list[Mapping[str, Any]]) -> tuple[int, int]:
    """Take the newer store's suppressions. A suppression that it lacks ends only if the person came back."""
    newer = {row["address"]: dict(row) for row in source.execute(select(suppression)).mappings()}
    older = {row["address"]: dict(row) for row in target.execute(select(suppression)).mappings()}
    added = [row for address, row in newer.items() if address not in older]
    _insert(target, suppression, added)
    for address in newer.keys() & older.keys():
        if newer[address] != older[address]:
            target.execute(update(suppression).where(suppression.c.address == address).values(newer[address]))
    back = {entry["address"] for entry in consents if entry["what"] in (CAME_BACK, SIGNED_UP)}
    ended = [address for address in older if address not in newer and address in back]
    for part in chunks(ended):
        target.execute(delete(suppression).where(suppression.c.address.in_(part)))
    return len(added), len(ended)


def _preferences(source: Connection, target: Connection) -> None:
    """Carry over the preferences. Only subscribers set these, so the newer ones are right."""
    ids = set(target.execute(select(subscriber.c.id)).scalars())
    target.execute(delete(preference))
    rows = [dict(row) for row in source.execute(select(preference)).mappings() if row["subscriber"] in ids]
    _insert(target, preference, rows)


def _signups(source: Connection, target: Connection) -> None:
    target.execute(delete(signup))
    _insert(target, signup, [dict(row) for row in source.execute(select(signup)).mappings()])


def _payloads(source: Connection, target: Connection) -> int:
    """Take the providers' events since the copy, to be processed again: they prove what was sent."""
    known = set(target.execute(select(webhook.c.digest)).scalars())
    rows = [
        {**{name: value for name, value in row.items() if name != "id"}, "processed_at": None, "error": None}
        for row in source.execute(select(webhook)).mappings()
        if row["digest"] not in known
    ]
    _insert(target, webhook, rows)
    return len(rows)


def _insert_missing(source: Connection, target: Connection, table: Table, key: str) -> None:
    known = set(target.execute(select(table.c[key])).scalars())
    _insert(target, table, [dict(row) for row in source.execute(select(table)).mappings() if row[key] not in known])


def _insert(target: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        target.execute(insert(table), rows)
