"""The journal that one attempt keeps in the ledger: what a transport tells of each reader while it is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from digest.deliver.ports import Ledger


@dataclass(slots=True)
class Notes:
    """A `ports.RecipientLog`. `failure` is what the ledger raised, which no transport may swallow."""

    ledger: Ledger
    attempt: str
    stop: threading.Event
    failure: Exception | None = None

    def started(self, reader: int) -> None:
        self._note(self.ledger.record_started, reader)

    def rejected(self, reader: int, reason: str) -> None:
        self._note(self.ledger.record_rejected, reader, reason)

    def deferred(self, reader: int) -> None:
        self._note(self.ledger.record_deferred, reader)

    def should_stop(self) -> bool:
        return self.stop.is_set()

    def _note(self, noted: Callable[..., None], *what: object) -> None:
        try:
            noted(self.attempt, *what)
        except Exception as error:
            self.failure = error
            raise
