"""The clock of a run that is asked to end: how long what is in flight may take before its connections are cut.

What is cut is as unknown as after any broken connection, and dealt with as such. Knows signals and processes as
little as it knows HTTP: it watches an event.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from digest.deliver.ports import Abortable, Transport

GRACE = 20.0  # seconds; who stops services allows thirty, and the ledger has yet to be written
_LOOK = 0.1


@contextmanager
def abort_after_grace(
    stop: threading.Event, transports: Sequence[Transport], *, grace: float = GRACE
) -> Iterator[None]:
    """While the block lasts: `grace` seconds after `stop` is set, the transports' connections are cut."""
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(stop, over, transports, grace), name="stopping", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(stop: threading.Event, over: threading.Event, transports: Sequence[Transport], grace: float) -> None:
    while not stop.is_set():
        if over.wait(_LOOK):
            return
    if not over.wait(grace):
        for transport in transports:
            if isinstance(transport, Abortable):
                transport.abort()
