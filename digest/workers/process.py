"""The process that an engine runs in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from digest.newsletter.reload import SettingsWatch
from digest.scheduler import Scheduler


@dataclass(frozen=True)
class Process:
    """How the process logs, how it is asked to end, and its preparation before it runs jobs."""

    stop: threading.Event
    log: Callable[[str], None]
    warn: Callable[[str], None]
    # Checks the requirements of a run, and serves the pages within the block.
    ready: Callable[[Scheduler], AbstractContextManager[None]]

    def scheduler(self, settings: SettingsWatch, *, hands_over: bool = False) -> Scheduler:
        return Scheduler(settings, self.log, warn=self.warn, stop=self.stop, hands_over=hands_over)
