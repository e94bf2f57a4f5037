"""What the browser is shown of an edition: the letter of each variant in use, filled for an invented reader.

Renders anew when a template, `digest.yaml`, the list or the edition has changed; a mistake is shown instead of the
letter and does not end the showing.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError, DigestError

if TYPE_CHECKING:
    from digest.app import App
    from digest.models import Edition, RenderedEmail, Variant

READER = "asha@example.com"
PHONE_SUBJECT = 38
"""Grapheme clusters that a phone's list of mails shows of a subject: 26 to 38, as measured on Devanagari."""


@dataclass(frozen=True, slots=True)
class VariantPreview:
    """A variant's letter, filled; `sizes` in bytes, `topics` '' for everything."""

    key: str
    topics: str
    subject: str
    html: str
    text: str
    sizes: Mapping[str, int]
    level: str


@dataclass(frozen=True, slots=True)
class PreviewSnapshot:
    """One state of the showing. `version` changes with it; `error` is '' or why there is nothing newer to see."""

    version: str
    edition: str = ""
    state: str = ""
    name: str = ""
    preheader: str = ""
    sheets: Mapping[str, VariantPreview] = field(default_factory=dict)
    error: str = ""


class PreviewState:
    """An edition of a newsletter folder, followed. Safe to ask from several threads."""

    def __init__(self, home: Path, key: str) -> None:
        self._home, self._key = home, key
        self._lock = threading.Lock()
        self._stamp = ""
        self._shown = PreviewSnapshot("")

    def now(self) -> PreviewSnapshot:
        """The edition as it stands; rendered only if something has changed since it was asked for last."""
        with self._lock:
            stamp = self._files()
            try:
                self._look(stamp)
            except (DigestError, ConfigurationError) as mistake:
                self._fail(stamp, str(mistake))
            except Exception as mistake:  # an odd template must not end the showing that helps to mend it
                self._fail(stamp, f"{type(mistake).__name__}: {mistake}")
            return self._shown

    def _look(self, files: str) -> None:
        from digest.app import make_app

        with make_app(self._home) as app:
            edition = app.editions.get(self._key)
            if edition is None:
                raise DigestError(f"there is no edition {self._key}")
            stamp = files + repr(edition)
            if stamp == self._stamp:
                return
            sheets = {sheet.key: sheet for sheet in _sheets(app, edition)}
            shown = PreviewSnapshot(
                _short(stamp), edition.key, edition.state, app.settings.newsletter.name, edition.preheader, sheets
            )
        self._stamp, self._shown = stamp, shown

    def _fail(self, stamp: str, said: str) -> None:
        last = self._shown
        version = _short(stamp + said)
        self._stamp = ""
        self._shown = PreviewSnapshot(version, last.edition, last.state, last.name, last.preheader, last.sheets, said)

    def _files(self) -> str:
        from digest import resources

        watched = [self._home / "digest.yaml", self._home / "subscribers.yaml"]
        for folder in (self._home / "templates", resources.templates()):
            watched += sorted(path for path in folder.rglob("*") if path.is_file())
        return "".join(map(_mark, watched))


def _sheets(app: App, edition: Edition) -> list[VariantPreview]:
    from digest.deliver.message import carried, cids, fill, recipient
    from digest.preview.frames import with_pictures
    from digest.render.size import measure

    reader = recipient(0, READER, app.sender, app.signer.letters)
    kept = app.editions.letters(edition.key)
    sheets = []
    for variant in _variants(app, edition):
        letter: RenderedEmail | None = kept.get(variant.key) or app.renderer.render(edition, variant, now=app.now())
        if letter is None:
            continue
        sizes = measure(letter)
        named = {"decoded": sizes.decoded, "base64": sizes.base64, "quoted_printable": sizes.quoted_printable}
        html, text = (fill(part, reader.values) for part in (letter.html, letter.text))
        html = with_pictures(html, carried(letter, app.articles.pictures.held(cids([letter]))))
        topics = ", ".join(section.name for section in edition.sections if section.name in (variant.topics or ()))
        sheets.append(VariantPreview(variant.key, topics, letter.subject, html, text, named, sizes.level))
    if not sheets:
        raise DigestError(f"edition {edition.key} has no story to show")
    return sheets


def _variants(app: App, edition: Edition) -> list[Variant]:
    """The letter for everything, and those of the readers' topics; a faulty list shows the first alone."""
    from digest.render.variants import variant_for

    try:
        return app.enqueuer.variants_in_use(edition)
    except ConfigurationError:
        return [variant_for(edition, (), "html")]


def _mark(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return f"{path}:gone;"
    return f"{path}:{stat.st_mtime_ns}:{stat.st_size};"


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
