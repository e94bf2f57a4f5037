"""Data for alerts: counts of recent editions, their latest attempts, and receivers' responses.

Reads one row per batch and per failed recipient, never one per recipient.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from digest.models import AttemptState, BatchState, DeliveryOutcome, Edition, EditionState
from digest.notify.facts import AnswerFacts, AttemptFacts, EditionFacts, FailedFeedback
from digest.notify.receiver_codes import HINTS
from digest.store.content.events import MAIL
from digest.store.database import StorePart
from digest.store.schema import HAS_ERROR, IS_FAILURE, attempt, batch, decision, delivery, delivery_event, webhook
from digest.store.schema import edition as editions
from digest.store.sending.counts import failure_counts, sizes_by_state
from digest.store.sending.decisions import Decision
from digest.utils.documents import fill

_OPEN = (EditionState.SENDING, EditionState.PAUSED)
_UNSENT = (BatchState.PENDING, BatchState.SUBMITTING)
# Of each edition, newest first.
_ATTEMPTS = 200
# The most failed recipients of each kind that are read.
_SAMPLE = 500


class Overview(StorePart):
    def recent(self, since: date) -> list[str]:
        """Return the keys of the editions since a day, and of older ones that are still being sent, newest first."""
        recent = or_(editions.c.day >= since, editions.c.state.in_(_OPEN))
        rows = select(editions.c.key).where(recent).order_by(editions.c.day.desc(), editions.c.key.desc())
        return list(self.database.query(rows).scalars())

    def unfinished(self, since: date) -> list[str]:
        """Return the editions that are being sent or paused, and those since a day with unknown outcomes, newest
        first.
        """
        is_unknown = and_(batch.c.edition == editions.c.key, batch.c.state == BatchState.UNKNOWN)
        has_unknown = and_(editions.c.day >= since, select(batch.c.id).where(is_unknown).exists())
        rows = select(editions.c.key).where(or_(editions.c.state.in_(_OPEN), has_unknown))
        return list(self.database.query(rows.order_by(editions.c.day.desc(), editions.c.key.desc())).scalars())

    def sending(self) -> dict[str, int]:
        """Return the editions that are being sent, with how many recipients bounced, complained or were rejected."""
        rows = select(editions.c.key).where(editions.c.state == EditionState.SENDING)
        with self.database.read() as connection:
            keys = list(connection.execute(rows).scalars())
            rejected, failures = _count_rejected(connection, keys), failure_counts(connection, keys)
        counted = ("bounced", "complained")
        return {key: rejected.get(key, 0) + sum(failures[key].get(kind, 0) for kind in counted) for key in keys}

    def editions(self, found: Sequence[Edition], now: datetime) -> list[EditionFacts]:
        keys = [edition.key for edition in found]
        with self.database.read() as connection:
            sizes = sizes_by_state(connection, keys)
            rejected = _count_rejected(connection, keys)
            failures = failure_counts(connection, keys)
            waiting = _waiting(connection, keys, now)
            frozen = _frozen_at(connection, keys)
            stopped = _find_stops(connection, keys)
            reopened = _find_reopenings(connection, keys)
        return [
            fill(
                EditionFacts,
                edition,
                stories=sum(1 for _ in edition.stories()),
                frozen_at=frozen.get(edition.key),
                accepted=sizes[edition.key].get(BatchState.ACCEPTED, 0),
                pending=sum(sizes[edition.key].get(state, 0) for state in _UNSENT),
                unknown=sizes[edition.key].get(BatchState.UNKNOWN, 0),
                rejected=rejected.get(edition.key, 0),
                failures=failures[edition.key],
                deferred=waiting[edition.key].deferred,
                oldest_due=waiting[edition.key].oldest_due,
                reopened_at=reopened.get(edition.key),
                stopped=stopped.get(edition.key),
            )
            for edition in found
        ]

    def attempts(self, keys: Collection[str]) -> list[AttemptFacts]:
        """Return the latest ended attempts of these editions, newest first."""
        found: list[AttemptFacts] = []
        with self.database.read() as connection:
            for key in keys:
                rows = (
                    select(attempt, batch.c.size)
                    .join(batch, batch.c.id == attempt.c.batch)
                    .where(batch.c.edition == key, attempt.c.ended_at.is_not(None))
                    .order_by(attempt.c.started_at.desc(), attempt.c.id)
                    .limit(_ATTEMPTS)
                )
                found += [
                    fill(AttemptFacts, row, edition=key, state=AttemptState(row.state))
                    for row in connection.execute(rows)
                ]
        return sorted(found, key=lambda each: each.started_at, reverse=True)

    def answers(self, keys: Collection[str]) -> list[AnswerFacts]:
        """Return receivers' responses to each edition, from a sample of its failed recipients."""
        found: Counter[tuple[str, str]] = Counter()
        with self.database.read() as connection:
            for key in keys:
                texts = [*_rejection_texts(connection, key), *_event_texts(connection, key)]
                found.update((key, text) for text in texts if text and any(hint in text for hint in HINTS))
        return [AnswerFacts(key, text, count) for (key, text), count in found.items()]

    def last_event_at(self) -> datetime | None:
        """Return when the newest stored webhook payload arrived; None without one."""
        of_providers = select(webhook.c.received_at).where(webhook.c.provider != MAIL)
        newest = of_providers.order_by(webhook.c.id.desc()).limit(1)
        return self.database.query(newest).scalar()

    def failed_feedback(self) -> FailedFeedback:
        """Return the webhook payloads and returned mails that could not be processed."""
        found = select(func.count(), func.min(webhook.c.received_at)).where(HAS_ERROR)
        return FailedFeedback(*self.database.query(found).one())


