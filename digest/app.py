"""The composition root: read the settings, build the collaborators, close them again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digest import i18n
from digest.config import loader
from digest.config.loader import ValidPart, load_valid_part
from digest.config.secrets import find_secrets, with_credentials
from digest.config.settings import Settings
from digest.errors import ConfigurationError
from digest.utils import redact
from digest.utils.clock import make_clock
from digest.wiring.collect import CollectWiring
from digest.wiring.curate import CurateWiring
from digest.wiring.deliver import DeliverWiring
from digest.wiring.feedback import FeedbackWiring
from digest.wiring.folder import PlanningWiring
from digest.wiring.identity import IdentityWiring
from digest.wiring.notify import NotifyWiring
from digest.wiring.render import RenderWiring
from digest.wiring.store import MaintenanceWiring, StoreWiring
from digest.wiring.subscribers import SubscriberWiring

if TYPE_CHECKING:
    from digest.usecases.enqueue import SeatQueue


@dataclass(frozen=True)
class App(
    # Messages to admins: alerts, reports, receipts.
    NotifyWiring,
    # Feedback: webhook events, bounce mail, suppressions.
    FeedbackWiring,
    # Work on the store as a whole: prune, restore, copy.
    MaintenanceWiring,
    # From an edition to its recipients: transports, approval, sending, stopping, recovery.
    DeliverWiring,
    # The people: subscribers, and the users of the desk.
    SubscriberWiring,
    # From articles to an edition.
    CurateWiring,
    # Reading the sources.
    CollectWiring,
    # From an edition to emails, pages and cards.
    RenderWiring,
    # The parts of the store.
    StoreWiring,
    # The newsletter's identity: its sender, its keys, the addresses of its pages.
    IdentityWiring,
    # The planned editions, and the settings of each.
    PlanningWiring,
):
    """One newsletter folder and its collaborators, each built on first use. `close` closes what was opened.

    The collaborators are in groups, in the package `digest.wiring`.
    """

    def copy_with(
        self, *, settings: Settings | None = None, unattended: bool | None = None, seats: SeatQueue | None = None
    ) -> App:
        """Return the same newsletter with other settings. Both share the store; closing this one closes both."""
        chosen = self.unattended if unattended is None else unattended
        other = replace(self, settings=settings or self.settings, unattended=chosen, seats=seats or self.seats)
        # The store is opened when it is first needed, because its server may be down when `digest run` starts.
        other.__dict__.update(_lender=self._lender or self, _open=self._open)
        self._open.append(other)
        return other

    @cached_property
    def _open(self) -> list[App]:
        """The apps that share this one's store and are closed with it."""
        return [self]

    def discard(self) -> None:
        """Close the connections of this app's transports, and leave the store to the apps that share it."""
        for transport in self.__dict__.get("transports", ()):
            transport.close()
        self._open[:] = [app for app in self._open if app is not self]

    def close(self) -> None:
        """Close all opened collaborators, the store last. An error in one does not keep the others open."""
        with ExitStack() as closing:
            transports = (each for app in self._open for each in app.__dict__.get("transports", ()))
            for opened in (self.__dict__.get("database"), *transports):
                if opened is not None:
                    closing.callback(opened.close)


@contextmanager
def make_app(
    home: Path,
    *,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] | None = None,
    despite_faults: bool = False,
) -> Iterator[App]:
    """Open the newsletter in the folder `home`, and close it when the block ends. Raises ConfigurationError.

    `DIGEST_NOW` (an ISO time with an offset) sets the clock, for rehearsals. `despite_faults`: use the valid part of a
    faulty `digest.yaml` and default values for the rest, as long as it names an existing store. `App.faults` lists the
    errors. Only for commands that neither send nor compose.
    """
    environment = with_credentials(os.environ if environment is None else environment)
    found = load_valid_part(home, environment) if despite_faults else ValidPart(loader.load(home, environment))
    settings = found.settings
    redact.protect(find_secrets(settings, environment))
    app = App(
        home.resolve(),
        settings,
        environment,
        clock or make_clock(environment),
        faults=found.faults,
        faulty_sections=found.faulty_sections,
    )
    with i18n.bound(app.home / "messages"):
        try:
            i18n.require(settings.newsletter.language)
        except ConfigurationError as error:
            if not despite_faults:
                raise
            app = replace(app, faults=(*found.faults, *error.problems))
        if app.faults:
            _require_store(app)
        with closing(app):
            yield app


def _require_store(app: App) -> None:
    """Raise ConfigurationError if the store does not exist, because its URL may be the faulty setting."""
    from digest.store.database import sqlite_file, unopened

    with closing(unopened(app.settings.store.url, home=app.home)) as database:
        if database.sqlite and not sqlite_file(database).exists():
            raise ConfigurationError(list(app.faults))
