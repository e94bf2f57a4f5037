"""Subscribers' own decisions: unsubscribing, resubscribing, pausing, choosing. They override the list and its edits.

Each call is one durable transaction, including the entry in the consent log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, Update, bindparam, insert, select, update

from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED
from digest.store.database import StorePart
from digest.store.people import consent, suppressions
from digest.store.people.consent import Consent, cookie_version
from digest.store.people.suppressions import is_stopped_together
from digest.store.schema import preference, subscriber, suppression
from digest.store.statements import chunks

# The status of an erased subscriber's row.
ERASED = "erased"
_PLAIN = (
    "id",
    "address",
    "email",
    "name",
    "timezone",
    "listed",
    "status",
    "suppressed",
    "paused_until",
    "added_at",
    "origin",
    "cookie_version",
    "signed_up_at",
)
_CHOICES = ("topics", "frequency", "hour", "format", "editions")


@dataclass(frozen=True, slots=True)
class StoredSubscriber:
    """A subscriber. Their own preferences override the list's."""

    id: int
    address: str
    email: str
    name: str
    # Empty means all.
    topics: tuple[str, ...]
    frequency: str
    # None means the newsletter's.
    hour: time | None
    timezone: str
    format: Literal["html", "text"]
    listed: bool
    status: str
    # The reason of a suppression.
    suppressed: str | None
    paused_until: datetime | None
    # When and how they came on the list. `origin` is '' for the list file, `web`, or the name of an import.
    added_at: datetime
    origin: str = ""
    # Empty means the default ones.
    editions: tuple[str, ...] = ()
    # To which the cookies of their browsers are bound: `digest.store.people.consent.cookie_version`.
    cookie_version: int = 0
    # When they last confirmed a sign-up; None if they came by a list.
    signed_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentContext:
    """Details for the consent log: where the subscriber decided, the wording that they answered, and more."""

    source: str
    wording: str = ""
    detail: str = ""


