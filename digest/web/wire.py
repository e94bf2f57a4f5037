"""The server's side of one connection, with an end to how long and how large a request may come in.

uvicorn waits for a request's head as long as the other side likes, and keeps all that comes of it: a few hundred
connections that say a byte now and then would shut readers out. Owns only these bounds; uvicorn reads and answers.
"""

from __future__ import annotations

import asyncio
from typing import Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's first line and headers."""

LONGEST = {"head": 10.0, "body": 35.0}
"""Seconds in which each must have come whole. The guard gives up a body that it waits for before that, with a page."""

_ANSWERS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
}


class Wire(HttpToolsProtocol):
    """A connection. No clock runs while a request arrives in one piece, as nearly all do."""

    _part: Literal["head", "body", ""] = "head"
    _timed: Literal["head", "body", ""] = ""
    _clock: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._part = ""
        self._watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head = self._head + len(data) if self._part == "head" else 0
        if self._head > LARGEST_HEAD:
            self._refuse(431)
        if self._part != self._timed:
            self._watch()

    def on_message_begin(self) -> None:
        self._part = "head"
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._part = "body"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._part = ""
        super().on_message_complete()

    def _watch(self) -> None:
        """Starts the clock of the part that comes in now, and stops that of the part before it."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        self._timed = self._part
        if self._part:
            self._clock = self.loop.call_later(LONGEST[self._part], self._late)

    def _late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # first the answer that is being made
            self._watch()
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(_ANSWERS[status])
            self.transport.close()
