"""Click counts of editions, as far as they may be shown, and the interest in sections that they reveal."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.notify.report import ClickReport, TargetClicks
from digest.render.clicks import targets
from digest.store import meta
from digest.store.content.clicks import TOTAL, ClickNumbers

if TYPE_CHECKING:
    from digest.models import Edition
    from digest.store.content.clicks import ClickStore
    from digest.store.content.editions import EditionStore

# How far back the ranking looks.
_WINDOW = timedelta(weeks=4)
# Weight of the prior, in clicks: it pulls a section's click rate towards the average, because few clicks say little.
_PRIOR = 20.0
# The name in `meta` of a day's interest.
_INTEREST = "section interest of "


@dataclass(frozen=True)
class ClickCounter:
    """Counts the clicks of editions. Numbers of fewer than `min_people` people are left out."""

    store: ClickStore
    editions: EditionStore
    min_people: int
    now: Callable[[], datetime]

    def report(self, edition: Edition) -> ClickReport:
        numbers = self.store.numbers([edition.key], self._links).get(edition.key, {})
        total = numbers.get(TOTAL, ClickNumbers())
        stories, hidden = [], 0
        seen = set()
        for target in targets(edition):
            found = numbers.get(target.name, ClickNumbers())
            if target.name in seen or not found.people:
                continue
            seen.add(target.name)
            if found.people < self.min_people:
                hidden += 1
            else:
                stories.append(TargetClicks(target.title, target.section or None, found.people, found.clicks))
        shown = total.people if total.people >= self.min_people else None
        ordered = sorted(stories, key=lambda each: -each.people)
        return ClickReport(shown, total.machine, self.min_people, hidden, tuple(ordered))

    def of_target(self, name: str, keys: Sequence[str]) -> dict[str, ClickNumbers]:
        """Return edition → the clicks on one target, such as an advertisement.

        Leaves out editions where too few people clicked.
        """
        found = self.store.numbers(keys, self._links)
        return {key: own[name] for key, own in found.items() if name in own and own[name].people >= self.min_people}

    def first_clicks(self, key: str) -> list[datetime]:
        """Return when each person clicked first, while that is kept; [] for fewer than `min_people`."""
        found = self.store.first_clicks(key, self._links)
        return found if len(found) >= self.min_people else []

    def fold(self) -> int:
        """Count and delete old requests."""
        return self.store.fold(self._links, self.now())

    def last_clicks(self) -> dict[int, datetime]:
        return self.store.last_clicks(self._links)

    def interest(self) -> dict[str, float]:
        """Return section → how much more or less its stories are clicked than others, from -1 to 1.

        Twice as much as usual is 1, half as much is -1. Sections with too few people are missing.
        """
        since = (self.now() - _WINDOW).date()
        editions = [each for each in self.editions.all() if each.day >= since]
        by_key = self.store.numbers([each.key for each in editions], self._links)
        stories: dict[str, int] = {}
        people: dict[str, int] = {}
        for edition in editions:
            if edition.key not in by_key:
                continue
            for target in targets(edition):
                if target.section:
                    stories[target.section] = stories.get(target.section, 0) + 1
                    clicked = by_key[edition.key].get(target.name, ClickNumbers()).people
                    people[target.section] = people.get(target.section, 0) + clicked
        return section_interest(stories, people, self.min_people)

    def interest_of_day(self) -> dict[str, float]:
        """Return today's `interest`. It is computed once a day, so that composing again does not move stories."""
        database, name = self.store.database, f"{_INTEREST}{self.now():%Y-%m-%d}"
        held = meta.get(database, name)
        if held is None:
            meta.delete_all(database, _INTEREST)
            held = meta.get_or_create(database, name, lambda: json.dumps(self.interest(), ensure_ascii=False))
        return dict(json.loads(held))

    def _links(self, key: str) -> int:
        return _count_links(self.editions, key)


@lru_cache(maxsize=256)
def _count_links(editions: EditionStore, key: str) -> int:
    edition = editions.get(key)
    return len({target.url for target in targets(edition)}) if edition else 1


def section_interest(stories: dict[str, int], people: dict[str, int], min_people: int) -> dict[str, float]:
    """Like `ClickCounter.interest`, from the number of stories and of people who clicked, for each section."""
    all_stories, all_people = sum(stories.values()), sum(people.values())
    if not all_people:
        return {}
    usual = all_people / all_stories
    found = {}
    for name, number in stories.items():
        if people.get(name, 0) < min_people:
            continue
        # As if the section had a few more stories with the usual number of clicks.
        more = _PRIOR / usual
        rate = (people[name] + _PRIOR) / (number + more)
        found[name] = max(-1.0, min(1.0, math.log2(rate / usual)))
    return found
