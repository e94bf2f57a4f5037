"""What providers posted, and what was said of letters: keeping, looking up, counting. Judges nothing.

A post is kept whole in one small commit, so that it can be answered at once and handled later, again if need be. Of
what it says the first word of each kind about a letter is kept, and nothing is ever changed by a second one.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.feedback.events import Event
from digest.feedback.ports import AttemptRef, KnownDelivery
from digest.feedback.rules import SOFT_BOUNCE_LIMIT, UNSUBSCRIBED
from digest.store.database import Database
from digest.store.people import suppressions
from digest.store.schema import attempt, delivery, delivery_event, edition, subscriber, suppression, webhook

_AT_ONCE = 500  # values in one statement: databases have a limit
_LOOKED_BACK = 60  # editions in which a row of blocks may lie


@dataclass(frozen=True, slots=True)
class WebhookPayload:
    """A provider's post that waits to be handled."""

    id: int
    provider: str
    body: bytes


@dataclass(frozen=True, slots=True)
class SentEmail:
    """A letter that a reader was to get; `email` as the list writes the comparable `address`."""

    edition: str
    subscriber: int
    email: str
    address: str


class EventStore:
    """Implements what hearing asks (`events.ports.FeedbackLog`) and keeps posts."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def save(self, provider: str, body: bytes, now: datetime) -> bool:
        """Keeps a post as it came, durably when this returns. False for one that is kept already."""
        row = {
            "provider": provider,
            "digest": hashlib.sha256(body).hexdigest(),
            "received_at": now,
            "body": zlib.compress(body, 1),
        }
        with self.database.write() as connection:
            kept = connection.execute(self._insert_new(webhook).values(row).returning(webhook.c.id))
            return kept.first() is not None

    def queued(self) -> Iterator[WebhookPayload]:
        """Posts to be handled, oldest first, each read when it is asked for."""
        at = 0
        while True:
            row = self._next(at)
            if row is None:
                return
            yield WebhookPayload(row.id, row.provider, zlib.decompress(row.body))
            at = row.id

    def _next(self, after: int) -> Any:
        wanted = select(webhook).where(webhook.c.handled_at.is_(None), webhook.c.id > after)
        with self.database.read() as connection:
            return connection.execute(wanted.order_by(webhook.c.id).limit(1)).first()

    def mark_processed(self, post: int, now: datetime, *, error: str = "") -> None:
        """Notes that a post was handled, and what was wrong with it."""
        with self.database.write() as connection:
            connection.execute(update(webhook).where(webhook.c.id == post).values(handled_at=now, fault=error))

    def delete_processed(self, before: datetime) -> int:
        """Drops posts that were handled before; answers how many."""
        old = webhook.c.handled_at < before
        with self.database.read() as connection:  # so that a quiet minute writes nothing
            if not connection.execute(select(webhook.c.id).where(old).limit(1)).first():
                return 0
        with self.database.write() as connection:
            return connection.execute(delete(webhook).where(old)).rowcount

    def known(self, events: Sequence[Event]) -> KnownDelivery:
        addresses: dict[str, int] = {}
        letters: dict[tuple[str, int], int | None] = {}
        said: set[tuple[str, int, str]] = set()
        named = {event.address for event in events if event.address}
        ids = {event.subscriber for event in events if event.subscriber and not event.address}
        with self.database.read() as connection:
            for column, wanted in ((subscriber.c.address, named), (subscriber.c.id, ids)):
                for part in _parts(wanted):
                    found = select(subscriber.c.address, subscriber.c.id).where(column.in_(part))
                    addresses.update(connection.execute(found).all())
            readers = {event.subscriber for event in events} & set(addresses.values())
            for key in {event.edition for event in events if event.edition}:
                for part in _parts(readers):
                    mine = and_(delivery.c.edition == key, delivery.c.subscriber.in_(part))
                    places = select(delivery.c.subscriber, delivery.c.batch).where(mine)
                    letters |= {(key, id): batch for id, batch in connection.execute(places)}
                    heard = and_(delivery_event.c.edition == key, delivery_event.c.subscriber.in_(part))
                    words = select(delivery_event.c.subscriber, delivery_event.c.kind).where(heard)
                    said |= {(key, id, kind) for id, kind in connection.execute(words)}
            attempts: dict[str, AttemptRef] = {}
            for part in _parts({event.attempt for event in events if event.attempt}):
                tried = select(attempt.c.id, attempt.c.state, attempt.c.batch).where(attempt.c.id.in_(part))
                attempts |= {id: AttemptRef(state, batch) for id, state, batch in connection.execute(tried)}
        return KnownDelivery(addresses, letters, frozenset(said), attempts)

    def record(self, events: Iterable[Event]) -> None:
        rows = [
            {"edition": e.edition, "subscriber": e.subscriber, "kind": e.kind, "at": e.at, "reason": e.reason}
            for e in sorted(events, key=lambda e: (e.edition, e.subscriber, e.kind))  # one order for all: no deadlock
        ]
        if rows:
            with self.database.write() as connection:
                connection.execute(self._insert_new(delivery_event), rows)

    def blocked(self, readers: Iterable[int]) -> Mapping[int, Sequence[datetime | None]]:
        latest = select(edition.c.key).where(edition.c.frozen_at.is_not(None)).order_by(edition.c.frozen_at.desc())
        found: dict[int, Sequence[datetime | None]] = {}
        with self.database.read() as connection:
            keys = connection.execute(latest.limit(_LOOKED_BACK)).scalars().all()
            blocks = and_(delivery_event.c.edition.in_(keys), delivery_event.c.kind == "blocked")
            for part in _parts(readers):
                often = (
                    select(delivery_event.c.subscriber)
                    .where(blocks, delivery_event.c.subscriber.in_(part))
                    .group_by(delivery_event.c.subscriber)
                    .having(func.count() >= SOFT_BOUNCE_LIMIT)
                )
                for reader in connection.execute(often).scalars().all():
                    had = (
                        select(delivery.c.edition, delivery_event.c.at)
                        .outerjoin(
                            delivery_event,
                            and_(
                                delivery_event.c.edition == delivery.c.edition,
                                delivery_event.c.subscriber == delivery.c.subscriber,
                                delivery_event.c.kind == "blocked",
                            ),
                        )
                        .where(delivery.c.edition.in_(keys), delivery.c.subscriber == reader)
                        .where(delivery.c.outcome.is_(None))
                    )
                    letters: dict[str, datetime | None] = dict(connection.execute(had).all())
                    row = [letters[key] for key in keys if key in letters]
                    newest = next((place for place, at in enumerate(row) if at), 0)
                    row = row[newest:]  # of letters after it nothing may have been heard yet
                    back = suppressions.resubscribed_at_id(connection, reader)
                    found[reader] = [at for at in row if back is None or at is None or at >= back]
        return found

    def sent_emails(self, reader: int | None, addresses: Sequence[str]) -> list[SentEmail]:
        """The latest letters of a reader or, where none is named, of the readers with these addresses."""
        of = subscriber.c
        who = of.id == reader if reader else of.address.in_(addresses)
        latest = select(edition.c.key).where(edition.c.frozen_at.is_not(None)).order_by(edition.c.frozen_at.desc())
        rows = (
            select(delivery.c.edition, of.id, of.email, of.address)
            .join(delivery, delivery.c.subscriber == of.id)
            .where(who, delivery.c.edition.in_(latest.limit(_LOOKED_BACK).scalar_subquery()))
        )
        with self.database.read() as connection:
            return [SentEmail(*row) for row in connection.execute(rows)]

    def _insert_new(self, table: Table) -> Any:
        """INSERT that passes over rows whose key is taken."""
        kind = postgresql if self.database.engine.dialect.name == "postgresql" else sqlite
        return kind.insert(table).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class FeedbackCounts:
    """Numbers of an edition's readers of whom something was heard. `left` are those who left after it and before the
    next one, by whatever way; opens and clicks are those of people, as far as a machine can be told."""

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
        """`27 delivered, 3 bounced, 1 left`; '' where nothing was heard."""
        named = ((count, name.replace("_", " ")) for name, count in asdict(self).items())
        return ", ".join(f"{count} {name}" for count, name in named if count)


def count_feedback(database: Database, key: str) -> FeedbackCounts:
    """What was said of an edition's letters. A letter that was delivered and came back later is a bounced one."""
    of = delivery_event.c
    words = select(of.kind, func.count()).where(of.edition == key).group_by(of.kind)
    later = delivery_event.alias()
    returned = (
        select(func.count())
        .select_from(delivery_event)
        .join(later, and_(later.c.edition == of.edition, later.c.subscriber == of.subscriber))
        .where(of.edition == key, of.kind == "bounced", later.c.kind == "delivered")
    )
    with database.read() as connection:
        counts: dict[str, int] = dict(connection.execute(words).all())
        both = connection.execute(returned).scalar_one()
        left = _left(connection, key)
    return FeedbackCounts(
        delivered=counts.get("delivered", 0) - both,
        left=left,
        opened_by_machine=counts.get("machine open", 0),
        clicked_by_machine=counts.get("machine click", 0),
        **{kind: counts.get(kind, 0) for kind in ("bounced", "blocked", "dropped", "complained", "opened", "clicked")},
    )


def _left(connection: Connection, key: str) -> int:
    frozen = connection.execute(select(edition.c.frozen_at).where(edition.c.key == key)).scalar()
    if frozen is None:
        return 0
    until = connection.execute(select(func.min(edition.c.frozen_at)).where(edition.c.frozen_at > frozen)).scalar()
    gone = (
        select(func.count())
        .select_from(suppression)
        .join(subscriber, subscriber.c.address == suppression.c.address)
        .join(delivery, and_(delivery.c.edition == key, delivery.c.subscriber == subscriber.c.id))
        .where(suppression.c.reason == UNSUBSCRIBED, suppression.c.at >= frozen, delivery.c.outcome.is_(None))
    )
    return connection.execute(gone.where(suppression.c.at < until) if until else gone).scalar_one()


def _parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
