"""Decide for each subscriber when an edition is due, or why they do not get it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from digest.subscribers.frequency import is_due_on

# How the reason of those begins whose days do not include the day.
NOT_DUE = "not due on this day"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed subscriber with their own preferences applied. `suppressed` is the reason of a suppression."""

    id: int
    email: str
    topics: tuple[str, ...]
    frequency: str
    timezone: str
    hour: time | None
    format: Literal["html", "text"]
    status: str
    suppressed: str | None
    paused_until: datetime | None = None
    # Slugs of the chosen editions; none means the default ones.
    editions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """The subscribers who get an edition. The default is for a newsletter with one edition a day."""

    # This edition's slug; '' if everybody gets it.
    slug: str = ""
    # Slug of each edition that subscribers can choose → whether subscribers without a choice get it.
    choices: Mapping[str, bool] = field(default_factory=dict)
    # Whether the days that subscribers choose apply to it.
    daily: bool = True
    # Ignores the days of all subscribers, as for a special edition.
    everyone: bool = False

    def exclude(self, editions: Collection[str], frequency: str, day: date) -> str | None:
        """Return why a subscriber with this choice does not get the edition of `day`; None if they do.

        A subscriber who chose a Sunday edition by name gets it on Sundays, whatever their days. This holds for all
        editions that appear less than daily.
        """
        chosen = [slug for slug in editions if slug in self.choices]
        default = [slug for slug, is_default in self.choices.items() if is_default]
        if self.slug and self.slug not in (chosen or default):
            return f"has not chosen this edition ({self.slug})"
        by_name = self.slug in chosen and not self.daily
        if self.everyone or by_name or is_due_on(frequency, day):
            return None
        return f"{NOT_DUE} ({frequency})"


@dataclass(frozen=True, slots=True)
class Due:
    """The decision: a due time, or the reason for which this subscriber does not get the edition."""

    due_at: datetime | None
    excluded: str | None = None


def decide(
    subscriber: Candidate, day: date, *, send_at: time | None, now: datetime, audience: Audience = Audience()
) -> Due:
    """Decide whether and when a subscriber gets the edition of `day`.

    `send_at` is the hour for subscribers without their own; None sends at once, whatever the hour. A due time may be
    in the past. A local time that a clock change skips or repeats means its first occurrence (PEP 495, fold=0).
    """
    if subscriber.suppressed:
        return Due(None, subscriber.suppressed)
    if subscriber.status != "active":
        return Due(None, subscriber.status)
    if why := audience.exclude(subscriber.editions, subscriber.frequency, day):
        return Due(None, why)
    if send_at is None:
        # Not `now` itself: if the clock is set back a little, the edition must still be due.
        due_at = min(now, datetime.combine(day, time(0), now.tzinfo))
    else:
        due_at = datetime.combine(day, subscriber.hour or send_at, ZoneInfo(subscriber.timezone)).astimezone(now.tzinfo)
    if subscriber.paused_until and max(due_at, now, key=datetime.timestamp) < subscriber.paused_until:
        return Due(None, f"paused until {subscriber.paused_until.astimezone(now.tzinfo):%Y-%m-%d}")
    return Due(due_at)
