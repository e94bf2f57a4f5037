"""Numbers of editions for reports and lists, and who missed one. Only batches and failed recipients are read."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, func, select

from digest.models import BREAKING, AttemptState, BatchState, DeliveryOutcome, EditionState, is_breaking, split_key
from digest.notify.report import EditionNumbers
from digest.store.database import Database, StorePart
from digest.store.schema import attempt, batch, delivery, delivery_event, subscriber
from digest.store.schema import edition as editions
from digest.store.sending.counts import failure_counts, outcomes_by_edition, recipient_counts, sizes_by_state
from digest.store.sending.folded import counts_by_edition, folded_reasons
from digest.utils.documents import fill

# Shorter pauses between two attempts count as sending time.
_PAUSE = timedelta(seconds=30)
# Seconds for which the counts of earlier editions are used again. They hardly change, and each takes a hundredth of a
# second with a million subscribers.
_LASTS = 300.0


class Statistics:
    def __init__(self, database: Database) -> None:
        self.database = database
        # Edition → when its outcomes were counted, and the counts.
        self._counted: dict[str, tuple[float, dict[str, int]]] = {}

    def numbers(
        self, keys: Collection[str], *, times: bool = True, known: Mapping[str, Mapping[str, int]] = {}
    ) -> dict[str, EditionNumbers]:
        """Return the numbers of these editions, in the given order. Without `times`, attempts are not read.

        `known` are the outcomes of editions whose recipients the caller has counted already.
        """
        with self.database.read() as connection:
            sizes = sizes_by_state(connection, keys)
            outcomes = self._outcomes(connection, keys, known)
            failures = failure_counts(connection, keys)
            folded = counts_by_edition(connection, keys)
            sending = _sending_times(connection, keys) if times else {}
        found = {}
        for key in keys:
            counted = recipient_counts(sizes[key], folded.get(key) or outcomes.get(key, {}))
            failed = folded.get(key) or failures[key]
            began, ended, seconds = sending.get(key, (None, None, 0.0))
            found[key] = fill(
                EditionNumbers,
                counted,
                key=key,
                bounced=failed.get("bounced", 0),
                blocked=failed.get("blocked", 0),
                complained=failed.get("complained", 0),
                began_at=began,
                ended_at=ended,
                seconds=seconds,
            )
        return found

    def _outcomes(
        self, connection: Connection, keys: Collection[str], known: Mapping[str, Mapping[str, int]]
    ) -> dict[str, Mapping[str, int]]:
        """Return edition → outcome → recipients.

        The newest edition, and those that are being sent, are counted each time.
        """
        now = time.monotonic()
        ended = select(editions.c.key).where(editions.c.key.in_(list(keys)), editions.c.state == EditionState.DONE)
        earlier = connection.execute(ended.order_by(editions.c.frozen_at.desc()).offset(1)).scalars().all()
        held = {key: self._counted.get(key, (-_LASTS, {})) for key in earlier}
        kept = {key: counts for key, (at, counts) in held.items() if now - at < _LASTS}
        others = [key for key in keys if key not in kept and key not in known]
        counted = outcomes_by_edition(connection, others) if others else {}
        self._counted |= {key: (now, counted.get(key, {})) for key in earlier if key in others}
        return {**kept, **counted, **known}

    def before(self, key: str, most: int) -> list[str]:
        """Return the keys of the editions of the same slug that were sent before this one, newest first.

        A weekly or an alert edition says nothing about a daily one.
        """
        frozen_at = select(editions.c.frozen_at).where(editions.c.key == key).scalar_subquery()
        rows = select(editions.c.key).where(editions.c.frozen_at < frozen_at).order_by(editions.c.frozen_at.desc())
        keys = self.database.query(rows).scalars()
        return list(islice((each for each in keys if _series(each) == _series(key)), most))

    def transports(self, key: str) -> list[str]:
        """Return the names of the transports that sent or may have sent batches of the edition."""
        states = (BatchState.ACCEPTED, BatchState.UNKNOWN)
        rows = (
            select(attempt.c.transport)
            .distinct()
            .join(batch, batch.c.id == attempt.c.batch)
            .where(batch.c.edition == key, batch.c.state.in_(states), attempt.c.transport != "")
        )
        return sorted(self.database.query(rows).scalars())

    def reasons(self, key: str, outcome: DeliveryOutcome, most: int) -> list[tuple[str, int]]:
        """Return the reasons of an outcome with their recipients, the most frequent first."""
        of = delivery.c
        rows = (
            select(of.reason, func.count().label("recipients"))
            .where(of.edition == key, of.outcome == outcome)
            .group_by(of.reason)
            .order_by(func.count().desc(), of.reason)
            .limit(most)
        )
        with self.database.read() as connection:
            found = [(row.reason, row.recipients) for row in connection.execute(rows)]
            found = found or folded_reasons(connection, key, outcome)[:most]
        return [(reason or "no reason", recipients) for reason, recipients in found]

    def last_handed_over(self, key: str) -> datetime | None:
        """Return when the last email left, or when the provider sends it if it is scheduled."""
        at = func.coalesce(attempt.c.send_at, attempt.c.ended_at)
        rows = select(func.max(at)).join(batch, batch.c.id == attempt.c.batch).where(batch.c.edition == key)
        found: datetime | None = self.database.query(rows).scalar()
        return found

    def is_in_flight(self, key: str) -> bool:
        """Whether a batch of the edition is in flight. By SMTP one batch can take an hour."""
        rows = select(batch.c.id).where(batch.c.edition == key, batch.c.state == BatchState.SUBMITTING).limit(1)
        return self.database.query(rows).first() is not None


def _series(key: str) -> str:
    """Return the slug. Only editions with the same slug are compared."""
    return BREAKING if is_breaking(key) else split_key(key)[1]


def _sending_times(connection: Connection, keys: Collection[str]) -> dict[str, tuple[datetime, datetime, float]]:
    """Return edition → when its first attempt began, the last one ended, and the seconds in which one was in flight."""
    rows = (
        select(batch.c.edition, attempt.c.started_at, attempt.c.ended_at)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition.in_(keys), attempt.c.ended_at.is_not(None))
        # The `restored` mark is not an attempt of ours.
        .where(attempt.c.transport != "")
        # A cancellation ends long after its attempt.
        .where(attempt.c.state.not_in((AttemptState.CANCELLING, AttemptState.CANCELLED)))
        .order_by(attempt.c.started_at)
    )
    times: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in connection.execute(rows):
        times.setdefault(row.edition, []).append((row.started_at, row.ended_at))
    return {
        key: (each[0][0], max(ended for _started, ended in each), in_flight_seconds(each))
        for key, each in times.items()
    }


def in_flight_seconds(times: Iterable[tuple[datetime, datetime]]) -> float:
    """Return the total length of the union of these intervals, which are sorted by start. Short pauses count too."""
    total = 0.0
    begin: datetime | None = None
    end: datetime | None = None
    for started, ended in times:
        if begin is None or end is None or started > end + _PAUSE:
            total += (end - begin).total_seconds() if begin and end else 0.0
            begin, end = started, ended
        else:
            end = max(end, ended)
    return total + ((end - begin).total_seconds() if begin and end else 0.0)


@dataclass(frozen=True, slots=True)
class Missed:
    """A person who did not get an edition, or may not have got it.

    They were excluded or rejected before, bounced, blocked or dropped after, or are in an unknown batch.
    """

    id: int
    email: str
    what: str
    reason: str


class MissedRecipients(StorePart):
    def page(
        self, edition: str, kind: str, *, most: int, after: int = 0, reasons: Sequence[str] = ()
    ) -> tuple[list[Missed], int | None]:
        """Return the people of one kind in the order of their numbers, and the last number if there are more.

        With `reasons`, only those with one of them.
        """
        columns = (subscriber.c.id, subscriber.c.email)
        if kind == BatchState.UNKNOWN:
            return self._unknown(edition, most=most, after=after)
        if kind in list(DeliveryOutcome):
            of, what = delivery.c, delivery.c.outcome
        else:
            of, what = delivery_event.c, delivery_event.c.kind
        chosen = [of.reason.in_(list(reasons))] if reasons else []
        rows = select(*columns, what.label("what"), of.reason).join(subscriber, subscriber.c.id == of.subscriber)
        page = (
            rows.where(of.edition == edition, what == kind, of.subscriber > after, *chosen)
            .order_by(of.subscriber)
            .limit(most + 1)
        )
        found = [Missed(row.id, row.email, row.what, row.reason or "") for row in self.database.query(page)]
        return found[:most], (found[most - 1].id if len(found) > most else None)

    def _unknown(self, edition: str, *, most: int, after: int) -> tuple[list[Missed], int | None]:
        batches = select(batch.c.id).where(batch.c.edition == edition, batch.c.state == BatchState.UNKNOWN)
        rows = (
            select(subscriber.c.id, subscriber.c.email)
            .join(delivery, delivery.c.subscriber == subscriber.c.id)
            .where(
                delivery.c.edition == edition,
                delivery.c.batch.in_(batches),
                delivery.c.outcome.is_(None),
                subscriber.c.id > after,
            )
            .order_by(subscriber.c.id)
            .limit(most + 1)
        )
        found = [Missed(row.id, row.email, BatchState.UNKNOWN, "") for row in self.database.query(rows)]
        return found[:most], (found[most - 1].id if len(found) > most else None)
