"""A small server for `digest run --health-port`, for this machine only. It needs no web framework."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from digest.errors import DigestError
from digest.web.health.checks import Health, MetricsAccess

_HOST = "127.0.0.1"
# Seconds that a client may take to send its request.
_TIMEOUT = 10


@contextmanager
def run_health_server(health: Health, port: int) -> Iterator[str]:
    """Serve within the block; yields the address. Port 0 takes a free one. Raises DigestError, ConfigurationError."""
    from digest.web.health.metrics import exposition

    access = MetricsAccess()

    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/healthz":
                status, text = health.liveness()
                self._answer(status, text.encode())
            elif path == "/readyz":
                status, text = health.readiness()
                self._answer(status, text.encode())
            elif path == "/metrics" and access.allows(
                self.client_address[0], {name.lower(): value for name, value in self.headers.items()}
            ):
                content_type, body = exposition(health, self.headers.get("Accept", ""))
                self._answer(200, body, content_type)
            else:
                self._answer(404, b"There is nothing here.\n")

        def _answer(self, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: requests are not events of the newsletter."""

    try:
        server = ThreadingHTTPServer((_HOST, port), Handler)
    except OSError as error:
        raise DigestError(f"--health-port: can't listen on {_HOST}, port {port}: {error.strerror}") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health-server")
    thread.start()
    try:
        yield f"http://{_HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
