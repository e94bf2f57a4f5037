"""Images that documents name: files next to them, or URLs. Recognises decoration such as tracking pixels and spacers.

A file can be named only while a document of its folder is being read (`open_document`), never from the network.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import imagesize

from digest.collect.cleaning.identity import absolute_url, content_hash
from digest.models import Article, Image, InlineImage
from digest.utils.files import real_path

# Bytes of one image: a large photograph. A smaller copy is made for emails.
MAX_IMAGE_BYTES = 5_000_000

# Bytes of all images of one folder, which stay in memory until the articles are saved.
MAX_BYTES = 50_000_000

MAX_NAME_LENGTH = 1_000
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".heic", ".bmp", ".tif", ".tiff"})

# Pixels. A header with more is damaged, or attacks the program that decodes the image.
MAX_SIDE = 10_000

# The formats that all mail programs show, by their first bytes.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The media type and the sides in pixels."""

    type: str
    width: int
    height: int


def read_header(data: bytes) -> Header | None:
    """Return the header of a PNG, JPEG or GIF, else None.

    The signature is checked before imagesize sees hostile data.
    """
    kind = next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)
    if kind is None:
        return None
    # A file object and never a string: imagesize opens strings as file names and URLs.
    width, height = imagesize.get(io.BytesIO(data))
    fits = 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE
    return Header(kind, width, height) if fits else None


class LocalImages:
    """The images of one folder and its subfolders. Each file is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # The image of each path, or why it can't be sent.
        self._images: dict[Path, InlineImage | str] = {}
        self._total_bytes = 0

    @contextmanager
    def open_document(self, document: Path, warn: Callable[[str], None]) -> Iterator[None]:
        """For the duration of the block, parsers in this thread find images by names relative to `document`."""
        token = _document.set(_Document(self, document.parent, warn))
        try:
            yield
        finally:
            _document.reset(token)

    def is_used(self, file: Path) -> bool:
        """Whether a document has named this file as its image."""
        return real_path(file) in self._images

    def used_by(self, articles: Iterable[Article]) -> tuple[InlineImage, ...]:
        """Return the images that these articles show, each once."""
        urls = {article.image.url for article in articles if article.image}
        images = (image for image in self._images.values() if isinstance(image, InlineImage))
        return tuple({image.cid: image for image in images if f"cid:{image.cid}" in urls}.values())

    def find(self, folder: Path, name: str) -> InlineImage | str | None:
        """Return the image, why it can't be sent, or None if the folder has no such file."""
        for spelling in dict.fromkeys((name, unquote(name))):
            if path := self._path(folder, spelling):
                if path not in self._images:
                    self._images[path] = self._read(path)
                return self._images[path]
        return None

    def _path(self, folder: Path, name: str) -> Path | None:
        if "\x00" in name or "\\" in name:
            return None
        try:
            # Links are followed first, so that the checked path is the one that is read.
            path = (folder / name).resolve(strict=True)
            return path if path.is_relative_to(self._root.resolve()) and path.is_file() else None
        except (OSError, ValueError, RuntimeError):
            return None

    def _read(self, path: Path) -> InlineImage | str:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_IMAGE_BYTES + 1)
        except OSError as error:
            return f"can't be read ({error.strerror or error})"
        header = read_header(data)
        if header is None:
            return "is not a PNG, JPEG or GIF file, the formats that all mail programs show"
        if len(data) > MAX_IMAGE_BYTES:
            return f"has more than {MAX_IMAGE_BYTES:,} bytes; make it smaller"
        if self._total_bytes + len(data) > MAX_BYTES:
            return f"was left out: the folder's images have more than {MAX_BYTES:,} bytes together"
        self._total_bytes += len(data)
        cid = f"{hashlib.sha256(data).hexdigest()[:40]}@digest"
        return InlineImage(cid, header.type, data, header.width, header.height)


@dataclass(frozen=True, slots=True)
class _Document:
    """The document that is being read."""

    images: LocalImages
    folder: Path
    warn: Callable[[str], None]


_document: ContextVar[_Document | None] = ContextVar("document", default=None)


