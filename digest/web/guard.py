"""What every request passes first and every answer last: hosts, sizes, security headers, and no fault told outside.

Knows no page. What it logs holds neither a token nor an address: of a path only the route's pattern.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's first line and headers."""

LARGEST_BODY = 64 * 1024
"""Bytes of a form."""

LONGEST_BODY = 30.0
"""Seconds in which a form, or what a provider posts, must have come."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
"""Of every answer that does not say otherwise itself; a page that may be kept or found says so."""


class Guard:
    """An ASGI app round the pages.

    `hosts`: the names under which they may be asked for (empty: any). `prefix`: the path of base_url, with or without
    which a proxy may hand requests on. `larger`: (path prefix, bytes) of routes that take more than a form.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], prefix: str = "", larger: Sequence[tuple[str, int]] = ()
    ) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.prefix = prefix
        self.larger = tuple(larger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return None
        head = scope["method"] == "HEAD"
        scope = self._local(scope)
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = dict(message["headers"])
                more = [header for header in HEADERS if header[0] not in given]
                message["headers"] = [*message["headers"], *more]
            elif head:
                message = {**message, "body": b""}
            await send(message)

        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEAD:
            return await _plain(answer, 431, "That is more than can be taken here.")
        named = [value for name, value in headers if name == b"host"]
        if len(named) > 1:  # a proxy before us may have looked at the other one
            return await _plain(answer, 400, "A request has one Host.")
        headers = dict(headers)
        if self.hosts and _name(headers.get(b"host", b"")) not in self.hosts:
            return await _plain(answer, 421, "These pages have another name.")
        limit = next((size for start, size in self.larger if scope["path"].startswith(start)), LARGEST_BODY)
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            return await _plain(answer, 413, "That is more than can be taken here.")
        read, whole = 0, False
        until = asyncio.get_running_loop().time() + LONGEST_BODY

        async def bounded() -> Message:
            nonlocal read, whole
            if whole:  # what comes now is only that the other side goes away
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            read += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if read > limit:
                raise HTTPException(413)
            return message

        try:
            await self.app(scope, bounded, answer)
        except Exception as error:
            if begun:  # the framework has answered, and raises once more for a server that would log it
                return tell(scope, error)
            tell(scope, error)
            await _plain(answer, 500, "Something went wrong here. Please try again in a while.")
        return None

    def _local(self, scope: Scope) -> Scope:
        """The request as the routes know it: without the prefix; a HEAD is a GET whose body is not sent."""
        local = dict(scope)
        path = scope["path"]
        if self.prefix and (path == self.prefix or path.startswith(f"{self.prefix}/")):
            local["path"] = path = path[len(self.prefix) :] or "/"
            local["raw_path"] = quote(path).encode()
        if scope["method"] == "HEAD":
            local["method"] = "GET"
        return local


def _name(host: bytes) -> str:
    """The name of a Host header without its port."""
    name = host.decode("latin-1").strip().lower()
    return name.rpartition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]


def tell(scope: Scope, error: Exception) -> None:
    """One line for the operator: where it happened and what kind it was. Its message may quote a reader's words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    route = getattr(scope.get("route"), "path", "an unknown path")
    log.error(
        "%s %s: %s at %s:%s", scope["method"], route, type(error).__name__, Path(frame.filename).name, frame.lineno
    )


async def _plain(send: Send, status: int, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status in (413, 431):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
