"""Choose the engine of a process: one process that does everything, or a worker beside others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.app import App
from digest.errors import StoreUnavailable
from digest.newsletter.reload import SettingsWatch
from digest.scheduler import Scheduler, sole_scheduler, watch_settings
from digest.store.workers import Worker
from digest.utils.heartbeat import beat
from digest.workers.compatibility import can_have_workers, check_before_opening, on_sqlite, refuse_blind_resends
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
        from digest.workers.queue import MayNotCreate

        try:
            return make_worker(app, app.settings.workers.seats, process)
        except MayNotCreate as error:
            process.warn(f"This `digest run` works alone: {error}")
    elif not on_sqlite(app):
        _check_without_the_extra(app, process)
    # Created once, so that edits during the standby are found.
    return InlineEngine(app, watch_settings(app), process)


def _check_without_the_extra(app: App, process: Process) -> None:
    """Raise StoreError and ConfigurationError as `make_worker` does, and warn if the store has workers.

    A store that does not answer is waited for later.
    """
    with suppress(StoreUnavailable):
        check_before_opening(app.settings, app.home)
        others = [each for each in app.workers.all() if each.is_alive]
        refuse_blind_resends(app.settings, others)
        if others:
            process.warn(
                f"This `digest run` is no worker, though there are some ({others[0].name} is one): install "
                "hindi-digest[workers] here and restart it."
            )


def make_worker(app: App, seats: int, process: Process) -> Engine | None:
    """Return the engine of a worker; None if the process was asked to end while the store did not answer.

    Raises StoreError if workers of another version are running, and ConfigurationError for settings that allow only
    one.
    """
    from digest.workers.procrastinate_engine import ProcrastinateEngine
    from digest.workers.queue import ProcrastinateQueue, install

    logged = ""
    while not process.stop.is_set():
        beat()
        try:
            check_before_opening(app.settings, app.home)
            refuse_blind_resends(app.settings, app.workers.all())
            schema = install(app.database)
        except StoreUnavailable as error:
            if str(error) != logged:
                process.warn(f"{error}. Trying again until the store answers.")
            logged = str(error)
            process.stop.wait(_AGAIN)
            continue
        queue = ProcrastinateQueue(schema)
        settings = watch_settings(app.copy_with(seats=Seats(app, queue)))
        return ProcrastinateEngine(process.scheduler(settings, hands_over=True), schema, queue, seats, process.ready)
    return None


@dataclass(frozen=True)
class Process:
    """How the process logs, how it is asked to end, and its preparation before it runs jobs."""

    stop: threading.Event
    log: Callable[[str], None]
    warn: Callable[[str], None]
    # Checks the requirements of a run, and serves the pages within the block. The worker is this process, if it is one.
    ready: Callable[[Scheduler, Worker | None], AbstractContextManager[None]]

    def scheduler(self, settings: SettingsWatch, *, hands_over: bool = False) -> Scheduler:
        return Scheduler(settings, self.log, warn=self.warn, stop=self.stop, hands_over=hands_over)


@dataclass(frozen=True)
class InlineEngine:
    """Implements `port.Engine` on any store."""

    app: App
    settings: SettingsWatch
    process: Process

    def run(self) -> Sequence[str]:
        stop = self.process.stop
        while not stop.is_set():
            with sole_scheduler(self.app, stop, self.process.log, self.process.warn) as lock:
                if lock is None:
                    break
                # A new scheduler, without state from before the standby.
                scheduler = self.process.scheduler(self.settings)
                with self.process.ready(scheduler, None):
                    scheduler.run(lock)
        return ()
