"""The calendar: which editions are planned on a date, and when each is composed, approved, sent and expired.

Times of day are local times of the newsletter's zone. A time that a clock change skips moves forward with the clock. If
a time occurs twice, the first one counts (PEP 495, fold=0). All comparisons are in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.config.holidays import HolidayCalendar, read_holidays
from digest.config.schedule import WEEKDAYS, Approval, OnNoApproval, ScheduledEdition
from digest.config.settings import Settings
from digest.errors import ConfigurationError
from digest.models import split_key

# An edition with a longer window may repeat stories of other editions.
_LOOKS_BACK = timedelta(days=2)
# Days ahead in which the next planned day is searched.
_MAX_AHEAD = 400


@dataclass(frozen=True)
class EditionSchedule:
    """One edition of the schedule, with the values that it inherits. `slug` is '' for the only edition."""

    slug: str
    days: frozenset[str]
    holidays: HolidayCalendar
    compose_at: time
    send_at: time
    approval: Approval
    approve_by: time | None
    on_no_approval: OnNoApproval
    expires_after: timedelta
    window: timedelta
    min_stories: int
    max_stories: int
    thin: str
    # None: all.
    sections: tuple[str, ...] | None
    sources: frozenset[str] | None
    # Whether stories of other editions may appear again.
    repeats_others: bool

    def appears_on(self, day: date) -> bool:
        return WEEKDAYS[day.weekday()] in self.days and day not in self.holidays

    def pauses_on(self, day: date) -> bool:
        """Whether only a holiday prevents it from appearing on this day."""
        return WEEKDAYS[day.weekday()] in self.days and day in self.holidays

    @property
    def is_daily(self) -> bool:
        """Whether it appears on most days of a week, so that a subscriber's own days apply to it."""
        return len(self.days) >= 5


@dataclass(frozen=True)
class PlannedEdition:
    """An edition of a date, with its moments. They are in UTC: within one zone, Python compares wall clock times."""

    key: str
    day: date
    schedule: EditionSchedule
    compose_at: datetime
    send_at: datetime
    # How long an approval is awaited; None: until the edition expires.
    approve_by: datetime | None
    expires_at: datetime


