"""How many people joined and left, by day and by the way they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, func, select

from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED
from digest.store.database import StorePart
from digest.store.people.preferences import ERASED
from digest.store.people.suppressions import CAME_BACK, SIGNED_UP
from digest.store.schema import consent, subscriber, suppression

# Words of the consent log.
_FIRST = ("added", "imported", "agreed", SIGNED_UP)
JOINED = (*_FIRST, CAME_BACK)
LEFT = (UNSUBSCRIBED, "removed")


@dataclass(frozen=True, slots=True)
class DailyGrowth:
    day: date
    joined: int
    left: int
    bounced: int
    complained: int


class GrowthReader(StorePart):
    def by_day(self, now: datetime, days: int) -> list[DailyGrowth]:
        """Return the last days, the oldest first, in the zone of `now`. Takes a while after a large import."""
        first = now.date() - timedelta(days=days - 1)
        start = datetime(first.year, first.month, first.day, tzinfo=now.tzinfo)
        listed = self._listed_by_hand(start)
        return [self._day(day, day + timedelta(days=1), listed[day.date()]) for day in _days(start, days)]

    def _listed_by_hand(self, start: datetime) -> Counter[date]:
        """Count, by day, those who came by an edit of the list file. The consent log has no entry about them."""
        told = exists().where(consent.c.address == subscriber.c.address, consent.c.what.in_(_FIRST))
        written = and_(subscriber.c.origin == "", subscriber.c.added_at >= start, subscriber.c.status != ERASED, ~told)
        # Everyone of one edit has one time, so these are few rows.
        rows = select(subscriber.c.added_at, func.count()).where(written).group_by(subscriber.c.added_at)
        found: Counter[date] = Counter()
        for at, number in self.database.query(rows):
            found[at.astimezone(start.tzinfo).date()] += number
        return found

    def _day(self, start: datetime, end: datetime, listed: int) -> DailyGrowth:
        within = consent.c.at >= start, consent.c.at < end
        kinds = select(consent.c.what, func.count(consent.c.address.distinct())).where(*within).group_by(consent.c.what)
        at = suppression.c.at
        reasons = select(suppression.c.reason, func.count()).where(at >= start, at < end)
        # A provider's report that somebody left is in no entry of the consent log.
        told = exists().where(consent.c.address == suppression.c.address, consent.c.what == UNSUBSCRIBED, *within)
        untold = select(func.count()).where(at >= start, at < end, suppression.c.reason == UNSUBSCRIBED, ~told)
        with self.database.read() as connection:
            found: dict[str, int] = dict(connection.execute(kinds).all())
            suppressed: dict[str, int] = dict(connection.execute(reasons.group_by(suppression.c.reason)).all())
            reported = connection.execute(untold).scalar_one()
        return DailyGrowth(
            start.date(),
            sum(found.get(word, 0) for word in JOINED) + listed,
            sum(found.get(word, 0) for word in LEFT) + reported,
            suppressed.get("bounced", 0) + suppressed.get("blocked", 0),
            suppressed.get(COMPLAINED, 0),
        )


def _days(start: datetime, days: int) -> Iterator[datetime]:
    for number in range(days):
        yield start + timedelta(days=number)