class PreferenceStore(StorePart):
    def get(self, id: int) -> StoredSubscriber | None:
        return self._find(_by_id, {"id": id})

    def find(self, address: str) -> StoredSubscriber | None:
        return self._find(_by_address, {"address": address})

    def _find(self, query: Select[Any], values: Mapping[str, Any]) -> StoredSubscriber | None:
        with self.database.read() as connection:
            row = connection.execute(query, values).one_or_none()
        return None if row is None else _from_row(row)

    def get_several(self, ids: Collection[int]) -> dict[int, StoredSubscriber]:
        """Return number → subscriber for a few hundred numbers."""
        with self.database.read() as connection:
            return self.several(connection, ids)

    def several(self, connection: Connection, ids: Collection[int]) -> dict[int, StoredSubscriber]:
        """Return number → subscriber for a few hundred numbers, in the caller's transaction."""
        rows = connection.execute(_stored_subscribers().where(subscriber.c.id.in_(ids)))
        return {row.id: _from_row(row) for row in rows}

    def unsubscribed_since(self, id: int, moment: datetime) -> bool:
        """Whether a subscriber has unsubscribed at or after this moment."""
        left = (suppression.c.reason == UNSUBSCRIBED) & (suppression.c.at >= moment)
        rows = select(subscriber.c.id).join(suppression, suppression.c.address == subscriber.c.address)
        return self.database.query(rows.where(subscriber.c.id == id, left)).first() is not None

    def paused(self, now: datetime) -> dict[str, datetime]:
        """Return address → end of the pause."""
        rows = select(subscriber.c.address, preference.c.paused_until).join(
            preference, preference.c.subscriber == subscriber.c.id
        )
        with self.database.read() as connection:
            return dict(connection.execute(rows.where(preference.c.paused_until > now)).all())

    def chosen(self) -> dict[str, dict[str, Any]]:
        """Return address → the preferences that its subscriber chose. The hour "" means the newsletter's."""
        rows = select(subscriber.c.address, *(preference.c[name] for name in _CHOICES))
        rows = rows.join(preference, preference.c.subscriber == subscriber.c.id)
        with self.database.read() as connection:
            found = {
                row.address: {name: value for name in _CHOICES if (value := getattr(row, name)) is not None}
                for row in connection.execute(rows)
            }
        return {address: chosen for address, chosen in found.items() if chosen}

    def chosen_by(self, id: int) -> dict[str, Any]:
        """Return the preferences that one subscriber chose, as `chosen` does."""
        row = self.database.query(_choices, {"id": id}).one_or_none()
        return {name: value for name, value in row._mapping.items() if value is not None} if row else {}

    def all_of(self, ids: Iterable[int]) -> list[StoredSubscriber]:
        """Return subscribers by their numbers, the newest first, without erased ones."""
        found: dict[int, StoredSubscriber] = {}
        with self.database.read() as connection:
            for part in chunks(ids):
                found |= self.several(connection, part)
        return [found[id] for id in sorted(found, reverse=True) if found[id].status != ERASED]

    def chosen_among(self, ids: Iterable[int]) -> dict[int, frozenset[str]]:
        """Return number → the names of the preferences that its subscriber chose."""
        found: dict[int, frozenset[str]] = {}
        rows = select(preference.c.subscriber, *(preference.c[name] for name in _CHOICES))
        with self.database.read() as connection:
            for part in chunks(ids):
                for row in connection.execute(rows.where(preference.c.subscriber.in_(part))):
                    found[row.subscriber] = frozenset(name for name in _CHOICES if getattr(row, name) is not None)
        return found

    def pause_all(self, connection: Connection, ids: Sequence[int], until: datetime | None) -> None:
        """Pause many subscribers until a time, or end their pauses, in the caller's transaction."""
        for part in chunks(ids):
            of_part = preference.c.subscriber.in_(part)
            known = set(connection.execute(select(preference.c.subscriber).where(of_part)).scalars())
            connection.execute(update(preference).where(of_part).values(paused_until=until))
            new = [{"subscriber": id, "paused_until": until} for id in part if id not in known]
            if new and until is not None:
                connection.execute(insert(preference), new)

    def unsubscribe(self, id: int, context: ConsentContext, *, now: datetime) -> bool:
        """Suppress the subscriber's address at their own request, durably when this returns.

        Only a complaint outranks this reason. False if nobody has this id.
        """
        return self.unsubscribe_all([(id, context)], now=now)[0]

    def unsubscribe_all(self, requests: Sequence[tuple[int, ConsentContext]], *, now: datetime) -> list[bool]:
        """Like `unsubscribe`, for several subscribers in one transaction."""
        contexts = dict(requests)
        new: list[str] = []
        entries: list[Consent] = []
        with self.database.write(area="suppression") as connection:
            found = connection.execute(_addresses_and_reasons, {"ids": list(contexts)}).all()
            for id, address, reason, stopped_together in found:
                # A repeated request changes nothing, so it gets no second entry in the consent log.
                if (reason == UNSUBSCRIBED and not stopped_together) or (
                    reason == COMPLAINED and suppressions.unsubscribed_since_complaint(connection, address)
                ):
                    continue
                if reason is None:
                    new.append(address)
                else:
                    suppressions.suppress(connection, address, UNSUBSCRIBED, at=now)
                entries.append(_entry(address, UNSUBSCRIBED, contexts[id], now))
            suppressions.add_all(connection, new, UNSUBSCRIBED, at=now)
            consent.append(connection, entries)
        known = {row.id for row in found}
        return [id in known for id, _context in requests]

    def resubscribe(self, id: int, context: ConsentContext, *, now: datetime) -> bool:
        """Take back the subscriber's unsubscribe, and end a pause. False if there was none."""
        with self.database.write(area="suppression") as connection:
            address = _address(connection, id)
            if address is None or not suppressions.undo_unsubscribe(connection, address):
                return False
            _put(connection, id, {"paused_until": None})
            consent.withdraw_reason(connection, address)
            _log(connection, address, suppressions.CAME_BACK, context, now)
            return True

    def set(self, id: int, values: Mapping[str, Any], context: ConsentContext, *, now: datetime) -> bool:
        """Store preferences by the columns' names. None restores the list's. False if nobody has this id."""
        with self.database.write(area="preference") as connection:
            address = _address(connection, id)
            if address is None:
                return False
            if values:
                _put(connection, id, values)
                _log(connection, address, "changed", context, now)
            return True

    def nominee(self, address: str) -> str:
        """Return a subscriber's nominee and how to reach them; '' if there is none."""
        return consent.ConsentLog(self.database).nominee(address)

    def record(self, id: int, what: str, context: ConsentContext, *, now: datetime) -> None:
        """Add an entry to the consent log without changing anything else."""
        with self.database.write() as connection:
            address = _address(connection, id)
            if address is not None:
                _log(connection, address, what, context, now)


