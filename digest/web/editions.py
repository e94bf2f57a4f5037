"""What the pages tell about editions: the newest one, a subscriber's, the next one, and how often a topic has news."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.config.calendar import Calendar
from digest.models import BREAKING, MAIN, is_breaking, split_key
from digest.store.content.archive import ArchivedEdition, ArchivedStory, ArchiveStore
from digest.store.content.editions import Published, PublishedStore
from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.due import Audience
from digest.usecases.enqueue import audience_of
from digest.utils.timed_cache import TimedCache

# The most planned editions to search: a year of them, for somebody who chose one day a week of a weekly edition.
_MAX_EDITIONS = 400
# The newest editions among which a subscriber's own is searched: weeks of a newsletter with several a day.
_MOST_SEARCHED = 60
# Seconds for which they are remembered.
_REMEMBERED = 5.0
# Stories that stand for an edition on other pages and in the welcome email.
_MAX_SHOWN = 5
# The number of older editions that are linked.
_MAX_OLDER = 3
MAX_STORIES = 100
"""The most stories of an edition from which those that are shown are chosen."""
DAYS = 30
"""The rate of a topic is that of the last 30 days."""


@dataclass(frozen=True)
class NextEdition:
    """Finds the next planned edition of a subscriber. `choices`: slug → whether those who have not chosen get it."""

    calendar: Callable[[], Calendar]
    choices: Mapping[str, bool]
    published: PublishedStore
    now: Callable[[], datetime]

    def of(self, subscriber: StoredSubscriber) -> datetime | None:
        """Return when a subscriber gets the next edition, as `due` does; None if they get none."""
        if not subscriber.listed or subscriber.suppressed or subscriber.status != "active":
            return None
        return self.due(
            subscriber.frequency,
            subscriber.hour,
            subscriber.timezone,
            subscriber.editions,
            subscriber.paused_until,
            has=lambda key: self._was_due(key, subscriber.id),
        )

    def due(
        self,
        frequency: str = "daily",
        hour: time | None = None,
        timezone: str | None = None,
        editions: Collection[str] = (),
        after: datetime | None = None,
        has: Callable[[str], bool] = lambda _key: False,
    ) -> datetime | None:
        """Return when the next edition is due, in the subscriber's zone; None if none is planned within a year.

        `after` is the end of a pause. `has` says whether they have got an edition, which was sent before its hour.
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
            if due > since and not has(planned.key):
                return due.astimezone(zone)
        return None

    def _was_due(self, key: str, id: int) -> bool:
        place, now = self.published.place(key, id), self.now()
        if place is None:
            # It was sent before its hour, and before the subscriber joined.
            return self.published.get(key, now) is not None
        return place.due_at is not None and place.due_at <= now


@dataclass
class LatestEdition:
    """Finds the newest edition that a subscriber gets regularly. `choices` are those of NextEdition."""

    choices: Mapping[str, bool]
    published: PublishedStore
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._newest = TimedCache(lambda: self.published.newest(_MOST_SEARCHED, self.now()), _REMEMBERED)

    def of_all(self) -> Published | None:
        """Return the newest edition of any kind; None before the first one."""
        return next(iter(self._newest.get()), None)

    def of(self, subscriber: StoredSubscriber) -> Published | None:
        """Return the subscriber's newest edition of the schedule; None before the first edition.

        Whoever gets none of those gets the newest alert, if they chose alerts, or the newest edition of any kind.
        """
        # Only editions of the schedule have a number.
        found = sorted(self._newest.get(), key=lambda each: each.number == 0)
        return next((each for each in found if self._is_for(subscriber, each)), self.of_all())

    def _is_for(self, subscriber: StoredSubscriber, published: Published) -> bool:
        slug = BREAKING if is_breaking(published.key) else split_key(published.key)[1]
        audience = Audience(slug or (MAIN if MAIN in self.choices else ""), self.choices, everyone=True)
        return not audience.exclude(subscriber.editions, subscriber.frequency, published.day)


@dataclass(frozen=True, slots=True)
class ShowcaseEdition:
    """An edition with its top story, a few of the others, and `older` editions."""

    edition: ArchivedEdition
    stories: tuple[ArchivedStory, ...]
    older: tuple[ArchivedEdition, ...]


@dataclass
class Showcase:
    """Finds the newest regular edition, which is what a new subscriber gets."""

    # None if no edition is shown.
    store: ArchiveStore | None
    now: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shown: ShowcaseEdition | None = None

    def newest(self) -> ShowcaseEdition | None:
        """Return it; None before the first edition."""
        if self.store is None:
            return None
        found = self.store.newest(self.now(), limit=1 + _MAX_OLDER, regular=True)
        if not found:
            return None
        with self._lock:
            if self._shown is None or self._shown.edition != found[0]:
                stories = self.store.stories(found[0].key, limit=MAX_STORIES)
                self._shown = ShowcaseEdition(found[0], on_show(stories), tuple(found[1:]))
            return self._shown


def on_show(stories: Sequence[ArchivedStory]) -> tuple[ArchivedStory, ...]:
    """Choose from the stories of an edition, the top one first, as the headlines on top of the email do.

    After the top story, these are the first of each section, then others. Stories that are only a headline come last.
    They stay in the order of the edition.
    """
    others = stories[1:]
    first: dict[str, str] = {}
    for story in sorted(others, key=lambda each: not each.summary):
        first.setdefault(story.section, story.story)
    best = sorted(others, key=lambda each: (not each.summary, first[each.section] != each.story))
    chosen = {story.story for story in best[: _MAX_SHOWN - 1]}
    return (*stories[:1], *(story for story in others if story.story in chosen))


@dataclass(frozen=True, slots=True)
class StoryRate:
    """`number` stories in each edition, or in each week; 0 if there was none in DAYS."""

    number: int
    per: str


@dataclass
class TopicRates:
    """Counts the stories of each section in the editions of the last days, again after each edition."""

    published: PublishedStore
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _counted: str | None = None
    _rates: dict[str, StoryRate] = field(default_factory=dict, repr=False)

    def of(self, newest: str | None, now: datetime) -> Mapping[str, StoryRate] | None:
        """Return the rates by section; None before the first edition. `newest` is the key of the newest edition."""
        if newest is None:
            return None
        with self._lock:
            if self._counted != newest:
                editions = self.published.stories_by_section(now - timedelta(days=DAYS), now)
                self._rates = count_rates(editions, now.date())
                self._counted = newest
            return self._rates


def count_rates(editions: Sequence[tuple[date, Mapping[str, int]]], today: date) -> dict[str, StoryRate]:
    """Return the rates from the day of each edition and the number of its stories by section."""
    total: Counter[str] = Counter()
    for _day, edition in editions:
        total.update(edition)
    # A new newsletter has not had editions for that long.
    days = min(max(((today - day).days + 1 for day, _edition in editions), default=DAYS), DAYS)
    days = max(days, 7)
    return {section: _rate(number, len(editions), days) for section, number in total.items() if number}


def _rate(stories: int, editions: int, days: int) -> StoryRate:
    if (each := stories / editions) >= 0.95:
        return StoryRate(round(each), "edition")
    weekly = round(stories * 7 / days)
    return StoryRate(weekly, "week") if weekly else StoryRate(1, "month")
