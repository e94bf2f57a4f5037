"""How a send went over time: what was sent, bounced and clicked by certain times after its beginning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, Connection, TextClause, case, func, select

from digest.models import BatchState
from digest.store.database import StorePart
from digest.store.schema import IS_FAILURE, attempt, batch, delivery_event

# Times after the first email.
MARKS = tuple(timedelta(minutes=each) for each in (15, 30, 60, 120, 240, 480, 1440))


@dataclass(frozen=True, slots=True)
class Course:
    """The numbers of recipients up to each of `MARKS`. `clicked` is what a provider reports."""

    began_at: datetime
    sent: tuple[int, ...]
    bounced: tuple[int, ...]
    clicked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One time after the first email: this edition's numbers, and the median of recent ones, None without any.

    This edition's are None for times after the next one; that has the numbers so far.
    """

    after: timedelta
    sent: int | None
    usually_sent: int | None
    bounced: int | None
    usually_bounced: int | None
    clicked: int | None
    usually_clicked: int | None


class CourseReader(StorePart):
    def rows(
        self, key: str, earlier: Collection[str], *, now: datetime, tracked: bool, clicks: Collection[datetime] = ()
    ) -> list[CourseRow]:
        """Return the course of an edition beside the median of earlier ones; [] if nothing was sent.

        `tracked`: whether a provider reports clicks. Else `clicks` are the first ones of people on our own links, which
        are kept for a day or two only: earlier editions have none.
        """
        with self.database.read() as connection:
            own = _course(connection, key, tracked=tracked)
            if own is None:
                return []
            others = [course for each in earlier if (course := _course(connection, each, tracked=tracked)) is not None]
        if clicks:
            counted = tuple(sum(each <= own.began_at + after for each in clicks) for after in MARKS)
            own, others = replace(own, clicked=counted), [replace(each, clicked=()) for each in others]
        rows = []
        for at, after in enumerate(MARKS):
            # The numbers so far belong to the next time.
            has_begun = now >= own.began_at + (MARKS[at - 1] if at else timedelta(0))
            found: list[int | None] = []
            for name in ("sent", "bounced", "clicked"):
                usual = [numbers[at] for each in others if (numbers := getattr(each, name))]
                own_numbers = getattr(own, name)
                found.append(own_numbers[at] if own_numbers and has_begun else None)
                found.append(round(median(usual)) if usual else None)
            rows.append(CourseRow(after, *found))
        return rows


def _course(connection: Connection, key: str, *, tracked: bool) -> Course | None:
    """Return the course of an edition; None before its send, and when only its counts are kept."""
    # When the provider sends it, if it was scheduled.
    at = func.max(func.coalesce(attempt.c.send_at, attempt.c.ended_at))
    handed = (
        select(batch.c.size, at.label("at"))
        .join(attempt, attempt.c.batch == batch.c.id)
        # The mark of a restored store is no attempt.
        .where(batch.c.edition == key, batch.c.state == BatchState.ACCEPTED, attempt.c.transport != "")
        .group_by(batch.c.id, batch.c.size)
    )
    sent = [(row.at, row.size) for row in connection.execute(handed) if row.at is not None]
    if not sent:
        return None
    began = min(at for at, _size in sent)
    of = delivery_event.c

    def counted(*kinds: ColumnElement[bool] | TextClause) -> tuple[int, ...]:
        sums = [func.sum(case((of.at <= began + after, 1), else_=0)) for after in MARKS]
        rows = select(*sums).where(of.edition == key, *kinds)
        return tuple(int(number or 0) for number in connection.execute(rows).one())

    return Course(
        began,
        tuple(sum(size for at, size in sent if at <= began + after) for after in MARKS),
        counted(IS_FAILURE, of.kind == "bounced"),
        counted(of.kind == "clicked") if tracked else (),
    )
