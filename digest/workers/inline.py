"""The engine without a queue: one process runs the schedule, and others stand by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.app import App
from digest.newsletter.reload import SettingsWatch
from digest.scheduler import sole_scheduler
from digest.workers.process import Process


@dataclass(frozen=True)
class InlineEngine:
    """Implements `port.Engine` on any store."""

    app: App
    settings: SettingsWatch
    process: Process

    def run(self) -> Sequence[str]:
        stop = self.process.stop
        while not stop.is_set():
            with sole_scheduler(self.app, stop, self.process.log) as lock:
                if lock is None:
                    break
                # A new scheduler, without state from before the standby.
                scheduler = self.process.scheduler(self.settings)
                with self.process.ready(scheduler):
                    scheduler.run(lock)
        return ()
