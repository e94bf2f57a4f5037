"""The planned editions, and what the settings demand of each."""

from __future__ import annotations

from datetime import time
from functools import cached_property
from typing import TYPE_CHECKING

from digest.models import is_breaking
from digest.wiring.folder import Folder

if TYPE_CHECKING:
    from digest.config.calendar import Calendar, CalendarReader


class Planning(Folder):
    @cached_property
    def calendar_reader(self) -> CalendarReader:
        from digest.config.calendar import CalendarReader

        return CalendarReader(self.settings, self.home, keep_last=self.unattended)

    @property
    def calendar(self) -> Calendar:
        """The planned editions. Raises ConfigurationError for a faulty file of holidays."""
        return self.calendar_reader.read()

    def requires_approval(self, key: str) -> bool:
        """Whether a person must approve the edition first. A special follows `schedule.approval`."""
        if is_breaking(key):
            # For breaking news, sending is the approval.
            return False
        planned = self.calendar.of(key)
        return (planned.schedule if planned else self.settings.schedule).approval == "required"

    def thin_below(self, key: str) -> int:
        """The number of stories below which an edition is thin. Breaking news is never thin."""
        if is_breaking(key):
            return 0
        planned = self.calendar.of(key)
        most = (planned.schedule if planned else self.settings.edition).max_stories
        return min(self.settings.alerts.thin_edition, most)

    @property
    def first_send_at(self) -> time:
        """The hour of the first edition of a day. A subscriber's own hour must be later."""
        schedule = self.settings.schedule
        return min((edition.send_at or schedule.send_at for edition in schedule.editions), default=schedule.send_at)

    @property
    def edition_slugs(self) -> tuple[str, ...]:
        """The editions among which a subscriber may choose; none if the newsletter has only one."""
        return tuple(self.settings.choices)
