"""Abort connections: on shutdown after a grace period, and for a single email after a time limit.

The outcome of an aborted call is unknown, as after any broken connection.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from digest.deliver.ports import Abortable, Transport

# Seconds. Service managers allow thirty, and the ledger must be written after this.
GRACE = 20.0
_POLL_INTERVAL = 0.1


@contextmanager
def abort_after_grace(
    stop: threading.Event, transports: Sequence[Transport], *, grace: float = GRACE
) -> Iterator[None]:
    """Inside the block, abort the transports' connections `grace` seconds after `stop` is set."""
    finished = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stop, finished, transports, grace), name="stopping", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()


@contextmanager
def time_limit(transport: Transport, seconds: float) -> Iterator[None]:
    """Abort the transport's connections if the block takes longer."""
    abort = transport.abort if isinstance(transport, Abortable) else lambda: None
    timer = threading.Timer(seconds, abort)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _watch(stop: threading.Event, finished: threading.Event, transports: Sequence[Transport], grace: float) -> None:
    while not stop.is_set():
        if finished.wait(_POLL_INTERVAL):
            return
    if not finished.wait(grace):
        for transport in transports:
            if isinstance(transport, Abortable):
                transport.abort()
