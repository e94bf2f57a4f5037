"""Find out when a subscriber gets the next edition, for the pages that show it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from digest.config.calendar import Calendar
from digest.store.people.preferences import StoredSubscriber
from digest.usecases.enqueue import audience_of

# The most planned editions to search: a year of them, for somebody who chose one day a week of a weekly edition.
_MAX_EDITIONS = 400


@dataclass(frozen=True)
class NextEdition:
    """Finds the next planned edition of a subscriber. `choices`: slug → whether those who have not chosen get it."""

    calendar: Callable[[], Calendar]
    choices: Mapping[str, bool]
    now: Callable[[], datetime]

    def of(self, subscriber: StoredSubscriber) -> datetime | None:
        """Return when a subscriber gets the next edition, as `due` does; None if they get none."""
        if not subscriber.listed or subscriber.suppressed or subscriber.status != "active":
            return None
        return self.due(
            subscriber.frequency, subscriber.hour, subscriber.timezone, subscriber.editions, subscriber.paused_until
        )

    def due(
        self,
        frequency: str = "daily",
        hour: time | None = None,
        timezone: str | None = None,
        editions: Collection[str] = (),
        after: datetime | None = None,
    ) -> datetime | None:
        """Return when the next edition is due, in the subscriber's zone; None if none is planned within a year.

        `after` is the end of a pause.
        """
        now, calendar = self.now(), self.calendar()
        zone = ZoneInfo(timezone) if timezone else calendar.zone
        since = max(now, after) if after else now
        for number, planned in enumerate(calendar.upcoming(now)):
            if number == _MAX_EDITIONS:
                break
            if audience_of(planned, self.choices).exclude(editions, frequency, planned.day):
                continue
            due = max(planned.send_at, datetime.combine(planned.day, hour, zone)) if hour else planned.send_at
            if due > since:
                return due.astimezone(zone)
        return None
