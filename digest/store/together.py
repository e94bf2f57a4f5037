"""Many small writes in one commit: whoever comes while another commits waits, and they go together in the next one.

A burst of 50 costs two waits for the disk instead of 50, and SQLite's writers don't sleep waiting for each other. Each
caller returns only when its own write is durable. Knows nothing of what is written.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from digest.errors import StoreError
from digest.store.database import Database

T = TypeVar("T")
Work = Callable[[Connection], T]


class _Waiting(Generic[T]):
    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.done = False
        self.result: T | None = None
        self.error: Exception | None = None


class Together(Generic[T]):
    """Writes of one area of the store, committed together."""

    def __init__(self, database: Database, area: str) -> None:
        self.database = database
        self.area = area
        self._turn = threading.Lock()
        self._waiting: deque[_Waiting[T]] = deque()

    def write(self, work: Work[T]) -> T | None:
        """Runs `work` in a transaction, maybe with others'; answers its result once that is committed. Raises what it
        raised, or what kept the transaction from being committed. It may run twice; only one of them is kept."""
        mine = _Waiting(work)
        self._waiting.append(mine)  # before the turn is waited for, so that whoever has it sees it
        with self._turn:
            if not mine.done:
                self._commit([self._waiting.popleft() for _ in range(len(self._waiting))])
        if mine.error:
            raise mine.error
        if not mine.done:  # whoever had it in hand was stopped in the middle
            raise StoreError(f"store {self.database.name}: a write was broken off")
        return mine.result

    def _commit(self, everyone: list[_Waiting[T]]) -> None:
        try:
            with self.database.write(area=self.area) as connection:
                for each in everyone:
                    each.result = each.work(connection)
        except Exception as error:
            if len(everyone) > 1:  # nobody pays for another's fault
                for each in everyone:
                    self._commit([each])
                return
            for each in everyone:
                each.error = error
        for each in everyone:
            each.done = True