def _count_rejected(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    of = delivery.c
    rows = (
        select(of.edition, func.count())
        .where(of.edition.in_(list(keys)), of.outcome == DeliveryOutcome.REJECTED)
        .group_by(of.edition)
    )
    return dict(connection.execute(rows).all())


@dataclass(frozen=True, slots=True)
class _DueRecipients:
    """Recipients of an edition who are due and not handed over."""

    # Their mail servers deferred them.
    deferred: int = 0
    # Of the batches of the others.
    oldest_due: datetime | None = None


def _waiting(connection: Connection, keys: Collection[str], now: datetime) -> Mapping[str, _DueRecipients]:
    of, place = batch.c, delivery.c
    # Only a batch that was split off another one has deferred recipients.
    deferred = and_(
        of.parent.is_not(None),
        select(place.subscriber)
        .where(place.edition == of.edition, place.batch == of.id, place.outcome.is_(None), place.reason.is_not(None))
        .exists(),
    )
    due = (
        select(of.edition, of.size, of.due_at, deferred.label("deferred"))
        .where(of.edition.in_(list(keys)), of.state.in_(_UNSENT), of.due_at <= now, of.size > 0)
        .subquery()
        .c
    )
    rows = select(due.edition, due.deferred, func.sum(due.size), func.min(due.due_at))
    found: defaultdict[str, _DueRecipients] = defaultdict(_DueRecipients)
    for key, is_deferred, size, oldest in connection.execute(rows.group_by(due.edition, due.deferred)):
        change = {"deferred": int(size)} if is_deferred else {"oldest_due": oldest}
        found[key] = replace(found[key], **change)
    return found


def _frozen_at(connection: Connection, keys: Collection[str]) -> dict[str, datetime]:
    rows = select(editions.c.key, editions.c.frozen_at).where(editions.c.key.in_(list(keys)))
    return {key: at for key, at in connection.execute(rows) if at is not None}


def _find_stops(connection: Connection, keys: Collection[str]) -> dict[str, Any]:
    of = decision.c
    rows = select(of.edition, of.at, of.reason).where(of.edition.in_(list(keys)), of.what == Decision.STOPPED)
    return {row.edition: (row.at, row.reason) for row in connection.execute(rows.order_by(of.id))}


def _find_reopenings(connection: Connection, keys: Collection[str]) -> dict[str, datetime]:
    of = decision.c
    rows = select(of.edition, of.at).where(of.edition.in_(list(keys)), of.what == EditionState.DRAFT)
    return {row.edition: row.at for row in connection.execute(rows.order_by(of.id))}


# The recipients come from a small index, and their texts by key: SQLite would otherwise read all of an edition.
def _rejection_texts(connection: Connection, key: str) -> list[str | None]:
    of = delivery.c
    ids = select(of.subscriber).where(of.edition == key, of.outcome == DeliveryOutcome.REJECTED).limit(_SAMPLE)
    chosen = and_(of.edition == key, of.subscriber.in_(connection.execute(ids).scalars().all()))
    return list(connection.execute(select(of.reason).where(chosen)).scalars())


def _event_texts(connection: Connection, key: str) -> list[str]:
    of = delivery_event.c
    texts: list[str] = []
    for kind in ("blocked", "bounced", "deferred", "dropped"):
        ids = select(of.subscriber).where(of.edition == key, IS_FAILURE, of.kind == kind).limit(_SAMPLE)
        chosen = and_(of.edition == key, of.subscriber.in_(connection.execute(ids).scalars().all()), of.kind == kind)
        texts += connection.execute(select(of.reason).where(chosen)).scalars()
    return texts


@dataclass(frozen=True, slots=True)
class FirstRecipients:
    """Counts of recipients. Rejected recipients count as bounced."""

    recipients: int
    bounced: int
    complained: int


def first_recipients(connection: Connection, edition: str, first: int) -> FirstRecipients:
    """Count the failures among the first `first` recipients in the order of sending, rounded up to whole batches."""
    chosen: set[int] = set()
    recipients = rejected = 0
    for family in _families(connection, edition):
        if recipients >= first:
            break
        lost = _rejected_of(connection, edition, family)
        rejected += lost
        recipients += sum(family.values()) + lost
        chosen |= family.keys()
    event, place = delivery_event.c, delivery.c
    # The few failed recipients of the edition, with their batches.
    failures = (
        select(place.batch, event.kind, func.count())
        .join(delivery, and_(place.edition == event.edition, place.subscriber == event.subscriber))
        .where(event.edition == edition, IS_FAILURE, event.kind.in_(("bounced", "complained")))
        .group_by(place.batch, event.kind)
    )
    counts = {"bounced": rejected, "complained": 0}
    for number, kind, count in connection.execute(failures):
        if number in chosen:
            counts[kind] += count
    return FirstRecipients(recipients, **counts)


def _rejected_of(connection: Connection, edition: str, numbers: Collection[int]) -> int:
    """Return the recipients that were rejected out of these batches."""
    of = delivery.c
    rejected = and_(of.edition == edition, of.batch.in_(list(numbers)), of.outcome == DeliveryOutcome.REJECTED)
    return int(connection.execute(select(func.count()).select_from(delivery).where(rejected)).scalar_one())


def _families(connection: Connection, edition: str) -> list[dict[int, int]]:
    """Return each enqueued batch with all batches split off it, and its recipients, in the order of claims."""
    of = batch.c
    rows = connection.execute(select(of.id, of.parent, of.size, of.due_at).where(of.edition == edition).order_by(of.id))
    roots: dict[int, int] = {}
    families: dict[int, dict[int, int]] = {}
    due: dict[int, datetime] = {}
    for row in rows:
        # A batch is older than those split off it.
        root = roots[row.id] = row.id if row.parent is None else roots[row.parent]
        families.setdefault(root, {})[row.id] = row.size
        due.setdefault(root, row.due_at)
    return [families[root] for root in sorted(families, key=lambda root: (due[root], root))]
