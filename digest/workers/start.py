"""Choose the engine of a process, after checking the requirements."""

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

# Seconds between attempts to open the store.
_AGAIN = 2.0


def make_engine(app: App, process: Process) -> Engine | None:
    """Return the engine of `digest run`: a worker's engine where the store and the installation allow it.

    None if the process was asked to end while the store did not answer.
    """
    if can_have_workers(app):
        from digest.workers.schema import MayNotCreate

        try:
            return make_worker(app, app.settings.workers.seats, process)
        except MayNotCreate as error:
            process.warn(f"This `digest run` works alone: {error}")
    # Created once, so that edits during the standby are found.
    return InlineEngine(app, watch_settings(app), process)


def make_worker(app: App, seats: int, process: Process) -> Engine | None:
    """Return the engine of a worker; None if the process was asked to end while the store did not answer.

    Raises StoreError if workers of another version are running, and ConfigurationError for settings that allow only
    one.
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
    """Return the newsletter for a command that sends. Workers join the send if the newsletter has ever had any."""
    if not can_have_workers(app):
        return app
    from digest.workers.queue import ProcrastinateQueue
    from digest.workers.schema import find

    schema = find(app.database)
    return app.copy_with(seats=Seats(app, ProcrastinateQueue(schema))) if schema else app
