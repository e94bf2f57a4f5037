"""Count what the events say about an edition."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, exists, func, select

from digest.feedback.rules import UNSUBSCRIBED
from digest.store.database import Database
from digest.store.schema import delivery, delivery_event, edition, subscriber, suppression
from digest.store.sending.folded import GONE, RETURNED, folded_counts


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
