"""Subscribers who have been inactive for long, the question whether to continue, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, delete, insert, or_, select, update

from digest.models import BatchState
from digest.store.database import StorePart, copy_rows, temp_table
from digest.store.people.subscriber_texts import TextKind
from digest.store.schema import (
    answer,
    batch,
    consent,
    delivery,
    last_click,
    preference,
    reengagement,
    subscriber,
    subscriber_text,
    suppression,
)
from digest.store.sending.enqueue import Placement, insert_deliveries, placements


class QuestionOutcome(StrEnum):
    """The outcome of the question."""

    STAYED = "stayed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class SilentSubscriber:
    """A subscriber without any known activity since `since`."""

    id: int
    email: str
    since: datetime


class ReengagementStore(StorePart):
    def silent(self, before: datetime, now: datetime) -> list[SilentSubscriber]:
        """Return active subscribers who joined before `before`, and have been inactive and not asked since.

        The longest inactive come first.
        """
        of, asked = subscriber.c, reengagement.c
        rows = (
            select(of.id, of.email, of.added_at)
            .outerjoin(suppression, suppression.c.address == of.address)
            .outerjoin(preference, preference.c.subscriber == of.id)
            .where(
                of.listed,
                of.status == "active",
                of.added_at < before,
                suppression.c.address.is_(None),
                or_(preference.c.paused_until.is_(None), preference.c.paused_until <= now),
                *(~each for each in _signs_of_life(before)),
                ~_exists(asked.subscriber, asked.subscriber == of.id, asked.asked_at >= before),
            )
            .order_by(of.added_at, of.id)
        )
        return [SilentSubscriber(*row) for row in self.database.query(rows)]

    def asked(self, subscriber: int) -> datetime | None:
        """Return when a subscriber was asked; None if nobody has asked."""
        rows = select(reengagement.c.asked_at).where(reengagement.c.subscriber == subscriber)
        return self.database.query(rows).scalar()

    def asked_by(self, subscriber: int) -> str | None:
        """Return the edition by which a subscriber was asked last; None if nobody has asked."""
        rows = select(reengagement.c.edition).where(reengagement.c.subscriber == subscriber)
        return self.database.query(rows).scalar()

    def unanswered(self, before: datetime) -> list[SilentSubscriber]:
        """Return those who were asked before `before`, and have been inactive since."""
        of, asked = subscriber.c, reengagement.c
        got_it = and_(
            delivery.c.edition == asked.edition,
            delivery.c.subscriber == asked.subscriber,
            delivery.c.outcome.is_(None),
            delivery.c.batch == batch.c.id,
            batch.c.state == BatchState.ACCEPTED,
        )
        rows = (
            select(of.id, of.email, asked.asked_at)
            .join(reengagement, asked.subscriber == of.id)
            .where(
                of.listed,
                of.status == "active",
                asked.outcome.is_(None),
                asked.asked_at < before,
                select(delivery.c.subscriber).select_from(delivery).join(batch, batch.c.id == delivery.c.batch)
                .where(got_it).exists(),
                *(~each for each in _signs_of_life(asked.asked_at)),
            )
            .order_by(asked.asked_at, of.id)
        )  # fmt: skip
        return [SilentSubscriber(*row) for row in self.database.query(rows)]

    def ask(self, edition: str, ids: Sequence[int], variant: str, *, batch_size: int, now: datetime) -> int:
        """Enqueue these subscribers in the edition that asks, and record that they were asked.

        Returns how many. Call it inside `Database.transaction`, together with the creation of the edition.
        """
        with self.database.write() as connection, temp_table(connection, placements):
            copy_rows(connection, placements, ((0, id) for id in ids))
            done = insert_deliveries(connection, edition, [Placement(variant, now)], batch_size, now)
            connection.execute(delete(reengagement).where(reengagement.c.subscriber.in_(ids)))
            rows = [{"subscriber": id, "edition": edition, "asked_at": now} for id in ids]
            connection.execute(insert(reengagement), rows)
        return done.recipients

    def settle(self, id: int, outcome: QuestionOutcome, *, now: datetime) -> bool:
        """Record the outcome of the question. False if no question is open."""
        asked = (reengagement.c.subscriber == id) & reengagement.c.outcome.is_(None)
        return bool(self.database.change(update(reengagement).where(asked).values(outcome=outcome, ended_at=now)))

    def counts(self) -> dict[str, int]:
        """Count who was asked, stayed and paused."""
        found = self.database.query(select(reengagement.c.outcome)).scalars().all()
        return {name: sum(each == value for each in found) for name, value in _COUNTED}


_COUNTED = (("open", None), ("stayed", QuestionOutcome.STAYED), ("paused", QuestionOutcome.PAUSED))


def _exists(column: Column[Any], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the column's table has a row that meets the conditions."""
    return select(column).where(*conditions).exists()


def _signs_of_life(since: Any) -> list[ColumnElement[bool]]:
    """Return the signs that somebody reads the newsletter: an answer, a reply, a click, or a visit to our pages.

    Links of tests do not count.
    """
    subscriber_id = subscriber.c.id
    # `source` is the page's name for decisions on pages; commands and imports write other names.
    by_hand = subscriber_text.c.kind != TextKind.AUTO_REPLY
    by_page = consent.c.source.like("web:%")
    return [
        _exists(answer.c.subscriber, answer.c.subscriber == subscriber_id, answer.c.at >= since),
        _exists(
            subscriber_text.c.subscriber,
            subscriber_text.c.subscriber == subscriber_id,
            subscriber_text.c.at >= since,
            by_hand,
        ),
        _exists(last_click.c.subscriber, last_click.c.subscriber == subscriber_id, last_click.c.at >= since),
        _exists(consent.c.id, consent.c.address == subscriber.c.address, consent.c.at >= since, by_page),
    ]
