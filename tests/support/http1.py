"""The server's side of an HTTP/1.1 connection: read a request, write a reply, or stop at any byte.

Fast enough for hundreds of 0.5 MB bodies a second. It supports only Content-Length, which the clients under test send.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from tests.support.loops import reset

# A whole body fits, so that the transport is not paused repeatedly.
READ_LIMIT = 4 << 20


@dataclass(frozen=True, slots=True)
class Head:
    """A request's first line and headers, with names in lower case. `length` is -1 without a Content-Length."""

    method: str
    target: str
    headers: dict[str, str]
    length: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. Content-Length and Content-Type are added if absent."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def head(self, *extra: str) -> bytes:
        """Return the status line and headers up to the blank line, with the `extra` lines last."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {self.status} {phrase}",
            *(f"{name}: {value}" for name, value in self.headers),
            *extra,
        ]
        if self.body and not any(name.lower() == "content-type" for name, _ in self.headers):
            lines.append("Content-Type: application/json")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Connection:
    """One client. Methods raise ConnectionError or asyncio.IncompleteReadError after it disconnected."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.number = number
        self.idle = True
        self._reader = reader
        self._writer = writer

    async def head(self) -> Head | None:
        """Return the head of the next request, or None if the client closed the connection."""
        self.idle = True
        try:
            raw = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        self.idle = False
        first, *rest = raw[:-4].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        length = headers.get("content-length", "-1" if "transfer-encoding" in headers else "0")
        return Head(method, target, headers, int(length))

    async def body(self, head: Head) -> bytes:
        """Return the whole body."""
        return await self._reader.readexactly(head.length) if head.length > 0 else b""

    async def half_body(self, head: Head) -> None:
        """Read half of the body."""
        await self._reader.readexactly(max(1, head.length // 2) if head.length > 0 else 0)

    async def reply(self, reply: Reply) -> None:
        """Send a whole reply. The connection stays open."""
        await self.raw(reply.head(f"Content-Length: {len(reply.body)}") + reply.body)

    async def drip(self, reply: Reply, seconds: float) -> None:
        """Send the head at once and the body in ten pieces over these seconds."""
        await self.raw(reply.head(f"Content-Length: {len(reply.body)}"))
        step = max(1, -(-len(reply.body) // 10))
        for start in range(0, len(reply.body), step):
            await asyncio.sleep(seconds / 10)
            await self.raw(reply.body[start : start + step])

    async def raw(self, data: bytes) -> None:
        """Send these bytes unchanged."""
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Close with RST."""
        reset(self._writer)

    def close(self) -> None:
        """Close with FIN after what was written. Safe to call at any time."""
        self._writer.close()

    def abort(self) -> None:
        """Close at once, without waiting for the peer."""
        self._writer.transport.abort()
