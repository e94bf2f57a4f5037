"""Good and bad behaviours of a site, as handlers for HttpServer.route.

Endless ones end when the client disconnects or the server stops.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import zlib
from collections.abc import Iterator

from tests.support.http_server import Exchange, Handler

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_FEED = {"Content-Type": "application/rss+xml; charset=utf-8"}


def validated(body: bytes, *, etag: str = "", modified: str = "") -> Handler:
    """200 with ETag or Last-Modified or both; 304 if the request sends one of them back."""
    fields = {**({"ETag": etag} if etag else {}), **({"Last-Modified": modified} if modified else {})}

    def handle(exchange: Exchange) -> None:
        sent = exchange.request.headers
        known = (etag and sent.get("if-none-match") == etag) or (
            modified and "if-none-match" not in sent and sent.get("if-modified-since") == modified
        )
        if known:
            exchange.reply(status=304, headers=fields)
        else:
            exchange.reply(body, headers={**_FEED, **fields})

    return handle


def redirect(to: str, status: int = 302) -> Handler:
    """A redirect to an absolute URL or a path. To its own path it is a loop."""
    return lambda exchange: exchange.reply(status=status, headers={"Location": to})


def hang(seconds: float = 30.0) -> Handler:
    """Send nothing for these seconds, then close."""

    def handle(exchange: Exchange) -> None:
        exchange.wait(seconds)

    return handle


def hang_in_body(first: bytes, seconds: float = 30.0) -> Handler:
    """Announce a megabyte, send the first bytes, then nothing."""

    def handle(exchange: Exchange) -> None:
        exchange.start(200, {**_FEED, "Content-Length": "1048576"})
        exchange.write(first)
        exchange.wait(seconds)

    return handle


def drip(piece: bytes = b"<!-- -->", every: float = 0.05) -> Handler:
    """Send a piece and pause, without end. No timeout that counts from the last byte helps."""

    def handle(exchange: Exchange) -> None:
        exchange.start(200, _FEED)
        exchange.write(piece)
        while exchange.wait(every):
            exchange.write(piece)

    return handle


def endless_chunks(piece: bytes = b" " * 65536) -> Handler:
    """Send chunks without end, as fast as the client reads."""

    def handle(exchange: Exchange) -> None:
        exchange.start(200, {**_FEED, "Transfer-Encoding": "chunked"})
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        while exchange.running:
            exchange.write(chunk)

    return handle


def gzip_bomb(megabytes: int = 1024, *, head: bytes = b"<rss><channel><title>") -> Handler:
    """A gzip stream that unpacks to this many MiB of blanks. It is about a thousand times smaller."""

    def handle(exchange: Exchange) -> None:
        exchange.start(200, {**_FEED, "Content-Encoding": "gzip"})
        for piece in _packed(head, megabytes):
            if not exchange.running:
                return
            exchange.write(piece)

    return handle


def _packed(head: bytes, megabytes: int) -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block is independent, so one packed MiB can be repeated.
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = block.compress(b" " * (1 << 20)) + block.flush(zlib.Z_FULL_FLUSH)
    for _ in range(megabytes):
        yield mebibyte


def truncated(body: bytes, missing: int = 100) -> Handler:
    """Announce `missing` bytes more than are sent, then close."""

    def handle(exchange: Exchange) -> None:
        exchange.start(200, {**_FEED, "Content-Length": str(len(body) + missing)})
        exchange.write(body)

    return handle


def reset(first: bytes = b"") -> Handler:
    """Close with RST, at once or after a reply that begins with these bytes."""

    def handle(exchange: Exchange) -> None:
        if first:
            exchange.start(200, {**_FEED, "Content-Length": "1048576"})
            exchange.write(first)
        sock = exchange.handler.connection
        exchange.handler.wfile.flush()
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The handler's files hold the descriptor open; detaching closes it now, and lingering for 0 s makes it RST.
        with contextlib.suppress(OSError):
            sock.close()

    return handle


def page(html: str, status: int = 200) -> Handler:
    """An HTML page, such as the login page of a hotel network."""
    return lambda exchange: exchange.reply(html.encode(), status=status, headers=_HTML)


def too_many(retry_after: str = "2") -> Handler:
    """429 with Retry-After."""
    return lambda exchange: exchange.reply(status=429, headers={"Retry-After": retry_after})


def nonsense(first: bytes = b"\x16\x03\x01 not HTTP\r\n\r\n") -> Handler:
    """Bytes that are not HTTP."""
    return lambda exchange: exchange.write(first)
