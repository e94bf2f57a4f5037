"""Notify open pages that their edition changed: one thread polls the store for all of them."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from digest.errors import StoreError

log = logging.getLogger(__name__)

# Seconds between two polls of the store, and after which a page reloads without a change, because its times change.
_EVERY, _BEAT = 1.0, 10.0
# Seconds that a stream lasts. The browser then reconnects; a user who was signed out meanwhile gets no new stream.
_LASTS = 300.0
# Streams of one process, and of one user: a browser's visible windows.
_MOST, _MOST_OF_ONE = 200, 8
# Milliseconds after which a browser reconnects.
_RETRY = b"retry: 2000\n\n"


@dataclass(eq=False)
class _Listener:
    edition: str
    user: str
    loop: asyncio.AbstractEventLoop
    event: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        # The loop may have ended with the server.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.event.set)


class ChangeStreams:
    """Streams of changes.

    A context manager; `mark` returns a fingerprint of an edition. The store is not polled while no page is open.
    """

    def __init__(self, mark: Callable[[str], str], *, every: float = _EVERY, beat: float = _BEAT) -> None:
        self._mark = mark
        self._every, self._beat = every, beat
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._marks: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()
        if self._thread is not None:
            self._thread.join()

    def end(self) -> None:
        """End every stream, so that the server need not wait for them. There are no new ones."""
        self._ended.set()
        with self._lock:
            listeners = list(self._listeners)
        for each in listeners:
            each.wake()

    def has_room(self, user: str) -> bool:
        """Whether another page of this user may follow an edition."""
        with self._lock:
            count = Counter(each.user for each in self._listeners)
        return not self._ended.is_set() and count.total() < _MOST and count[user] < _MOST_OF_ONE

    async def follow(self, edition: str, user: str) -> AsyncIterator[bytes]:
        """Yield an event at the beginning, whenever the edition changed, and now and then."""
        listener = _Listener(edition, user, asyncio.get_running_loop())
        until = time.monotonic() + _LASTS
        self._add(listener)
        try:
            yield _RETRY
            while not self._ended.is_set() and time.monotonic() < until:
                with suppress(TimeoutError):
                    await asyncio.wait_for(listener.event.wait(), self._beat)
                listener.event.clear()
                if not self._ended.is_set():
                    # Without data it would be no event.
                    yield f"event: changed\ndata: {self._marks.get(edition, '-')}\n\n".encode()
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def _add(self, listener: _Listener) -> None:
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._watch, name="changes", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        """Poll each edition that pages follow, until no page does."""
        while not self._ended.wait(self._every):
            with self._lock:
                followed = {each.edition for each in self._listeners}
                if not followed:
                    self._marks.clear()
                    self._thread = None
                    return
            for edition in followed:
                try:
                    mark = self._mark(edition)
                except StoreError:
                    # The pages report this themselves.
                    continue
                except Exception:
                    log.exception("The desk cannot see whether edition %s changed", edition)
                    continue
                with self._lock:
                    # The first poll also notifies the pages: the edition may have changed since they were rendered.
                    changed, self._marks[edition] = self._marks.get(edition) != mark, mark
                    woken = [each for each in self._listeners if each.edition == edition] if changed else []
                for each in woken:
                    each.wake()
