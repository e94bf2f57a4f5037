"""Single values of the store, by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from digest.store.database import Database
from digest.store.schema import meta

_TEST_SEND = "test send"
_BACKUP = "last backup"
_PROBE = "last probe"


@dataclass(frozen=True, slots=True)
class SentTest:
    """The last test that `digest send --to` handed over."""

    at: datetime
    recipients: int
    transport: str


def get(database: Database, name: str) -> str | None:
    return database.query(select(meta.c.value).where(meta.c.name == name)).scalar()


def get_or_create(database: Database, name: str, create: Callable[[], str]) -> str:
    """Return the value, and create it the first time."""
    with database.write(area="meta") as connection:
        value = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
        if value is None:
            value = create()
            connection.execute(insert(meta).values(name=name, value=value))
        return str(value)


def set(database: Database, name: str, value: str) -> None:
    with database.write(area="meta") as connection:
        put(connection, name, value)


def delete_all(database: Database, start: str) -> None:
    """Delete the values whose names begin with `start`."""
    database.change(delete(meta).where(meta.c.name.startswith(start, autoescape=True)), area="meta")


def put(connection: Connection, name: str, value: str) -> None:
    """Set the value inside the caller's transaction. The caller excludes other writers of this name."""
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(meta).values(name=name, value=value))


def save_requested_time(database: Database, edition: str, at: datetime) -> None:
    """Remember when an operator wants the edition to be sent."""
    set(database, _requested_time_name(edition), at.isoformat())


def requested_time(database: Database, edition: str) -> datetime | None:
    value = get(database, _requested_time_name(edition))
    return datetime.fromisoformat(value) if value else None


def delete_requested_time(database: Database, edition: str) -> None:
    database.change(delete(meta).where(meta.c.name == _requested_time_name(edition)), area="meta")


def _requested_time_name(edition: str) -> str:
    # A hash, because names have at most 64 characters and keys of editions may be longer.
    return f"send at {hashlib.blake2b(edition.encode(), digest_size=16).hexdigest()}"


def save_test_send(database: Database, test: SentTest) -> None:
    """Remember a test for `digest check --launch`."""
    value = {"at": test.at.astimezone(UTC).isoformat(), "recipients": test.recipients, "transport": test.transport}
    set(database, _TEST_SEND, json.dumps(value))


def last_test_send(database: Database) -> SentTest | None:
    value = get(database, _TEST_SEND)
    if value is None:
        return None
    found = json.loads(value)
    return SentTest(datetime.fromisoformat(found["at"]), found["recipients"], found["transport"])


def save_backup_time(database: Database, at: datetime) -> None:
    """Remember when `digest store backup` made a copy."""
    with database.write(area="meta") as connection:
        put_backup_time(connection, at)


def put_backup_time(connection: Connection, at: datetime) -> None:
    """Like `save_backup_time`, inside the caller's transaction."""
    put(connection, _BACKUP, at.astimezone(UTC).isoformat())


def save_probe_time(database: Database, at: datetime) -> None:
    """Write a value, to find out whether the store can be written. Raises StoreError."""
    set(database, _PROBE, at.astimezone(UTC).isoformat())


def last_backup(database: Database) -> datetime | None:
    value = get(database, _BACKUP)
    return datetime.fromisoformat(value) if value else None
