"""Serves the showing on this machine alone: the viewer, its state, and each letter in a frame of its own.

Answers GET from 127.0.0.1 only, and only under that name, so that no page of the web can read a draft through the
reader's browser.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from digest.hindi import cut
from digest.preview.frames import in_scheme, policy
from digest.preview.showing import PHONE_SUBJECT, PreviewSnapshot, PreviewState

_STATIC = Path(__file__).parent / "static"
_FILES = {
    "/": ("viewer.html", "text/html"),
    "/viewer.css": ("viewer.css", "text/css"),
    "/viewer.js": ("viewer.js", "text/javascript"),
}
_OWN_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'"


class PreviewServer(ThreadingHTTPServer):
    """An HTTP server of one showing; `port` 0 takes a free one. `url` is where to look."""

    daemon_threads = True

    def __init__(self, state: PreviewState, port: int = 0) -> None:
        self.state = state
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle of an answer is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the viewer asks twice a second."""

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):
            self._give(403, "text/plain", b"This preview answers on 127.0.0.1 only.\n", _OWN_POLICY)
            return
        asked = urlsplit(self.path)
        if asked.path in _FILES:
            name, kind = _FILES[asked.path]
            self._give(200, kind, (_STATIC / name).read_bytes(), _OWN_POLICY)
        elif asked.path == "/state.json":
            state = json.dumps(_state(self.server.state.now()), ensure_ascii=False)
            self._give(200, "application/json", state.encode(), _OWN_POLICY)
        elif asked.path == "/letter.html":
            self._letter({name: values[-1] for name, values in parse_qs(asked.query).items()})
        else:
            self._give(404, "text/plain", b"There is nothing here.\n", _OWN_POLICY)

    def _letter(self, asked: dict[str, str]) -> None:
        sheet = self.server.state.now().sheets.get(asked.get("variant", "html"))
        if sheet is None or not sheet.html:
            self._give(404, "text/plain", b"This variant has no HTML part.\n", _OWN_POLICY)
            return
        html = in_scheme(sheet.html, "dark" if asked.get("scheme") == "dark" else "light")
        self._give(200, "text/html", html.encode(), policy(images=asked.get("images") != "0"))

    def _give(self, status: int, kind: str, body: bytes, rules: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", rules)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def _state(shown: PreviewSnapshot) -> dict[str, object]:
    return {
        "version": shown.version,
        "edition": shown.edition,
        "state": shown.state,
        "name": shown.name,
        "preheader": shown.preheader,
        "error": shown.error,
        "variants": [
            {
                "key": sheet.key,
                "topics": sheet.topics,
                "subject": sheet.subject,
                "phone_subject": cut.shorten(sheet.subject, PHONE_SUBJECT),
                "html": bool(sheet.html),
                "text": sheet.text,
                "sizes": dict(sheet.sizes),
                "level": sheet.level,
            }
            for sheet in shown.sheets.values()
        ],
    }
