"""Serve the preview: the viewer, its state, and each email in a frame. Answers only under 127.0.0.1 (DNS rebinding)."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from digest.hindi import cut
from digest.preview.state import PHONE_SUBJECT, PreviewSnapshot, PreviewState, content_security_policy
from digest.usecases.shown_email import in_scheme
from digest.utils.text import pick
from digest.utils.urls import host_name

_STATIC = Path(__file__).parent / "static"
_FILES = {
    "/": ("viewer.html", "text/html"),
    "/viewer.css": ("viewer.css", "text/css"),
    "/viewer.js": ("viewer.js", "text/javascript"),
}
_VIEWER_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'"


class PreviewServer(ThreadingHTTPServer):
    """The HTTP server of one preview. Port 0 picks a free one; `url` is the address to open."""

    daemon_threads = True

    def __init__(self, state: PreviewState, port: int = 0) -> None:
        self.state = state
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore browsers that disconnect during a response."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the viewer polls twice a second."""

    def do_GET(self) -> None:
        if host_name(self.headers.get("Host", "")) not in ("127.0.0.1", "localhost"):
            self._respond(403, "text/plain", b"This preview answers on 127.0.0.1 only.\n", _VIEWER_POLICY)
            return
        url = urlsplit(self.path)
        if url.path in _FILES:
            name, content_type = _FILES[url.path]
            self._respond(200, content_type, (_STATIC / name).read_bytes(), _VIEWER_POLICY)
        elif url.path == "/state.json":
            state = json.dumps(_state(self.server.state.current()), ensure_ascii=False)
            self._respond(200, "application/json", state.encode(), _VIEWER_POLICY)
        elif url.path == "/letter.html":
            self._respond_with_email({name: values[-1] for name, values in parse_qs(url.query).items()})
        else:
            self._respond(404, "text/plain", b"Not found.\n", _VIEWER_POLICY)

    def _respond_with_email(self, query: dict[str, str]) -> None:
        preview = self.server.state.current().variants.get(query.get("variant", "html"))
        if preview is None or not preview.html:
            self._respond(404, "text/plain", b"This variant has no HTML part.\n", _VIEWER_POLICY)
            return
        html = in_scheme(preview.html, "dark" if query.get("scheme") == "dark" else "light")
        policy = content_security_policy(images=query.get("images") != "0")
        self._respond(200, "text/html", html.encode(), policy)

    def _respond(self, status: int, content_type: str, body: bytes, policy: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def _state(snapshot: PreviewSnapshot) -> dict[str, object]:
    return {
        **pick(snapshot, "version edition state name preheader error"),
        "variants": [
            {
                **pick(preview, "key topics subject"),
                "phone_subject": cut.shorten(preview.subject, PHONE_SUBJECT),
                "html": bool(preview.html),
                "text": preview.text,
                "sizes": dict(preview.sizes),
                "level": preview.level,
                "warnings": list(preview.warnings),
            }
            for preview in snapshot.variants.values()
        ],
    }
