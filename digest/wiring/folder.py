"""The base of all groups of collaborators: the settings, the clock, the secrets and the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digest.config import loader
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.clock import SharedClock

if TYPE_CHECKING:
    from digest.store.database import Database
    from digest.usecases.enqueue import SeatQueue


@dataclass(frozen=True)
class Folder:
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
            self._tell_outbox(self._lender.database)
            return self._lender.database
        clock = self.clock if isinstance(self.clock, SharedClock) else None
        database = open_database(self.settings.store.url, home=self.home, clock=clock)
        self._tell_outbox(database)
        return database

    def _tell_outbox(self, database: Database) -> None:
        """Configure which outgoing webhook events are stored. Reloaded settings replace the earlier ones."""
        from digest.store.outbox import Endpoint, endpoint_key, set_endpoints

        hooks = self.settings.webhooks
        endpoints = [Endpoint(endpoint_key(each.url), frozenset(each.events)) for each in hooks]
        set_endpoints(database, endpoints, self.now)

    @property
    def outbox_only(self) -> bool:
        """Whether emails only go to files."""
        return self.settings.delivery.transport == ("outbox",)

    @cached_property
    def _lender(self) -> Folder | None:
        """The folder whose store this one uses; None if it has its own."""
        return None

    def secret(self, variable: str, key: str) -> str:
        """Return a secret from the environment. Raises ConfigurationError that names the variable, never its value."""
        value = self.environment.get(variable, "").strip()
        if not value:
            message = f"'{key}' names the environment variable {variable}, which is not set; put the key there"
            raise ConfigurationError([ConfigProblem(loader.FILE_NAME, 0, message)])
        if any(ord(mark) < 33 or ord(mark) > 126 for mark in value):
            raise ConfigurationError(
                [ConfigProblem(variable, 0, "contains characters that no key has; was it truncated or pasted twice?")]
            )
        return value

    def now(self) -> datetime:
        """Return the time in the newsletter's zone."""
        return self.clock().astimezone(self.settings.newsletter.zone)