# Built once, because mailbox providers unsubscribe people in bursts.
_address_of = select(subscriber.c.address).where(subscriber.c.id == bindparam("id"), subscriber.c.status != ERASED)
_addresses_and_reasons = (
    select(subscriber.c.id, subscriber.c.address, suppression.c.reason, is_stopped_together)
    .outerjoin(suppression, suppression.c.address == subscriber.c.address)
    .where(subscriber.c.id.in_(bindparam("ids", expanding=True)), subscriber.c.status != ERASED)
)


_choices = select(*(preference.c[name] for name in _CHOICES)).where(preference.c.subscriber == bindparam("id"))


def _address(connection: Connection, id: int) -> str | None:
    """Return the address of a subscriber who is known and not erased."""
    return connection.execute(_address_of, {"id": id}).scalar()


def _put(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    new = {f"new_{name}": value for name, value in values.items()}
    if not connection.execute(_update(tuple(values)), {"id": id, **new}).rowcount:
        connection.execute(_insert, {"subscriber": id, **values})


_insert = insert(preference)


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Update:
    """Return the statement that changes these columns. Building it takes longer than running it."""
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(preference).where(preference.c.subscriber == bindparam("id")).values(new)


def _log(connection: Connection, address: str, what: str, context: ConsentContext, now: datetime) -> None:
    consent.append(connection, [_entry(address, what, context, now)])


def _entry(address: str, what: str, context: ConsentContext, now: datetime) -> Consent:
    return Consent(address, what, now, context.source, context.wording, context.detail)


def _stored_subscribers() -> Select[Any]:
    """Select every known subscriber: the list's columns, what `StoredSubscriber` adds, and preferences as `own_…`."""
    return (
        select(
            subscriber,
            suppression.c.reason.label("suppressed"),
            preference.c.paused_until,
            cookie_version(subscriber.c.address).label("cookie_version"),
            suppressions.signed_up(subscriber.c.address).label("signed_up_at"),
            *(preference.c[name].label(f"own_{name}") for name in _CHOICES),
        )
        .outerjoin(suppression, suppression.c.address == subscriber.c.address)
        .outerjoin(preference, preference.c.subscriber == subscriber.c.id)
    )


# Built once: every page of a subscriber begins with it.
_by_id = _stored_subscribers().where(subscriber.c.id == bindparam("id"))
_by_address = _stored_subscribers().where(subscriber.c.address == bindparam("address"))


def _from_row(row: Row[Any]) -> StoredSubscriber:
    values = {name: getattr(row, name) for name in _PLAIN}
    return StoredSubscriber(**values, **_effective(row))


def _effective(row: Row[Any]) -> dict[str, Any]:
    """Return the preferences in a row of `_stored_subscribers`."""
    values = {name: getattr(row, name) if (own := getattr(row, f"own_{name}")) is None else own for name in _CHOICES}
    hour = time.fromisoformat(values["hour"]) if values["hour"] else None
    return {**values, "topics": tuple(values["topics"]), "editions": tuple(values["editions"]), "hour": hour}
