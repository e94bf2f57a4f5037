"""Watch the rejections of a run, so that it can pause when there are too many."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from digest.errors import StoreError

log = logging.getLogger(__name__)
# No warning in a command without a log: the check is repeated at the next rejection.
log.addHandler(logging.NullHandler())

# The check reads the ledger, so it runs only after five more rejections, or a tenth of those so far.
_STEP, _GROWTH = 5, 1.1


class RejectionWatch:
    """Checks every few rejections whether the edition must pause.

    Threads may share it. `ask` pauses the edition if so, and returns the reason, else None. The default never pauses.
    """

    def __init__(self, ask: Callable[[], str | None] = lambda: None) -> None:
        self.reason: str | None = None
        self._ask = ask
        self._lock = threading.Lock()
        self._counted = 0
        self._next = _STEP

    @property
    def paused(self) -> bool:
        """Whether the run must end."""
        return self.reason is not None

    def count(self, recipients: int) -> None:
        """Count rejected recipients that the ledger has recorded. Errors of the store are not raised."""
        with self._lock:
            self._counted += recipients
            is_turn = self._counted >= self._next
            if is_turn:
                self._next = max(self._counted + _STEP, int(self._counted * _GROWTH))
        if not is_turn or self.paused:
            return
        try:
            self.reason = self._ask()
        except StoreError as error:
            # The caller has to settle an outcome, and waits for the store itself.
            log.warning("The rejections could not be counted: %s. The next rejection is the next try.", error)
            with self._lock:
                self._next = self._counted + 1
