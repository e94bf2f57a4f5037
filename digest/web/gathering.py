"""Many small writes in one commit: what comes while one is under way waits, and goes together in the next.

Owns the order of writes and answers: each caller goes on only when its own write is durable, or hears why it is not. A
burst of 50 costs two waits for the disk instead of 50. Knows nothing of what is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """One writer for all who ask, on one event loop. `commit` runs in a thread of its own: it writes all that it is
    handed in one transaction and answers each in its order, or raises, and nothing of it is written."""

    def __init__(self, commit: Callable[[Sequence[T]], Sequence[R]], name: str) -> None:
        self._commit = commit
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, item: T) -> R:
        """The answer to this item, once it is committed. Raises what kept the transaction from being committed."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, answer))
        if self._writer is None:
            self._writer = loop.create_task(self._write())
        return await answer

    def close(self) -> None:
        """Ends when what is in hand is written."""
        self._thread.shutdown(wait=True)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                taken, self._waiting = self._waiting, []
                try:
                    told = await loop.run_in_executor(self._thread, self._commit, [item for item, _answer in taken])
                    for (_item, answer), each in zip(taken, told, strict=True):
                        if not answer.done():  # its caller may have gone away
                            answer.set_result(each)
                except Exception as error:
                    for _item, answer in taken:
                        if not answer.done():
                            answer.set_exception(error)
        finally:
            self._writer = None