def find_local(raw: str) -> tuple[bool, Image | None]:
    """Return whether `raw` names a file next to the document, and its image. The image is None, with a warning, if it
    can't be sent.
    """
    document = _document.get()
    if document is None or not is_file_name(raw):
        return False, None
    image = document.images.find(document.folder, raw.strip())
    if isinstance(image, str):
        document.warn(f"its image {raw.strip()[:80]} {image}")
        return True, None
    return image is not None, Image(f"cid:{image.cid}", image.width, image.height) if image else None


def warn_missing(raw: str) -> None:
    """Warn that an image's name is neither a file nor a URL."""
    document = _document.get()
    if document is not None and is_file_name(raw):
        document.warn(f"its image {raw.strip()[:80]} is not in its folder")


def is_file_name(raw: str) -> bool:
    """Whether `raw` is a relative path: `bridge.png`, `images/bridge.png`; not `/bridge.png`, `//host/…`, `cid:…`."""
    raw = raw.strip()
    return bool(raw) and len(raw) <= MAX_NAME_LENGTH and raw[0] not in "/#?" and ":" not in raw.partition("/")[0]


def with_image_in_hash(article: Article) -> Article:
    """Return the article with its local image in the content hash, so that a new image counts as a change."""
    image = article.image
    if image is None or not image.url.startswith("cid:"):
        return article
    return replace(article, content_hash=content_hash(article.content_hash, f"{image.url} {image.alt}"))


# Pixels. What is smaller in one direction is a spacer or a counter.
MIN_SIDE = 10

# Patterns of URLs, each with an example that is its test.

DECORATION: tuple[tuple[str, str], ...] = (
    (r"/1x1\.", "https://example.com/img/1x1.gif"),
    (r"//feeds\.feedburner\.com/~", "http://feeds.feedburner.com/~r/example/~4/abc"),
    (r"//pixel\.", "https://pixel.example.com/p.gif?id=1"),
    (r"//stats\.wordpress\.com/", "https://stats.wordpress.com/b.gif?v=noscript"),
    (r"//pixel\.wp\.com/", "https://pixel.wp.com/b.gif?host=example.com"),
    (r"//s\.w\.org/images/core/emoji/", "https://s.w.org/images/core/emoji/14.0.0/72x72/1f600.png"),
    (r"//[a-z0-9.]*\.gravatar\.com/", "https://secure.gravatar.com/avatar/00"),
    (r"//ad\.doubleclick\.net/", "https://ad.doubleclick.net/ddm/trackimp/x"),
    (r"//(?:www\.)?google-analytics\.com/", "https://www.google-analytics.com/collect?v=1"),
    (r"//(?:www\.)?facebook\.com/tr\b", "https://www.facebook.com/tr?id=1&ev=PageView"),
    (r"//sb\.scorecardresearch\.com/", "https://sb.scorecardresearch.com/p?c1=2"),
    (r"/(?:default|social-banner)[^/]*\.(?:png|jpe?g|webp)", "https://example.com/img/default_500.png"),
    (r"/(?:tracking|beacon|counter|count)(?:[./?]|$)", "https://example.com/tracking.gif"),
    (r"/(?:spacer|blank|transparent|placeholder)[^/]*\.(?:gif|png|svg)", "https://example.com/spacer.gif"),
)

_DECORATION = re.compile("|".join(f"(?:{pattern})" for pattern, _example in DECORATION), re.I)


def resolve_image(raw: str, base: str | None, width: int | None = None, height: int | None = None) -> Image | None:
    """Return the image that a document names: a file next to it, else a URL relative to `base`; None if neither."""
    is_local, image = find_local(raw)
    if is_local:
        return image
    url = absolute_url(raw, base)
    if not url:
        warn_missing(raw)
        return None
    return Image(url, width, height)


def is_decoration(url: str, width: int | None, height: int | None) -> bool:
    """Whether an image only counts visitors or decorates. Sizes are in pixels, None if unknown."""
    is_small = any(side is not None and side < MIN_SIDE for side in (width, height))
    return is_small or bool(_DECORATION.search(url))
