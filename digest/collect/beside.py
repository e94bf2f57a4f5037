"""Pictures that lie as files beside the documents of a folder, found by the names that the documents give them.

Reads below that one folder only. What is fetched has no folder, so nothing from the network can name a file: the
folder is known to a parser only while a document of it is being read (`reading`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import imagesize

from digest.collect.identity import content_hash
from digest.models import Article, Image, InlineImage

LARGEST = 200_000
"""Bytes of one picture. It travels in every reader's mail, where a phone's screen shows it 600 pixels wide."""

MAX_BYTES = 50_000_000
"""Bytes of all pictures of one folder together: they are held until the articles are saved."""

LONGEST_NAME = 1_000
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".heic", ".bmp", ".tif", ".tiff"})


# Pixels; a header that says more is damaged, or attacks the program that decodes the picture.
LARGEST_SIDE = 10_000

# What mail programs show everywhere, by the first bytes.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
)

# What is named in a warning only.
_OTHER_SIGNATURES = (
    (b"RIFF", "WebP"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"\x00\x00\x00\x1cftyp", "AVIF or HEIC"),
    (b"\x00\x00\x00 ftyp", "AVIF or HEIC"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The media type and the sides in pixels."""

    type: str
    width: int
    height: int


def read_header(data: bytes) -> Header | None:
    """The header of a PNG, JPEG or GIF; None for anything else and for sides of 0 or beyond LARGEST_SIDE.

    The signature is checked first, so that hostile data never reaches imagesize's readers of XML and boxes.
    """
    kind = next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)
    if kind is None:
        return None
    # A file object and never a string: imagesize opens strings as file names and URLs.
    width, height = imagesize.get(io.BytesIO(data))
    fits = 0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE
    return Header(kind, width, height) if fits else None


def other_format(data: bytes) -> str | None:
    """The name of a picture format that is not sent, for a warning; None if it is not known either."""
    starts = data, data.lstrip()
    return next((name for signature, name in _OTHER_SIGNATURES if any(s.startswith(signature) for s in starts)), None)


class Beside:
    """The pictures of one folder and of what is below it; each file is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Path, InlineImage | str] = {}  # the picture, or why it is none that can be sent
        self._bytes = 0

    @contextmanager
    def reading(self, document: Path, warn: Callable[[str], None]) -> Iterator[None]:
        """While the block lasts, this thread's parsers find pictures by names relative to `document`."""
        token = _open.set(_Document(self, document.parent, warn))
        try:
            yield
        finally:
            _open.reset(token)

    def names(self, file: Path) -> bool:
        """Whether a document has named this file as its picture."""
        try:
            return file.resolve() in self._known
        except OSError:
            return False

    def shown_by(self, articles: Iterable[Article]) -> tuple[InlineImage, ...]:
        """The pictures that these articles show, each once."""
        wanted = {article.image.url for article in articles if article.image}
        found = (known for known in self._known.values() if isinstance(known, InlineImage))
        return tuple({one.cid: one for one in found if f"cid:{one.cid}" in wanted}.values())

    def find(self, folder: Path, name: str) -> InlineImage | str | None:
        """The picture, why it can't be sent, or None when no file of that name is in the folder."""
        for spelled in dict.fromkeys((name, unquote(name))):
            if path := self._file(folder, spelled):
                if path not in self._known:
                    self._known[path] = self._read(path)
                return self._known[path]
        return None

    def _file(self, folder: Path, name: str) -> Path | None:
        if "\x00" in name or "\\" in name:
            return None
        try:
            path = (folder / name).resolve(strict=True)  # follows links, so that what is judged is what is read
            return path if path.is_relative_to(self._root.resolve()) and path.is_file() else None
        except (OSError, ValueError, RuntimeError):
            return None

    def _read(self, path: Path) -> InlineImage | str:
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as mistake:
            return f"can't be read ({mistake.strerror or mistake})"
        header = read_header(data)
        if header is None:
            kind = other_format(data)
            return f"is {kind}, which mail programs do not all show; use PNG, JPEG or GIF" if kind else _NO_PICTURE
        if len(data) > LARGEST:
            return f"has more than {LARGEST:,} bytes, too many for a mail; make it smaller"
        if self._bytes + len(data) > MAX_BYTES:
            return f"was left out: the folder's pictures have more than {MAX_BYTES:,} bytes together"
        self._bytes += len(data)
        cid = f"{hashlib.sha256(data).hexdigest()[:40]}@digest"
        return InlineImage(cid, header.type, data, header.width, header.height)


_NO_PICTURE = "is no PNG, JPEG or GIF by its first bytes"


class _Document:
    def __init__(self, beside: Beside, folder: Path, warn: Callable[[str], None]) -> None:
        self.beside, self.folder, self.warn = beside, folder, warn


_open: ContextVar[_Document | None] = ContextVar("document", default=None)


def found(raw: str) -> tuple[bool, Image | None]:
    """Whether `raw` names a file beside the document being read, and its picture; None and a warning for a file that
    can't be sent. Always `(False, None)` for a document that was fetched."""
    document = _open.get()
    if document is None or not is_name(raw):
        return False, None
    known = document.beside.find(document.folder, raw.strip())
    if isinstance(known, str):
        document.warn(f"its picture {raw.strip()[:80]} {known}")
        return True, None
    return known is not None, Image(f"cid:{known.cid}", known.width, known.height) if known else None


def missed(raw: str) -> None:
    """Warns that nothing is known of a picture's name: neither a file nor an address on the web."""
    document = _open.get()
    if document is not None and is_name(raw):
        document.warn(f"its picture {raw.strip()[:80]} is not in its folder")


def is_name(raw: str) -> bool:
    """Whether `raw` is relative: `bridge.png`, `pictures/bridge.png`; not `/bridge.png`, `//host/…`, `cid:…`."""
    raw = raw.strip()
    return bool(raw) and len(raw) <= LONGEST_NAME and raw[0] not in "/#?" and ":" not in raw.partition("/")[0]


def marked(article: Article) -> Article:
    """The article, known as changed when an editor gives it another picture or other words for it."""
    image = article.image
    if image is None or not image.url.startswith("cid:"):
        return article
    return replace(article, content_hash=content_hash(article.content_hash, f"{image.url} {image.alt}"))
