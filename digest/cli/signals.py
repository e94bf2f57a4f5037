"""Turn SIGINT (Ctrl-C) and SIGTERM into one event, for commands that run until stopped."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that the first signal sets; a second signal ends the process at once. Main thread only.

    Both handlers are set explicitly: a process started in the background by a shell inherits SIGINT as ignored, and
    Python then raises no KeyboardInterrupt.
    """
    stop = threading.Event()
    signals: SimpleQueue[bool] = SimpleQueue()
    received = False

    def handle(signum: int, _frame: object) -> None:
        nonlocal received
        if received:
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
        received = True
        signals.put(True)

    def wait_for_signal() -> None:
        if signals.get():
            stop.set()

    # A thread sets the event: a handler runs in the main thread, which may hold the event's lock at that moment. A
    # SimpleQueue can be put to at any time.
    waiter = threading.Thread(target=wait_for_signal, name="signals", daemon=True)
    waiter.start()
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signals.put(False)
        waiter.join()