@dataclass(frozen=True)
class Calendar:
    """The planned editions of every date."""

    schedules: tuple[EditionSchedule, ...]
    zone: ZoneInfo

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs among which subscribers choose; none if there is only one edition."""
        return tuple(schedule.slug for schedule in self.schedules if schedule.slug)

    def on(self, day: date) -> list[PlannedEdition]:
        """Return the planned editions of a date in the order of their hours."""
        planned = [self._plan(schedule, day) for schedule in self.schedules if schedule.appears_on(day)]
        return sorted(planned, key=lambda edition: (edition.send_at, edition.key))

    def of(self, key: str) -> PlannedEdition | None:
        """Return the edition with this key, even if none is planned on its day. None for a special edition."""
        day, slug = split_key(key)
        schedule = self.find(slug)
        return self._plan(schedule, day) if day is not None and schedule is not None else None

    def find(self, slug: str) -> EditionSchedule | None:
        """Return the edition of the schedule with this slug, '' for the only one."""
        return next((schedule for schedule in self.schedules if schedule.slug == slug), None)

    def current(self, now: datetime) -> list[PlannedEdition]:
        """Return the editions of today, and those of days before that have not expired yet."""
        today = now.astimezone(self.zone).date()
        back = max((schedule.expires_after for schedule in self.schedules), default=timedelta(0))
        days = [today - timedelta(days=ago) for ago in range(back.days + 1, 0, -1)]
        late = [edition for day in days for edition in self.on(day) if now <= edition.expires_at]
        return [*late, *self.on(today)]

    def upcoming(self, now: datetime) -> Iterator[PlannedEdition]:
        """Yield the planned editions that have not expired, from now on for about a year."""
        yield from (edition for edition in self.current(now) if now <= edition.expires_at)
        today = now.astimezone(self.zone).date()
        for ahead in range(1, _MAX_AHEAD):
            yield from self.on(today + timedelta(days=ahead))

    def remembers(self, key: str) -> Callable[[str], bool]:
        """Return a predicate on keys: whether that edition's stories count as sent for the edition `key`.

        An edition that repeats others' stories is compared only with its own earlier editions, and the others ignore
        it.
        """
        own = self.of(key)
        if own is not None and own.schedule.repeats_others:
            return lambda other: split_key(other)[0] is not None and split_key(other)[1] == own.schedule.slug
        apart = {schedule.slug for schedule in self.schedules if schedule.repeats_others}
        return lambda other: split_key(other)[0] is None or split_key(other)[1] not in apart

    def earlier_planned(self, key: str, now: datetime) -> list[str]:
        """Return the keys of the editions with the same slug that may still appear before the one with this key."""
        edition = self.of(key)
        if edition is None:
            return []
        keys = []
        for other in self.upcoming(now):
            if other.day >= edition.day:
                break
            if other.schedule.slug == edition.schedule.slug:
                keys.append(other.key)
        return keys

    def _plan(self, schedule: EditionSchedule, day: date) -> PlannedEdition:
        send_at = self._moment(day, schedule.send_at)
        due = schedule.approve_by
        if due is None and schedule.on_no_approval == "send":
            due = schedule.send_at
        required = schedule.approval == "required"
        return PlannedEdition(
            key=f"{day}-{schedule.slug}" if schedule.slug else f"{day}",
            day=day,
            schedule=schedule,
            # A skipped hour may end up after the sending.
            compose_at=min(self._moment(day, schedule.compose_at), send_at),
            send_at=send_at,
            approve_by=min(self._moment(day, due), send_at) if required and due else None,
            expires_at=send_at + schedule.expires_after,
        )

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


class CalendarReader:
    """Reads the calendar again at each call, because files of holidays may change."""

    def __init__(self, settings: Settings, home: Path, *, keep_last: bool) -> None:
        """With `keep_last`, the last calendar stays in use when a file of holidays becomes faulty."""
        self.settings, self.home = settings, home
        self.keep_last = keep_last
        # The current error.
        self.fault: str | None = None
        self._last: Calendar | None = None

    def read(self) -> Calendar:
        """Return the calendar. Raises ConfigurationError for a faulty file of holidays, unless `keep_last`."""
        try:
            self._last = make_calendar(self.settings, self.home)
            self.fault = None
        except ConfigurationError as error:
            if not self.keep_last or self._last is None:
                raise
            self.fault = "; ".join(map(str, error.problems))
        return self._last


def make_calendar(settings: Settings, home: Path) -> Calendar:
    """Return the calendar of the settings. Raises ConfigurationError for a fault in a file of holidays."""
    schedule, everything = settings.schedule, settings.edition
    holidays = read_holidays(schedule.holidays, home)
    given: Sequence[ScheduledEdition | None] = schedule.editions or (None,)
    schedules = []
    for edition in given:
        own = edition or ScheduledEdition.model_construct(slug="")
        send_at = own.send_at or schedule.send_at
        approve_by = own.approve_by
        if approve_by is None and schedule.approve_by is not None:
            approve_by = _shift(schedule.approve_by, schedule.send_at, send_at)
        schedules.append(
            EditionSchedule(
                slug=own.slug,
                days=frozenset(own.days or schedule.days),
                holidays=holidays if own.holidays is None else read_holidays(own.holidays, home),
                compose_at=own.compose_at or _shift(schedule.compose_at, schedule.send_at, send_at),
                send_at=send_at,
                approval=own.approval or schedule.approval,
                approve_by=approve_by,
                on_no_approval=own.on_no_approval or schedule.on_no_approval,
                expires_after=own.expires_after or schedule.expires_after,
                window=own.window or everything.window,
                min_stories=own.min_stories or everything.min_stories,
                max_stories=own.max_stories or everything.max_stories,
                thin=own.thin or everything.thin,
                sections=own.sections,
                sources=None if own.sources is None else frozenset(own.sources),
                repeats_others=_repeats_others(own),
            )
        )
    return Calendar(tuple(schedules), settings.newsletter.zone)


def _repeats_others(own: ScheduledEdition) -> bool:
    if own.repeats is not None:
        return own.repeats == "others"
    return own.window is not None and own.window > _LOOKS_BACK


def _shift(at: time, send_at: time, own_send_at: time) -> time:
    """Shift `at` by the difference between `send_at` and `own_send_at`, but not before midnight."""
    day = date(2000, 1, 1)
    lead = datetime.combine(day, send_at) - datetime.combine(day, at)
    return max(datetime.combine(day, own_send_at) - lead, datetime.combine(day, time(0))).time()
