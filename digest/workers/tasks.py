"""The work of the jobs. Each job first reads the store, so it can be repeated. None raises: errors are reported."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from digest import pipeline
from digest.app import App
from digest.scheduler import Scheduler
from digest.store.workers import Worker
from digest.utils.telemetry import log_fields
from digest.workers import steps
from digest.workers.compatibility import refuse_blind_resends
from digest.workers.heartbeat import HeldJobs
from digest.workers.seats import Seats


@dataclass
class AppsInUse:
    """Gives jobs the App of the newest settings, and closes a replaced App when no job uses it any more."""

    scheduler: Scheduler
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    # By the id of an App: the number of its jobs, and the replaced Apps.
    _uses: Counter[int] = field(default_factory=Counter, init=False)
    _retired: dict[int, App] = field(default_factory=dict, init=False)

    @contextmanager
    def use(self) -> Iterator[App]:
        """Yield the App of the current settings. It stays open within the block, even if the settings change."""
        with self._lock:
            app = self.scheduler.settings.app
            self._uses[id(app)] += 1
        try:
            with self.scheduler.using(app):
                yield app
        finally:
            with self._lock:
                self._uses[id(app)] -= 1
                self._close_unused()

    @contextmanager
    def use_alone(self) -> Iterator[App]:
        """Yield a copy of the App with its own connections to providers and its own run in the ledger."""
        with self.use() as app:
            with self._lock:
                own = app.copy_with()
            try:
                yield own
            finally:
                with self._lock:
                    own.discard()

    def retire(self, app: App) -> None:
        with self._lock:
            self._retired[id(app)] = app
            self._close_unused()

    def _close_unused(self) -> None:
        for key in [key for key in self._retired if not self._uses[key]]:
            self._retired.pop(key).discard()


@dataclass
class Tasks:
    """Runs the jobs in this process."""

    scheduler: Scheduler
    apps: AppsInUse
    held: HeldJobs
    seats: Seats
    # The other workers of the store.
    others: Callable[[], Sequence[Worker]]

    def seat(self, edition: str, seat: int) -> None:
        """Deliver due batches of an edition, together with the workers on its other seats."""
        with self.apps.use_alone() as app, log_fields(edition=edition):
            self.scheduler.guard.run(partial(self._take_seat, app, edition), f"seat {seat} of edition {edition}")
            if self.scheduler.stop.is_set() and app.ledger.is_due(edition, app.now(), app.schedule_window):
                self.seats.pass_on(edition, seat)

    def step(self, name: str, subject: str) -> None:
        """Do a step of the schedule."""
        with self.apps.use():
            run = partial(steps.STEPS[name].run, self.scheduler, subject)
            self.scheduler.guard.run(run, steps.title(name, subject))

    def _take_seat(self, app: App, edition: str) -> None:
        refuse_blind_resends(app.settings, self.others())
        before = 0

        def progress(done: int, _total: int) -> None:
            nonlocal before
            self.held.settled(done - before)
            before = done

        sent = pipeline.take_seat(app, edition, stop=self.scheduler.stop, progress=progress)
        report = sent.report if sent else None
        # The other seats may have left nothing to do.
        if sent and report and (report.accepted or report.rejected or report.problems or sent.notes):
            self.scheduler.editions.log_sent(sent)
