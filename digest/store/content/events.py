"""Webhook payloads, and the events of deliveries: storing, looking up, counting."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, exists, func, select, update

from digest.feedback.ports import AttemptRef, DeliveryEvent, Event, KnownDelivery
from digest.feedback.rules import SOFT_BOUNCE_LIMIT, UNSUBSCRIBED
from digest.store.database import Database, StorePart
from digest.store.people import moves, suppressions
from digest.store.schema import (
    HAS_ERROR,
    attempt,
    delivery,
    delivery_event,
    edition,
    moved_address,
    subscriber,
    suppression,
    webhook,
)
from digest.store.sending.folded import GONE, RETURNED, folded_counts
from digest.store.statements import chunks, insert_into

# Number of editions in which a series of blocks is detected.
_RECENT_EDITIONS = 60


# The "provider" of a returned mail that could not be processed.
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class WebhookPayload:
    """A queued webhook request, or a returned mail that could not be processed (`MAIL`)."""

    id: int
    provider: str
    compressed: bytes

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.compressed)


@dataclass(frozen=True, slots=True)
class SentEmail:
    """An email to a subscriber. `email` is their address as in the list, `address` normalised."""

    edition: str
    subscriber: int
    email: str
    address: str


class EventStore(StorePart):
    """Implements `feedback.ports.FeedbackLog`, and queues webhook payloads.

    A payload is stored whole in one small commit, so that the request can be answered at once. Of each kind of event
    only the first one of a delivery is stored, and it never changes.
    """

    def save(self, provider: str, body: bytes, now: datetime) -> bool:
        """Store a payload, durably when this returns. False if it is stored already."""
        row = {
            "provider": provider,
            "digest": hashlib.sha256(body).hexdigest(),
            "received_at": now,
            "body": zlib.compress(body, 1),
        }
        with self.database.write() as connection:
            new = insert_into(connection, webhook).on_conflict_do_nothing().values(row).returning(webhook.c.id)
            return connection.execute(new).first() is not None

    def queued(self, *, failed: bool = False) -> Iterator[WebhookPayload]:
        """Yield the unprocessed payloads, oldest first. Reads one at a time. With `failed`, yield the failed ones
        instead.
        """
        last = 0
        while (row := self._next(last, failed=failed)) is not None:
            yield WebhookPayload(row.id, row.provider, row.body)
            last = row.id

    def _next(self, after: int, *, failed: bool) -> Any:
        wanted = HAS_ERROR if failed else webhook.c.processed_at.is_(None)
        queued = select(webhook).where(wanted, webhook.c.id > after)
        return self.database.query(queued.order_by(webhook.c.id).limit(1)).first()

    def mark_processed(self, id: int, now: datetime, *, error: str | None = None) -> None:
        """Mark a payload as processed. `error` says why that failed."""
        self.database.change(update(webhook).where(webhook.c.id == id).values(processed_at=now, error=error))

    def keep_mail(self, data: bytes, now: datetime, error: str) -> None:
        """Store a returned mail that could not be processed."""
        self.save(MAIL, data, now)
        of_mail = and_(webhook.c.provider == MAIL, webhook.c.digest == hashlib.sha256(data).hexdigest())
        self.database.change(update(webhook).where(of_mail).values(processed_at=now, error=error))

    def measure_processed(self, before: datetime) -> tuple[int, int]:
        """Return the number of payloads processed before this time, and their bytes."""
        size = func.coalesce(func.sum(func.length(webhook.c.body)), 0)
        number, bytes_ = self.database.query(select(func.count(), size).where(webhook.c.processed_at < before)).one()
        return number, int(bytes_)

    def delete_processed(self, before: datetime) -> int:
        """Delete payloads processed before this time, and return their number."""
        old = webhook.c.processed_at < before
        # Reads first, because this runs every minute and there is rarely anything to delete.
        found = self.database.query(select(webhook.c.id).where(old).limit(1)).first()
        return self.database.change(delete(webhook).where(old)) if found else 0

    def known(self, events: Sequence[Event]) -> KnownDelivery:
        with self.database.read() as connection:
            addresses = _subscribers(connection, events)
            deliveries, recorded = _deliveries(connection, events, set(addresses.values()))
            return KnownDelivery(addresses, deliveries, frozenset(recorded), _attempts(connection, events))

    def record(self, events: Iterable[DeliveryEvent]) -> None:
        # All writers use this order, so that they cannot deadlock.
        rows = [asdict(event) for event in sorted(events, key=lambda e: (e.edition, e.subscriber, e.kind))]
        if rows:
            with self.database.write() as connection:
                connection.execute(insert_into(connection, delivery_event).on_conflict_do_nothing(), rows)

    def blocked(self, subscribers: Iterable[int]) -> Mapping[int, Sequence[datetime | None]]:
        found: dict[int, Sequence[datetime | None]] = {}
        with self.database.read() as connection:
            keys = connection.execute(_recent_editions()).scalars().all()
            blocks = and_(delivery_event.c.edition.in_(keys), delivery_event.c.kind == "blocked")
            for part in chunks(subscribers):
                often = (
                    select(delivery_event.c.subscriber)
                    .where(blocks, delivery_event.c.subscriber.in_(part))
                    .group_by(delivery_event.c.subscriber)
                    .having(func.count() >= SOFT_BOUNCE_LIMIT)
                )
                for id in connection.execute(often).scalars().all():
                    found[id] = _blocks(connection, id, keys)
        return found

    def former_addresses(self, id: int) -> list[str]:
        """Return the addresses that a subscriber had before."""
        with self.database.read() as connection:
            return moves.old_addresses(connection, [id])

    def sent_emails(self, id: int | None, addresses: Sequence[str]) -> list[SentEmail]:
        """Return the recent emails to a subscriber, or without an id to the subscribers with these addresses."""
        of = subscriber.c
        of_person = of.id == id if id else of.address.in_(addresses)
        rows = (
            select(delivery.c.edition, of.id, of.email, of.address)
            .join(delivery, delivery.c.subscriber == of.id)
            .where(of_person, delivery.c.edition.in_(_recent_editions().scalar_subquery()))
        )
        return [SentEmail(*row) for row in self.database.query(rows)]


def _recent_editions() -> Select[Any]:
    frozen = select(edition.c.key).where(edition.c.frozen_at.is_not(None))
    return frozen.order_by(edition.c.frozen_at.desc()).limit(_RECENT_EDITIONS)


def _blocks(connection: Connection, id: int, keys: Sequence[str]) -> list[datetime | None]:
    """Return when the emails of these editions to a subscriber were blocked, newest first."""
    of_recipient = and_(
        delivery_event.c.edition == delivery.c.edition,
        delivery_event.c.subscriber == delivery.c.subscriber,
        delivery_event.c.kind == "blocked",
    )
    rows = (
        select(delivery.c.edition, delivery_event.c.at)
        .outerjoin(delivery_event, of_recipient)
        .where(delivery.c.edition.in_(keys), delivery.c.subscriber == id, delivery.c.outcome.is_(None))
    )
    emails: dict[str, datetime | None] = dict(connection.execute(rows).all())
    blocks = [emails[key] for key in keys if key in emails]
    # Events of later emails may not have arrived yet.
    newest = next((place for place, at in enumerate(blocks) if at), 0)
    back = suppressions.signed_up_at(connection, id)
    return [at for at in blocks[newest:] if back is None or at is None or at >= back]


def _subscribers(connection: Connection, events: Sequence[Event]) -> dict[str, int]:
    """Return address → subscriber for everyone in the events, found by address or by number."""
    found: dict[str, int] = {}
    named = {event.address for event in events if event.address}
    ids = {event.subscriber for event in events if event.subscriber and not event.address}
    for column, wanted in ((subscriber.c.address, named), (subscriber.c.id, ids)):
        for part in chunks(wanted):
            rows = select(subscriber.c.address, subscriber.c.id).where(column.in_(part))
            found.update(connection.execute(rows).all())
    # An email to an earlier address of a subscriber is theirs, but says nothing about the new address.
    for former in chunks(named - found.keys()):
        rows = select(moved_address.c.old, moved_address.c.subscriber).where(moved_address.c.old.in_(former))
        found.update(connection.execute(rows).all())
    return found


def _deliveries(
    connection: Connection, events: Sequence[Event], subscribers: set[int]
) -> tuple[dict[tuple[str, int], int | None], set[tuple[str, int, str]]]:
    """Return the batch of each place that the events are about, and the kinds of events recorded for these places."""
    places: dict[tuple[str, int], int | None] = {}
    recorded: set[tuple[str, int, str]] = set()
    known = subscribers & {event.subscriber for event in events}
    named = {event.edition for event in events if event.edition}
    # A folded edition has no deliveries; some may wait to be deleted.
    whole = select(edition.c.key).where(edition.c.key.in_(named), edition.c.folded_at.is_(None))
    for key in connection.execute(whole).scalars().all():
        for some in chunks(known):
            of_some = and_(delivery.c.edition == key, delivery.c.subscriber.in_(some))
            rows = connection.execute(select(delivery.c.subscriber, delivery.c.batch).where(of_some))
            places |= {(key, id): batch for id, batch in rows}
            of_some = and_(delivery_event.c.edition == key, delivery_event.c.subscriber.in_(some))
            kinds = connection.execute(select(delivery_event.c.subscriber, delivery_event.c.kind).where(of_some))
            recorded |= {(key, id, kind) for id, kind in kinds}
    return places, recorded


def _attempts(connection: Connection, events: Sequence[Event]) -> dict[str, AttemptRef]:
    found: dict[str, AttemptRef] = {}
    for names in chunks({event.attempt for event in events if event.attempt}):
        rows = select(attempt.c.id, attempt.c.state, attempt.c.batch).where(attempt.c.id.in_(names))
        found |= {id: AttemptRef(state, batch) for id, state, batch in connection.execute(rows)}
    return found


@dataclass(frozen=True, slots=True)
class FeedbackCounts:
    """Numbers of recipients by event. `left` unsubscribed after this edition and before the next.

    Opens and clicks of machines are counted apart, as far as they can be recognised.
    """

    delivered: int = 0
    bounced: int = 0
    blocked: int = 0
    dropped: int = 0
    complained: int = 0
    left: int = 0
    opened: int = 0
    clicked: int = 0
    opened_by_machine: int = 0
    clicked_by_machine: int = 0

    def __str__(self) -> str:
        """`27 delivered, 3 bounced, 1 left`; '' without events."""
        named = ((count, name.replace("_", " ")) for name, count in asdict(self).items())
        return ", ".join(f"{count} {name}" for count, name in named if count)


def count_feedback(database: Database, key: str) -> FeedbackCounts:
    """Count an edition's events. An email that was delivered and bounced later counts as bounced."""
    with database.read() as connection:
        counts = folded_counts(connection, key)
        if counts is None:
            counts = event_kinds(connection, key)
    return FeedbackCounts(
        delivered=counts.get("delivered", 0) - counts.get(RETURNED, 0),
        left=counts.get(GONE, 0),
        opened_by_machine=counts.get("machine open", 0),
        clicked_by_machine=counts.get("machine click", 0),
        **{kind: counts.get(kind, 0) for kind in ("bounced", "blocked", "dropped", "complained", "opened", "clicked")},
    )


