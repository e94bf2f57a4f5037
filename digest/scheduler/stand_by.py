"""One process runs the schedule of a store. Others stand by, and one of them takes over when it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from digest.app import App
from digest.errors import AlreadyRunning, StoreError
from digest.store.locks import Lock, exclusive
from digest.utils.heartbeat import beat

# Seconds between checks whether the other `digest run` has ended.
_STAND_BY = 2.0


@contextmanager
def sole_scheduler(app: App, stop: threading.Event, log: Callable[[str], None]) -> Iterator[Lock | None]:
    """Wait until no other process runs the schedule of this store. Yields None if `stop` is set before."""
    with ExitStack() as held:
        lock: Lock | None = None
        said = ""
        while lock is None and not stop.is_set():
            try:
                lock = held.enter_context(exclusive(app.database, "running the schedule", wait=0.0))
                continue
            except AlreadyRunning:
                reason = "Another `digest run` works on this store. Standing by, to take over when it ends."
            except StoreError as error:
                reason = f"{error}. Trying again until the store answers."
            if reason != said:
                log(reason)
            said = reason
            beat()
            stop.wait(_STAND_BY)
        if lock is not None and said:
            log("Nobody else runs the schedule now. This `digest run` takes over.")
        yield lock
