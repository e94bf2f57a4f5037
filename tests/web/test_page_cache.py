"""Pages from memory: rendered once, dropped when the archive changes, and only public ones."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from starlette.types import Message, Receive, Scope, Send

from digest.errors import StoreError
from digest.web.page_cache import PageCache


@dataclass
class Site:
    """A site whose pages are numbered, and an archive whose version can change."""

    version: str = "1"
    cache_control: bytes = b"public, max-age=300"
    status: int = 200
    made: list[str] = field(default_factory=list)
    is_readable: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.made.append(scope["path"])
        await asyncio.sleep(0)
        headers = [(b"cache-control", self.cache_control), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": f"{scope['path']} {len(self.made)}".encode()})

    def read_version(self) -> str:
        if not self.is_readable:
            raise StoreError("busy")
        return self.version


async def get(cache: PageCache, path: str, query: bytes = b"", method: str = "GET") -> tuple[int, bytes]:
    received: list[Message] = []

    async def send(message: Message) -> None:
        received.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    await cache({"type": "http", "method": method, "path": path, "query_string": query, "headers": []}, receive, send)
    return received[0]["status"], b"".join(message.get("body", b"") for message in received)


def test_a_page_is_made_once_for_all_who_ask_at_once() -> None:
    site = Site()

    async def run() -> list[tuple[int, bytes]]:
        cache = PageCache(site, site.read_version, ["/archive"])
        return await asyncio.gather(*(get(cache, "/archive") for _ in range(50)))

    assert set(asyncio.run(run())) == {(200, b"/archive 1")}
    assert site.made == ["/archive"]


def test_a_change_of_the_archive_makes_the_pages_again() -> None:
    site = Site()

    async def run() -> list[bytes]:
        cache = PageCache(site, site.read_version, ["/archive"], fresh=-1)
        bodies = [(await get(cache, "/archive"))[1]]
        site.version = "2"
        bodies.append((await get(cache, "/archive"))[1])
        site.is_readable = False
        site.version = "3"
        bodies.append((await get(cache, "/archive"))[1])
        return bodies

    assert asyncio.run(run()) == [b"/archive 1", b"/archive 2", b"/archive 2"]


def test_a_store_that_does_not_answer_delays_nobody_for_long() -> None:
    site, answers = Site(), threading.Event()
    answers.set()

    def read_version() -> str:
        assert answers.wait(30)
        return site.version

    async def run() -> list[bytes]:
        cache = PageCache(site, read_version, ["/archive"], fresh=-1, patience=0.05)
        bodies = [(await get(cache, "/archive"))[1]]
        answers.clear()
        site.version = "2"
        bodies.append((await get(cache, "/archive"))[1])
        answers.set()
        last = b"/archive 1"
        while last == b"/archive 1":
            last = (await get(cache, "/archive"))[1]
        return [*bodies, last]

    assert asyncio.run(run()) == [b"/archive 1", b"/archive 1", b"/archive 2"]


def test_only_public_pages_of_the_archive_are_kept() -> None:
    site = Site()

    async def run() -> None:
        cache = PageCache(site, site.read_version, ["/archive"])
        for path, query, method in (
            ("/join", b"", "GET"),
            ("/archive", b"", "POST"),
            ("/archive", b"x" * 100, "GET"),
        ):
            for _ in range(2):
                await get(cache, path, query, method)
        for control, status in ((b"private", 200), (b"no-store", 200), (b"public", 404)):
            site.cache_control, site.status = control, status
            for _ in range(2):
                await get(cache, f"/archive/{control.decode()}{status}")

    asyncio.run(run())
    assert len(site.made) == 12


def test_the_memory_is_bounded() -> None:
    site = Site()

    async def run() -> None:
        cache = PageCache(site, site.read_version, ["/archive"], most=2)
        for name in ("1", "2", "1", "3", "1", "2"):
            await get(cache, f"/archive/{name}")

    asyncio.run(run())
    assert site.made == ["/archive/1", "/archive/2", "/archive/3", "/archive/2"]
