"""The journal that one attempt keeps in the ledger: what a transport tells of each reader while it is at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from digest.deliver.ports import Ledger


@dataclass(slots=True)
class Notes:
    """A `ports.Journal`. `failure` is what the ledger raised, which no transport may swallow."""

    ledger: Ledger
    attempt: str
    stop: threading.Event
    failure: Exception | None = None

    def handing(self, reader: int) -> None:
        with self._watched():
            self.ledger.note_handing(self.attempt, reader)

    def refused(self, reader: int, reason: str) -> None:
        with self._watched():
            self.ledger.note_refused(self.attempt, reader, reason)

    def put_off(self, reader: int) -> None:
        with self._watched():
            self.ledger.note_put_off(self.attempt, reader)

    def stopping(self) -> bool:
        return self.stop.is_set()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failure = error
            raise
