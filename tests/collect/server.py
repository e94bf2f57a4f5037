"""An HTTP server on 127.0.0.1 whose paths select its misbehaviour."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

FEED = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>गाँव समाचार</title>'
    "<link>https://village.example/</link><language>hi</language><item><title>नहर में पानी आया</title>"
    "<link>https://village.example/n/1</link><pubDate>Mon, 23 Nov 2026 09:00:00 +0530</pubDate>"
    "<description>किसानों ने खेतों की सिंचाई शुरू कर दी है।</description></item></channel></rss>"
).encode()


class Handler(BaseHTTPRequestHandler):
    """Each path is a behaviour. `seen` has all requests; `most` is the highest number of simultaneous ones."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []
    lock: ClassVar[threading.Lock] = threading.Lock()
    under_way: ClassVar[int] = 0
    most: ClassVar[int] = 0

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        type(self).seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        behaviour = getattr(self, "on_" + path.strip("/").replace("/", "_").replace("-", "_"), None)
        with self._counted(), contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if behaviour is None:
                self.give(b"nothing", status=404)
            else:
                behaviour()

    @classmethod
    @contextlib.contextmanager
    def _counted(cls) -> Iterator[None]:
        with cls.lock:
            cls.under_way += 1
            cls.most = max(cls.most, cls.under_way)
        try:
            yield
        finally:
            with cls.lock:
                cls.under_way -= 1

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def go(self, to: str, status: int = 302) -> None:
        self.give(b"moved", status, Location=to)

    def on_feed(self) -> None:
        if self.headers.get("If-None-Match") == '"v1"':
            self.give(b"", 304, ETag='"v1"')
        else:
            self.give(FEED, ETag='"v1"', Last_Modified="Mon, 23 Nov 2026 03:30:00 GMT", Content_Type="text/xml")

    def on_plain(self) -> None:
        self.give(FEED)

    def on_gzip(self) -> None:
        # Two members, as some caches produce.
        half = len(FEED) // 2
        self.give(gzip.compress(FEED[:half]) + gzip.compress(FEED[half:]), Content_Encoding="gzip")

    def on_bomb(self) -> None:
        self.give(_bomb(), Content_Encoding="gzip")

    def on_cut_gzip(self) -> None:
        self.give(gzip.compress(FEED)[:-20], Content_Encoding="gzip")

    def on_unknown_packing(self) -> None:
        self.give(b"\x1f\x9d\x90", Content_Encoding="compress")

    def on_large(self) -> None:
        self.give(b"x" * 3_000_000)

    def on_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def on_drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def on_hang(self) -> None:
        time.sleep(5)
        self.close_connection = True

    def on_flood(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(500):
            self.wfile.write(b" " * 1_000)
            time.sleep(0.01)

    def on_reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def on_short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def on_not_http(self) -> None:
        self.wfile.write(b"220 mail.example ESMTP\r\n")
        self.close_connection = True

    def on_metadata(self) -> None:
        self.go("http://169.254.169.254/latest/meta-data/")

    def on_file(self) -> None:
        self.go("file:///etc/passwd")

    def on_circle(self) -> None:
        self.go("/circle2")

    def on_circle2(self) -> None:
        self.go("/circle")

    def on_endless(self) -> None:
        count = int(urlsplit(self.path).query or 0)
        self.go(f"/endless?{count + 1}")

    def on_hindi_path(self) -> None:
        self.go("/समाचार".encode().decode("latin-1"))

    def on_no_address(self) -> None:
        self.go("http://[x")

    def on_odd_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nno colon in it\r\n\r\n" + FEED)
        self.close_connection = True

    def on_moved(self) -> None:
        self.go("/feed", 301)

    def on_moved_then_found(self) -> None:
        self.go("/found", 308)

    def on_found(self) -> None:
        self.go("/feed", 302)

    def on_busy(self) -> None:
        self.give(b"later", 429, Retry_After="120")

    def on_gone(self) -> None:
        self.give(b"gone", 410)

    def on_page(self) -> None:
        page = '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
        self.give(page.encode(), Content_Type="text/html; charset=utf-8")

    def on_bare_page(self) -> None:
        self.give(b"<!doctype html><html><head><title>x</title></head><body></body></html>", Content_Type="text/html")

    def on_latin(self) -> None:
        self.give(FEED, Content_Type="text/xml; charset=iso-8859-1")

    def on_broken(self) -> None:
        self.give(b"<rss", Content_Type="text/xml")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # With the default of 5, some of many clients would wait a second for their second attempt.
    request_queue_size = 256


@cache
def _bomb() -> bytes:
    """60 MB of zeros in 60 kB."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(engine.compress(bytes(1_000_000)) for _ in range(60)) + engine.flush()


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The server's base URL, for the duration of the block."""
    Handler.seen.clear()
    # Prepared before a test measures time.
    _bomb()
    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
