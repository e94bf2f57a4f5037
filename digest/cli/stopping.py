"""How the commands that run until they are told to stop are told: by SIGINT (Ctrl-C) or SIGTERM, seen as one event.

Both handlers are set explicitly: what a background shell starts has inherited SIGINT as ignored, and Python then raises
no KeyboardInterrupt. Decides nothing about how a command ends.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; a second signal ends the process at once. In the main thread only."""
    stop = threading.Event()
    asked: SimpleQueue[bool] = SimpleQueue()
    once = False

    def ask(signum: int, _frame: object) -> None:
        nonlocal once
        if once:
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
        once = True
        asked.put(True)

    def tell() -> None:
        if asked.get():
            stop.set()

    # Set by a thread: the handler runs within the main thread, which may hold the event's own lock as it begins to
    # wait. A SimpleQueue may be put to at any moment.
    teller = threading.Thread(target=tell, name="stopping", daemon=True)
    teller.start()
    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.put(False)
        teller.join()
