"""Which engine a process gets, and what is checked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.app import App
from digest.errors import StoreUnavailable
from digest.scheduler import watch_settings
from digest.utils.heartbeat import beat
from digest.workers.compatibility import can_have_workers, check_before_opening, refuse_blind_resends
from digest.workers.inline import InlineEngine
from digest.workers.process import Process
from digest.workers.seats import Seats

if TYPE_CHECKING:
    from digest.workers.port import Engine

# Seconds between two tries to open the store.
_AGAIN = 2.0


def make_engine(app: App, process: Process) -> Engine | None:
    """Return the engine of `digest run`: that of a worker where the store and the installation allow it.

    None if the process was asked to end while the store did not answer.
    """
    if can_have_workers(app):
        from digest.workers.schema import MayNotCreate

        try:
            return make_worker(app, app.settings.workers.seats, process)
        except MayNotCreate as error:
            process.warn(f"This `digest run` works alone: {error}")
    # Once, so that edits are found that were made while this process stood by.
    return InlineEngine(app, watch_settings(app), process)


def make_worker(app: App, seats: int, process: Process) -> Engine | None:
    """Return the engine of a worker; None if the process was asked to end while the store did not answer.

    Raises StoreError beside workers of another version, ConfigurationError for settings that only one may have.
    """
    from digest.workers.procrastinate_engine import ProcrastinateEngine
    from digest.workers.queue import ProcrastinateQueue
    from digest.workers.schema import install

    said = ""
    while not process.stop.is_set():
        beat()
        try:
            check_before_opening(app.settings, app.home)
            refuse_blind_resends(app.settings, app.workers.all())
            schema = install(app.database)
        except StoreUnavailable as error:
            if str(error) != said:
                process.log(f"{error}. Trying again until the store answers.")
            said = str(error)
            process.stop.wait(_AGAIN)
            continue
        queue = ProcrastinateQueue(schema)
        settings = watch_settings(app.copy_with(seats=Seats(app, queue)))
        return ProcrastinateEngine(process.scheduler(settings, hands_over=True), schema, queue, seats, process.ready)
    return None


def calling_workers(app: App) -> App:
    """Return the newsletter as a command that sends uses it: workers, if it has ever had any, join in."""
    if not can_have_workers(app):
        return app
    from digest.workers.queue import ProcrastinateQueue
    from digest.workers.schema import find

    schema = find(app.database)
    return app.copy_with(seats=Seats(app, ProcrastinateQueue(schema))) if schema else app
