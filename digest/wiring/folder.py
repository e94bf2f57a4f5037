"""The base of all groups of collaborators: the settings, the planned editions, the clock, the secrets and the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digest.config import loader
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.models import is_breaking, split_key
from digest.utils.clock import SharedClock

if TYPE_CHECKING:
    from digest.config.calendar import Calendar, CalendarReader
    from digest.store.database import Database
    from digest.usecases.enqueue import SeatQueue


@dataclass(frozen=True)
class FolderWiring:
    """One newsletter folder: its settings, clock, secrets and store."""

    home: Path
    settings: Settings
    environment: Mapping[str, str]
    clock: Callable[[], datetime]
    # Whether nobody waits for the result (`digest run`). Errors of the list are then handled by `subscribers.on_error`.
    unattended: bool = False
    # Errors of `digest.yaml`, whose values were replaced by defaults. Empty unless it was opened `despite_faults`.
    faults: tuple[ConfigProblem, ...] = ()
    # The sections of digest.yaml with errors.
    faulty_sections: frozenset[str] = frozenset()
    # Calls workers to an enqueued edition; None if there are none.
    seats: SeatQueue | None = None

    @cached_property
    def database(self) -> Database:
        from digest.store.database import open_database

        if self._lender is not None:
            self._configure_webhooks(self._lender.database)
            return self._lender.database
        clock = self.clock if isinstance(self.clock, SharedClock) else None
        database = open_database(self.settings.store.url, home=self.home, clock=clock)
        self._configure_webhooks(database)
        return database

    def _configure_webhooks(self, database: Database) -> None:
        """Configure which outgoing webhook events are stored. Reloaded settings replace the earlier ones."""
        from digest.store.outgoing_webhooks import Endpoint, endpoint_key, set_endpoints

        hooks = self.settings.webhooks
        endpoints = [Endpoint(endpoint_key(each.url), frozenset(each.events)) for each in hooks]
        set_endpoints(database, endpoints, self.now)

    @property
    def outbox_only(self) -> bool:
        """Whether emails only go to files."""
        return self.settings.delivery.transport == ("outbox",)

    @cached_property
    def _lender(self) -> FolderWiring | None:
        """The folder that lends its store to this one; None if this one has its own."""
        return None

    def secret(self, variable: str, key: str) -> str:
        """Return a secret from the environment. Raises ConfigurationError that names the variable, never its value."""
        value = self.environment.get(variable, "").strip()
        if not value:
            message = (
                f"'{key}' names the environment variable {variable}, which is not set; set it to that key or "
                "password (for a service in its environment file), and start again"
            )
            raise ConfigurationError.at(loader.FILE_NAME, message)
        if any(ord(mark) < 33 or ord(mark) > 126 for mark in value):
            raise ConfigurationError.at(
                variable, "contains characters that no key has; was it truncated or pasted twice?"
            )
        return value

    def now(self) -> datetime:
        """Return the time in the newsletter's zone."""
        return self.clock().astimezone(self.settings.newsletter.zone)


class PlanningWiring(FolderWiring):
    """The planned editions, and the settings of each."""

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
        """Return the number of stories below which an edition is thin. Only editions of the schedule can be thin."""
        if is_breaking(key) or split_key(key)[0] is None:
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
