"""A small threaded HTTP server for feeds and pages: a table of routes and a log of requests.

See `http_behaviours` for handlers.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case; `at` is in seconds of time.monotonic()."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class Exchange:
    """Passed to a route's handler: the request, and methods to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, request: Request, stopping: threading.Event) -> None:
        self.request = request
        self.handler = handler
        self._stopping = stopping

    def reply(self, body: bytes = b"", *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole response with Content-Length."""
        self.start(status, {"Content-Length": str(len(body)), **(headers or {})})
        if self.request.method != "HEAD":
            self.write(body)

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and headers. The connection closes after this response."""
        self.handler.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def write(self, data: bytes) -> None:
        """Send these bytes. Raises ConnectionError if the client disconnected."""
        self.handler.wfile.write(data)

    def wait(self, seconds: float) -> bool:
        """Sleep. Return False if the server is stopping; the handler should then return."""
        return not self._stopping.wait(seconds)

    @property
    def running(self) -> bool:
        """Whether the server is not stopping."""
        return not self._stopping.is_set()


Handler = Callable[[Exchange], None]


class HttpServer:
    """`with HttpServer() as site: site.route("/feed.xml", b"…"); fetch(site.url("/feed.xml"))`. 404 elsewhere.

    `address` is another address of this machine, such as 127.0.0.2, for tests with several hosts.
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        self.requests: list[Request] = []
        self._routes: dict[str, Handler] = {}
        self._stopping = threading.Event()
        self._server = _Server((address, 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="http-server")

    @property
    def port(self) -> int:
        """The port on its address."""
        return int(self._server.server_address[1])

    def url(self, path: str = "/") -> str:
        """The absolute URL of a path."""
        return f"http://{self.address}:{self.port}{path}"

    def route(
        self,
        path: str,
        answer: bytes | str | Handler = b"",
        *,
        status: int = 200,
        type: str = "application/rss+xml; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve bytes, text (as UTF-8) or a handler under a path, instead of an earlier route; return its URL."""
        if callable(answer):
            self._routes[path] = answer
        else:
            body = answer.encode() if isinstance(answer, str) else answer
            fields = {"Content-Type": type, **(headers or {})}
            self._routes[path] = lambda exchange: exchange.reply(body, status=status, headers=fields)
        return self.url(path)

    def hits(self, path: str) -> list[Request]:
        """Return the requests for one path, oldest first."""
        return [request for request in list(self.requests) if request.path == path]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request, on a thread of its own."""
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            handler.command,
            handler.path,
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(length),
            time.monotonic(),
        )
        self.requests.append(request)
        exchange = Exchange(handler, request, self._stopping)
        # Many tests are about a client that stops reading.
        with contextlib.suppress(ConnectionError):
            self._routes.get(request.path, _missing)(exchange)

    def __enter__(self) -> HttpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.hang_up()
        # Joins the threads of all requests.
        self._server.server_close()


def _missing(exchange: Exchange) -> None:
    exchange.reply(b"not found", status=404)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake the threads that wait for an idle client."""
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.shutdown(2)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report on stderr all errors but broken connections."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _handler(site: HttpServer) -> type[BaseHTTPRequestHandler]:
    class RequestHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            site.handle(self)
            self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _any

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    return RequestHandler
