"""Requests of the same moment share one transaction, because it is most of the cost of each.

Mailbox providers unsubscribe people in bursts, and scanners open the links of an edition in bursts. A request is
answered when the transaction has ended, so what it changed is durable.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Items of one transaction, so that others who write wait only for a moment.
_MOST = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    future: asyncio.Future[Result]
    loop: asyncio.AbstractEventLoop
    # Has the request's limit of waiting for the store.
    context: Context


class RequestGroup(Generic[Item, Result]):
    """Calls `handle` with the waiting items, in one thread of its own. It returns a result for each item, in their
    order.
    """

    def __init__(self, handle: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._handle = handle
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="request-group")
        self._lock = threading.Lock()
        self._waiting: list[_Waiting[Item, Result]] = []
        self._is_running = False

    async def put(self, item: Item) -> Result:
        """Handle an item together with others, and return its result. Raises what `handle` raises."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(item, loop.create_future(), loop, copy_context())
        with self._lock:
            self._waiting.append(waiting)
            begins = not self._is_running
            self._is_running = True
        if begins:
            self._thread.submit(self._handle_all)
        result: Result = await waiting.future
        return result

    def close(self) -> None:
        """Handle the waiting items, then stop."""
        self._thread.shutdown(wait=True)

    def _handle_all(self) -> None:
        while batch := self._take():
            results: Sequence[Result] = ()
            failure: Exception | None = None
            try:
                # The first one has waited longest, so its limit is the nearest.
                results = batch[0].context.run(self._handle, [each.item for each in batch])
            except Exception as error:
                failure = error
            # A loop that is closed has nobody left who waits.
            with suppress(RuntimeError):
                batch[0].loop.call_soon_threadsafe(_settle, batch, results, failure)

    def _take(self) -> list[_Waiting[Item, Result]]:
        with self._lock:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            self._is_running = bool(batch)
            return batch


def _settle(batch: Sequence[_Waiting[Item, Result]], results: Sequence[Result], failure: Exception | None) -> None:
    for number, each in enumerate(batch):
        # The client may have gone.
        if each.future.done():
            continue
        if failure is not None:
            each.future.set_exception(failure)
        else:
            each.future.set_result(results[number])
