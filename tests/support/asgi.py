"""Call an ASGI application directly, with raw paths, header bytes and bodies in pieces, and no client library."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass
class Response:
    """A response. Header names are in lower case; the last of a repeated header counts."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Asgi:
    """Sends one request at a time. It raises what the application raises, so that no error hides behind a 500."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def request(
        self, method: str, path: str, content: bytes | Iterable[bytes | None] = b"", headers: Mapping[str, str] = {}
    ) -> Response:
        """Return the response. Content in pieces is sent without a Content-Length; a None among them disconnects."""
        pieces: list[bytes | None] = [content] if isinstance(content, bytes) else list(content)
        sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        if isinstance(content, bytes):
            sent.append((b"content-length", str(len(content)).encode()))
        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(target),
            "raw_path": target.encode("ascii", "replace"),
            "query_string": query.encode("ascii", "replace"),
            "root_path": "",
            "headers": sent,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        return self.loop.run_until_complete(self._call(scope, pieces))

    async def _call(self, scope: MutableMapping[str, Any], pieces: list[bytes | None]) -> Response:
        response = Response()

        async def receive() -> MutableMapping[str, Any]:
            piece = pieces.pop(0) if pieces else b""
            if piece is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                response.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                response.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return response
