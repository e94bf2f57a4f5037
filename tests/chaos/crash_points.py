"""`python -m tests.chaos.crash_points POINT COUNT COMMAND …`: the digest command, killed at a named point.

Wraps methods of the ledger and of the provider's client, so that the product needs no hooks. At the COUNT-th call the
process kills itself as `kill -9` does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from digest.deliver.sendgrid.client import SendGrid
from digest.store.sending.ledger import SqlLedger

# Name to the method, and whether the process dies after it (else before it).
POINTS: dict[str, tuple[type, str, bool]] = {
    "before claim": (SqlLedger, "claim", False),
    "after claim": (SqlLedger, "claim", True),
    "after schedule id": (SendGrid, "new_schedule_id", True),
    "after recording schedule id": (SqlLedger, "record_schedule_id", True),
    "before submit": (SendGrid, "submit", False),
    "after submit": (SendGrid, "submit", True),
    "after settle": (SqlLedger, "settle", True),
    "after beginning a cancellation": (SqlLedger, "begin_cancellation", True),
    "after cancelling": (SendGrid, "cancel", True),
    "after confirming a cancellation": (SqlLedger, "confirm_cancellation", True),
    "after recovering": (SqlLedger, "begin_run", True),
}


def arm(point: str, count: int) -> None:
    owner, name, after_call = POINTS[point]
    method: Callable[..., Any] = getattr(owner, name)
    left, lock = count, threading.Lock()

    def die() -> None:
        nonlocal left
        with lock:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(*given: Any, **named: Any) -> Any:
        if not after_call:
            die()
        result = method(*given, **named)
        if after_call and (result is not None or name in ("record_schedule_id", "settle", "confirm_cancellation")):
            die()
        return result

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]))
    from digest.cli import main

    sys.argv = ["digest", *sys.argv[3:]]
    main()