def event_kinds(connection: Connection, key: str) -> dict[str, int]:
    """Count an edition's recipients by kind of event, and with the kinds RETURNED and GONE."""
    of = delivery_event.c
    kinds = select(of.kind, func.count()).where(of.edition == key).group_by(of.kind)
    later = delivery_event.alias()
    returned = (
        select(func.count())
        .select_from(delivery_event)
        .join(later, and_(later.c.edition == of.edition, later.c.subscriber == of.subscriber))
        .where(of.edition == key, of.kind == "bounced", later.c.kind == "delivered")
    )
    counts: dict[str, int] = dict(connection.execute(kinds).all())
    counts[RETURNED] = connection.execute(returned).scalar_one()
    counts[GONE] = _count_unsubscribed(connection, key)
    return counts


def _count_unsubscribed(connection: Connection, key: str) -> int:
    frozen = connection.execute(select(edition.c.frozen_at).where(edition.c.key == key)).scalar()
    if frozen is None:
        return 0
    until = connection.execute(select(func.min(edition.c.frozen_at)).where(edition.c.frozen_at > frozen)).scalar()
    of = delivery.c
    # In a join, SQLite would begin with every recipient.
    got_it = exists().where(of.edition == key, of.subscriber == subscriber.c.id, of.outcome.is_(None))
    gone = (
        select(func.count())
        .select_from(suppression)
        .join(subscriber, subscriber.c.address == suppression.c.address)
        .where(suppression.c.reason == UNSUBSCRIBED, suppression.c.at >= frozen, got_it)
    )
    return connection.execute(gone.where(suppression.c.at < until) if until else gone).scalar_one()
