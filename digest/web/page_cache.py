"""Middleware that serves public pages from memory. Each page is rendered once, until the archive changes.

Browsers that do not accept gzip get a copy of their own.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.errors import StoreError
from digest.web.compression import accepts_gzip

# Seconds for which the version of the archive is cached.
FRESH = 2.0
# Seconds that a request waits for the version. If the database is unreachable this takes long, and the cached pages are
# still right.
PATIENCE = 1.0
# The most pages and bytes in memory. Least recently used pages are dropped first.
_MOST, _MOST_BYTES = 2_000, 64 * 1024 * 1024
# No page that we link to has a longer query.
_MAX_QUERY = 64

Headers = list[tuple[bytes, bytes]]
# Path, query, and whether the response may be in gzip.
_Key = tuple[str, bytes, bool]


@dataclass(frozen=True, slots=True)
class _Page:
    """A complete response, and its 304 form for a client that has it already."""

    headers: Headers
    not_modified: Headers
    etag: bytes
    body: bytes


class PageCache:
    """ASGI middleware. It caches responses with status 200 and `Cache-Control: public`.

    `version` returns a text that changes with the content of the pages; it may block. `prefixes` are the beginnings of
    the pages' paths, `paths` whole ones.
    """

    def __init__(
        self,
        app: ASGIApp,
        version: Callable[[], str],
        prefixes: Iterable[str],
        *,
        paths: Iterable[str] = (),
        fresh: float = FRESH,
        patience: float = PATIENCE,
        most: int = _MOST,
    ) -> None:
        self.app = app
        self._version = version
        self._prefixes = tuple(prefixes)
        self._paths = frozenset(paths)
        self._fresh = fresh
        self._patience = patience
        self._most = most
        self._pages: OrderedDict[_Key, _Page] = OrderedDict()
        self._bytes = 0
        self._known = ""
        self._checked = float("-inf")
        self._checking: asyncio.Task[None] | None = None
        self._making: dict[_Key, asyncio.Lock] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] != "GET" or not (path in self._paths or path.startswith(self._prefixes)):
            await self.app(scope, receive, send)
            return
        query: bytes = scope["query_string"]
        if len(query) > _MAX_QUERY:
            await self.app(scope, receive, send)
            return
        if time.monotonic() - self._checked > self._fresh:
            await self._check()
        key = (path, query, accepts_gzip(scope))
        page = self._pages.get(key)
        if page is None:
            # Other requests for the same page wait until it is rendered.
            lock = self._making.setdefault(key, asyncio.Lock())
            try:
                async with lock:
                    page = self._pages.get(key)
                    if page is None:
                        page = await self._make(key, scope, receive, send)
                        if page is None:
                            return
                        await _send(send, scope, page)
                        return
            finally:
                if not lock.locked():
                    self._making.pop(key, None)
        else:
            self._pages.move_to_end(key)
        await _send(send, scope, page)

    async def _check(self) -> None:
        """Drop all pages if the archive has changed. All requests share one query, and wait for a limited time."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._read_version())
        await asyncio.wait({self._checking}, timeout=self._patience)
        if self._checking.done():
            self._checking.result()

    async def _read_version(self) -> None:
        try:
            found = await run_in_threadpool(self._version)
        # If the store cannot be read, the cached pages stay.
        except StoreError:
            found = self._known
        if found != self._known:
            self._known = found
            self._pages.clear()
            self._bytes = 0
        self._checked = time.monotonic()

    async def _make(self, key: _Key, scope: Scope, receive: Receive, send: Send) -> _Page | None:
        """Call the route. Returns the page to cache; None if the response was passed through."""
        version = self._known
        start: Message | None = None
        body = bytearray()
        kept = False

        async def collect(message: Message) -> None:
            nonlocal start, kept
            if message["type"] == "http.response.start":
                start = message
                kept = message["status"] == 200 and _is_public(message["headers"])
                if not kept:
                    await send(message)
            elif kept:
                body.extend(message.get("body", b""))
            else:
                await send(message)

        await self.app(scope, receive, collect)
        if not kept or start is None:
            return None
        page = _complete(start["headers"], bytes(body))
        if version == self._known:
            self._pages[key] = page
            self._bytes += len(page.body)
            while len(self._pages) > self._most or self._bytes > _MOST_BYTES:
                _key, oldest = self._pages.popitem(last=False)
                self._bytes -= len(oldest.body)
        return page


def _is_public(headers: Headers) -> bool:
    return any(name == b"cache-control" and value.startswith(b"public") for name, value in headers)


def _complete(headers: Headers, body: bytes) -> _Page:
    etag = b'"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
    others = [header for header in headers if header[0] not in (b"content-length", b"etag")]
    bare = [header for header in others if header[0] != b"content-type"]
    complete = [*others, (b"content-length", str(len(body)).encode()), (b"etag", etag)]
    return _Page(complete, [*bare, (b"etag", etag)], etag, body)


async def _send(send: Send, scope: Scope, page: _Page) -> None:
    asked = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    # A proxy that compresses makes the ETag weak.
    known = {each.strip().removeprefix(b"W/") for each in asked.split(b",")}
    if page.etag in known or b"*" in known:
        await send({"type": "http.response.start", "status": 304, "headers": list(page.not_modified)})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(page.headers)})
    await send({"type": "http.response.body", "body": page.body})
