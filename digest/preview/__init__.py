"""The content of a preview, in files or in a browser: an edition's emails as an invented recipient would get them.

The browser preview renders again when a template, `digest.yaml`, the subscriber list or the edition changes. An error
is shown in the preview and does not end it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from digest.errors import ConfigurationError, DigestError
from digest.hindi import cut
from digest.usecases.shown_email import fill_placeholders, in_scheme
from digest.utils.files import make_private_folder, write_private
from digest.utils.text import pick
from digest.utils.urls import host_name

if TYPE_CHECKING:
    from digest.app import App
    from digest.models import Edition, RenderedEmail, Variant

_STATIC = Path(__file__).parent / "static"
_FILES = {
    "/": ("viewer.html", "text/html"),
    "/viewer.css": ("viewer.css", "text/css"),
    "/viewer.js": ("viewer.js", "text/javascript"),
}
_VIEWER_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'"


def content_security_policy(*, images: bool) -> str:
    """Return the policy of an email in a frame: no scripts, and nothing is loaded except images if wanted."""
    sources = "https: http: data:" if images else "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}"


PHONE_SUBJECT = 38
"""Grapheme clusters of a subject that a phone's inbox shows: 26 to 38, measured on Devanagari."""


@dataclass(frozen=True, slots=True)
class VariantPreview:
    """The email of one variant with all placeholders replaced."""

    key: str
    # Names of sections, '' for all.
    topics: str
    subject: str
    html: str
    text: str
    # In bytes.
    sizes: Mapping[str, int]
    level: str
    # Warnings that a send would show.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewSnapshot:
    """The edition at one moment. `version` changes with every change; `error` says why the rest is outdated."""

    version: str
    edition: str = ""
    state: str = ""
    name: str = ""
    preheader: str = ""
    variants: Mapping[str, VariantPreview] = field(default_factory=dict)
    error: str = ""


class PreviewState:
    """Follows an edition of a newsletter folder. Thread-safe."""

    def __init__(self, home: Path, key: str) -> None:
        self._home, self._key = home, key
        self._lock = threading.Lock()
        self._stamp = ""
        self._snapshot = PreviewSnapshot("")

    def current(self) -> PreviewSnapshot:
        """Return the current state, rendered again only if something has changed since the last call."""
        with self._lock:
            stamp = self._files_stamp()
            try:
                self._refresh(stamp)
            except (DigestError, ConfigurationError) as error:
                self._fail(stamp, str(error))
            # A template can raise anything, and the preview must survive until it is fixed.
            except Exception as error:
                self._fail(stamp, f"{type(error).__name__}: {error}")
            return self._snapshot

    def _refresh(self, files_stamp: str) -> None:
        from digest.app import make_app

        with make_app(self._home) as app:
            edition = app.editions.get(self._key)
            if edition is None:
                raise DigestError(f"there is no edition {self._key}")
            stamp = files_stamp + repr(edition)
            if stamp == self._stamp:
                return
            snapshot = PreviewSnapshot(
                version=_hash(stamp),
                edition=edition.key,
                state=edition.state,
                name=app.settings.newsletter.name,
                preheader=edition.preheader,
                variants={preview.key: preview for preview in _variant_previews(app, edition)},
            )
        self._stamp, self._snapshot = stamp, snapshot

    def _fail(self, stamp: str, error: str) -> None:
        """Keep the last good emails and add the error."""
        self._stamp = ""
        self._snapshot = replace(self._snapshot, version=_hash(stamp + error), error=error)

    def _files_stamp(self) -> str:
        from digest.utils import files

        watched = [self._home / "digest.yaml", self._home / "subscribers.yaml"]
        for folder in (self._home / "templates", files.templates()):
            watched += sorted(path for path in folder.rglob("*") if path.is_file())
        return "".join(map(_file_stamp, watched))


def _variant_previews(app: App, edition: Edition) -> list[VariantPreview]:
    previews = []
    for variant in _variants(app, edition):
        email = _email(app, edition, variant)
        if email is None:
            continue
        _, html, text = fill_placeholders(edition, email, app.sender, app.signer, app.articles.images)
        topics = ", ".join(section.name for section in edition.sections if section.name in (variant.topics or ()))
        names, level = _sizes(email)
        warnings = _warnings(app, edition, email)
        previews.append(VariantPreview(variant.key, topics, email.subject, html, text, names, level, tuple(warnings)))
    if not previews:
        raise DigestError(f"edition {edition.key} has no story to show")
    return previews


@dataclass(frozen=True, slots=True)
class WrittenPreview:
    """The files of a preview, the sizes of its email in bytes, and the warnings that a send would show."""

    files: list[Path]
    sizes: dict[str, int]
    warnings: list[str]


def write_preview(app: App, edition: Edition, out: Path) -> WrittenPreview:
    """Write `EDITION.html`, `.txt` and `.eml` to `out`. Raises DigestError."""
    from digest.mail.mime import build
    from digest.models import Variant

    email = _email(app, edition, Variant("html"))
    if email is None:
        raise DigestError(f"edition {edition.key} has no story to show")
    outgoing, html, text = fill_placeholders(edition, email, app.sender, app.signer, app.articles.images)
    message = build(outgoing, outgoing.recipients[0], date=app.now())
    files = []
    try:
        make_private_folder(out)
        for suffix, data in (("html", html.encode()), ("txt", text.encode()), ("eml", message)):
            file = out / f"{edition.key}.{suffix}"
            write_private(file, data)
            files.append(file)
    except OSError as error:
        raise DigestError(f"{out}: cannot be written: {error.strerror}") from error
    return WrittenPreview(files, _sizes(email)[0], _warnings(app, edition, email))


def _email(app: App, edition: Edition, variant: Variant) -> RenderedEmail | None:
    """Return the email of a variant; the stored one if the edition was enqueued. None if the variant has no story."""
    return app.editions.emails(edition.key).get(variant.key) or app.renderer.render(edition, variant, now=app.now())


def _warnings(app: App, edition: Edition, email: RenderedEmail) -> list[str]:
    checked = app.preflight.run_checks([email], edition)
    return [*checked.errors, *checked.warnings, *checked.left_out]


def _sizes(email: RenderedEmail) -> tuple[dict[str, int], str]:
    from digest.render.size_budget import measure

    sizes = measure(email)
    names = {"decoded": sizes.decoded, "base64": sizes.base64, "quoted_printable": sizes.quoted_printable}
    return names, sizes.level


def _variants(app: App, edition: Edition) -> list[Variant]:
    """Return the variants that subscribers get; only the one with all topics if the list is invalid."""
    from digest.render.variants import EVERYTHING

    try:
        return app.enqueuer.variants_in_use(edition)
    except ConfigurationError:
        return [EVERYTHING]


def _file_stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return f"{path}:missing;"
    return f"{path}:{stat.st_mtime_ns}:{stat.st_size};"


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


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
