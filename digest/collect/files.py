"""Read a drop folder: .txt, .md and .html files, saved feeds, and the images next to them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from digest.collect import images as local_images
from digest.collect.cleaning.identity import absolute_url
from digest.collect.cleaning.normalise import OWN_FILE, normalise_items
from digest.collect.dispatch import read_document
from digest.collect.feeds.sitemap import ROOTS
from digest.collect.http.decode import decode
from digest.collect.http.fetch import Response
from digest.collect.images import LocalImages, is_file_name, resolve_image
from digest.collect.markup import MAX_FIELD, paragraphs, plain, read_html
from digest.collect.pages.page import read_page
from digest.collect.sniff import sniff
from digest.collect.types import ParseContext, ParseResult, RawItem, WarningLog
from digest.errors import ConfigurationError, DigestError
from digest.messages import Message, mapped, message_of
from digest.models import Source, TextBlock
from digest.utils.files import real_path, valid_name
from digest.yamlio import reader

# Characters. A longer first line is a paragraph, and the text has no title.
MAX_TITLE = 250

# Characters. The CommonMark parser takes 50 µs for each bracket that is never closed.
MAX_MARKDOWN = 100_000

# Characters. A longer block between `---` lines is text, not front matter.
MAX_FRONT_MATTER = 20_000

# Lists within lists. The YAML parser's time grows with the square of the depth: 9,000 open brackets take seconds.
MAX_NESTING = 50

_CUT = "its text is extremely long and was cut"
_BRACKET = re.compile(r"[\[\]{}]")
_FENCED = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)

# Keys of the front matter by our field.
_NAMES = {
    "title": ("title", "headline", "शीर्षक"),
    "date": ("date", "published", "datepublished", "तारीख", "दिनांक"),
    "updated": ("updated", "modified", "lastmod"),
    "url": ("url", "link", "canonical", "permalink"),
    "author": ("author", "authors", "byline", "लेखक"),
    "section": ("section", "विभाग"),
    "image": ("image", "cover", "thumbnail", "तस्वीर"),
    "alt": ("image_alt", "alt"),
    "categories": ("categories", "category", "tags", "टैग"),
    "language": ("language", "lang"),
    "excerpt": ("excerpt", "summary", "description", "सार"),
    "guid": ("id", "guid"),
}


def read_text(text: str) -> RawItem:
    """Read a text file. The first line with text is the title, if it is short; blank lines separate paragraphs."""
    warnings = [_CUT] if len(text) > MAX_FIELD else []
    text = text[:MAX_FIELD].replace("\r\n", "\n").replace("\r", "\n").lstrip("\n \t\u00a0")
    lines = text.split("\n", 1)
    if len(lines[0]) > MAX_TITLE:
        return RawItem(body=paragraphs(text), warnings=warnings)
    return RawItem(title=plain_line(lines[0]), body=paragraphs("".join(lines[1:])), warnings=warnings)


def plain_line(line: str) -> str:
    """Return a title as typed by hand, with no markup: `<` is an ordinary character."""
    return " ".join(line.split())


def read_markdown(text: str) -> RawItem:
    """Parse YAML front matter, if any, and CommonMark. The first heading is the title if the front matter has none."""
    item, rest = RawItem(), text.lstrip("\ufeff")
    match = _FENCED.match(rest)
    if match and len(match[1]) <= MAX_FRONT_MATTER:
        rest = rest[match.end() :]
        _front_matter(match[1], item)
    from markdown_it import MarkdownIt

    if len(rest) > MAX_MARKDOWN:
        item.warnings.append(_CUT)
    content = read_html(MarkdownIt("commonmark").render(rest[:MAX_MARKDOWN]), item.url)
    body = content.blocks
    if (body and body[0].kind == "h" and (not item.title or body[0].text == item.title)) or (not item.title and body):
        item.title, body = body[0].text, body[1:]
    if body and not any(block.kind == "p" for block in body):
        body = [TextBlock("p", block.text) for block in body]
    item.body = body
    item.images += content.images
    return item


def _front_matter(block: str, item: RawItem) -> None:
    if _brackets_deep(block) > MAX_NESTING:
        item.warnings.append("its front matter is nested too deeply")
        return
    try:
        values = reader.read_text(block, "front matter")
    except ConfigurationError as error:
        problem = error.problems[0]
        item.warnings.append(f"its front matter is not YAML, line {problem.line + 1}: {problem.message}")
        return
    if not isinstance(values, dict):
        item.warnings.append("its front matter has no keys")
        return
    given = {str(key).strip().lower(): value for key, value in values.items()}
    found = {
        field: next((given[name] for name in names if given.get(name) is not None), None)
        for field, names in _NAMES.items()
    }
    item.title = plain(_scalar(found["title"]))
    item.date, item.updated = _scalar(found["date"]) or None, _scalar(found["updated"]) or None
    raw = _scalar(found["url"])
    item.url = absolute_url(raw, None)
    if raw and not item.url:
        item.warnings.append("its url is not http or https")
    item.author = plain(", ".join(_list(found["author"]))) or None
    item.section, item.guid = plain(_scalar(found["section"])) or None, _scalar(found["guid"]) or None
    item.language = _scalar(found["language"]) or None
    item.excerpt = plain(_scalar(found["excerpt"]))
    item.categories = [plain(name) for name in _list(found["categories"])]
    raw = _scalar(found["image"])
    if image := resolve_image(raw, item.url):
        item.images.append(replace(image, alt=plain(_scalar(found["alt"]))[:300]))
    elif found["image"] and not is_file_name(raw):
        item.warnings.append("its image is neither a file next to it nor an http or https URL")


def _brackets_deep(block: str) -> int:
    """Return the most brackets that are open at once, those in quoted texts included."""
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKET.findall(block))
    return max(accumulate(steps, lambda depth, step: max(depth + step, 0), initial=0))


def _scalar(value: Any) -> str:
    """Return a YAML value as text, '' for lists and mappings."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else []
    return [text for one in values[:50] if (text := _scalar(one))]


# Bytes; larger files are not articles.
MAX_BYTES = 10_000_000

MAX_FILES = 5_000

# Kind and parser by extension. A parser makes an item of the decoded text.
READERS: dict[str, tuple[str, Callable[[str], RawItem]]] = {
    ".txt": ("text", read_text),
    ".text": ("text", read_text),
    ".md": ("markdown", read_markdown),
    ".markdown": ("markdown", read_markdown),
    ".html": ("html", read_page),
    ".htm": ("html", read_page),
    ".xhtml": ("html", read_page),
}

FEEDS = frozenset({".xml", ".rss", ".atom", ".json", ".rdf"})
_COMPRESSED = (".xml.gz", ".json.gz", ".rss.gz")

# Warnings about the images of one feed.
_MAX_IMAGE_WARNINGS = 10


class Unreadable(DigestError):
    """A file gave no article. The message names it and says why."""


def read_path(path: Path, source: Source, now: datetime) -> ParseResult:
    """Return all articles of a file, a saved feed, or a folder and its subfolders, and the images that they show."""
    images = LocalImages(path if path.is_dir() else path.parent)
    parsed = _PathReader(source, now, images).read(path)
    return replace(
        parsed,
        articles=tuple(local_images.with_image_in_hash(article) for article in parsed.articles),
        images=images.used_by(parsed.articles),
        warnings=tuple(map(valid_name, parsed.warnings)),
        error=mapped(parsed.error, valid_name) if parsed.error else None,
    )


@dataclass(frozen=True, slots=True)
class _PathReader:
    """Reads files and folders for one source."""

    source: Source
    now: datetime
    images: LocalImages

    def read(self, path: Path) -> ParseResult:
        try:
            if path.is_dir():
                return self._folder(path)
            if not path.exists():
                return ParseResult(None, error=Message("%(path)s does not exist.", path=path))
            if _is_document(path):
                return self._document(path)
            kind = READERS[path.suffix.lower()][0] if path.suffix.lower() in READERS else None
            # A listing, or a feed that a browser saved.
            if kind == "html" and (self.source.links or _is_feed(path)):
                return self._document(path)
            return self._single_file(path, kind) if kind else self._unknown(path)
        except OSError as error:
            return ParseResult(
                None, error=Message("%(path)s can't be read: %(why)s.", path=path, why=error.strerror or error)
            )
        except Unreadable as error:
            return ParseResult(None, error=message_of(error), lost=1)

    def _folder(self, folder: Path) -> ParseResult:
        context = ParseContext(self.source, self.now)
        log = context.log
        files, feeds, images = [], [], []
        for file in _all_files(folder):
            name = file.relative_to(folder).as_posix()
            if any(part.startswith((".", "~", "_")) for part in file.relative_to(folder).parts):
                log.add(f"{name} is hidden and was left out")
            elif not _is_within(file, folder):
                log.add(f"{name} is a link that leads out of the folder, and was left out")
            elif _is_document(file):
                feeds.append(file)
            elif file.suffix.lower() in READERS:
                files.append(file)
            elif file.suffix.lower() in local_images.SUFFIXES:
                images.append(file)
            else:
                log.add(f"{name} has an unsupported format ({file.suffix or 'no extension'})")
        if len(files) > MAX_FILES:
            log.add(f"{len(files)} files are too many; the first {MAX_FILES} were read")
        if self.source.links:
            log.add("`links` is for one web page; this is a folder, so its pages are read as articles")
        items, lost, _ = self._items(files[:MAX_FILES], context, folder)
        made = normalise_items(items, context)
        result = ParseResult("folder", made.articles, lost + made.lost, log.messages(), duplicates=made.duplicates)
        for file in feeds:
            feed = self._document(file)
            if feed.links_only:
                message = "It has links only; add it as a separate source."
                feed = ParseResult(None, error=message, lost=len(feed.articles))
            warnings = tuple(f"{file.name}: {text}" for text in (*feed.warnings, feed.error) if text)
            result = replace(
                result,
                articles=result.articles + feed.articles,
                lost=result.lost + feed.lost + bool(feed.error),
                warnings=result.warnings + warnings,
                duplicates=result.duplicates + feed.duplicates,
            )
        unused = (file.relative_to(folder).as_posix() for file in images if not self.images.is_used(file))
        warnings = tuple(f"{name} is an image that no article uses" for name in unused)
        skipped = max(0, len(files) - MAX_FILES)
        return replace(result, lost=result.lost + skipped, warnings=result.warnings + warnings)

    def _single_file(self, path: Path, kind: str) -> ParseResult:
        context = ParseContext(self.source, self.now)
        items, lost, error = self._items([path], context, None)
        made = normalise_items(items, context)
        return ParseResult(
            kind,
            made.articles,
            lost + made.lost,
            context.log.messages(),
            error=None if made.articles else error,
            duplicates=made.duplicates,
        )

    def _items(
        self, files: list[Path], context: ParseContext, folder: Path | None
    ) -> tuple[list[RawItem], int, str | None]:
        """Return the items of the files, the number of unreadable files, and why the last of these is unreadable."""
        items, lost = [], 0
        error = None
        for file in files:
            name = valid_name(file.relative_to(folder).as_posix() if folder else file.name)
            own = replace(context, log=WarningLog())
            try:
                with self.images.open_document(file, own.log.add):
                    items.append(_item(file, own, name))
            except (Unreadable, OSError) as problem:
                lost += 1
                error = (
                    message_of(problem)
                    if isinstance(problem, Unreadable)
                    else Message("%(path)s can't be read: %(why)s.", path=file.name, why=problem)
                )
                own.log.add(error.rstrip("."))
            for warning in map(valid_name, own.log.messages()):
                context.log.add(warning if name in warning else f"{name}: {warning}")
        return items, lost, error

    def _document(self, path: Path) -> ParseResult:
        """Return a saved feed, sitemap or API response, or a page of links."""
        try:
            data = _read_bytes(path)
        except Unreadable as error:
            return ParseResult(None, error=message_of(error), lost=1)
        log = WarningLog()
        with self.images.open_document(path, log.add):
            parsed = read_document(Response(200, None, data), source=self.source, now=self.now)
        warnings = log.messages()
        more = len(warnings) - _MAX_IMAGE_WARNINGS
        if more > 0:
            warnings = (*warnings[:_MAX_IMAGE_WARNINGS], f"{more} more of its images were left out")
        parsed = replace(parsed, warnings=parsed.warnings + warnings)
        if parsed.further:
            message = "It is a sitemap index, whose sitemaps can't be fetched from a file; give its address as url."
            return replace(parsed, error=message)
        return parsed

    def _unknown(self, path: Path) -> ParseResult:
        """Read a single file with an unknown extension by its content."""
        if not path.is_file():
            return ParseResult(None, error=f"{path} is not a regular file.")
        if path.stat().st_size <= MAX_BYTES and sniff(decode(path.read_bytes())[0]).kind in ("xml", "json"):
            return self._document(path)
        supported = " ".join(sorted(READERS) + sorted(FEEDS))
        return ParseResult(None, error=f"{path.name} has an unsupported format (supported: {supported}).", lost=1)


def _all_files(folder: Path) -> list[Path]:
    """Return all files below a folder, sorted. Links to folders are not followed, as they may lead in a circle."""
    found = []
    for parent, _folders, names in os.walk(folder):
        found += [Path(parent) / name for name in names]
    return sorted(found, key=lambda file: file.as_posix())


def _item(path: Path, context: ParseContext, name: str) -> RawItem:
    """Return the item of one file, identified by `name`, dated by its modification time. Raises Unreadable."""
    data = _read_bytes(path)
    if not data.strip():
        raise Unreadable(f"{path.name} is empty.")
    text, encoding_problem = decode(data)
    if encoding_problem:
        context.log.add(f"encoding: {encoding_problem}")
    kind, read = READERS.get(path.suffix.lower(), ("text", read_text))
    try:
        item = read(text)
    except Exception as error:
        # A parser bug triggered by one file must not stop the others.
        raise Unreadable(f"{path.name} can't be read as {kind} ({type(error).__name__}: {error}).") from error
    if not item.title.strip() and not item.body and not item.excerpt:
        raise Unreadable(Message("%(path)s has neither a title nor a text.", path=path.name))
    item.guid = item.guid or f"{OWN_FILE}{name}"
    item.modified = _modification_time(path, context.now)
    return item


def _modification_time(path: Path, now: datetime) -> datetime:
    """Return the file's modification time, but never later than `now`; `now` if the time is invalid."""
    try:
        return min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)
    except (OverflowError, ValueError):
        return now


def _is_within(file: Path, folder: Path) -> bool:
    """Whether a file is in the folder after its links are followed."""
    return real_path(file).is_relative_to(real_path(folder))


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise Unreadable(f"{path.name} is not a regular file.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Unreadable(f"{path.name} has {size:,} bytes; the limit is {MAX_BYTES:,}.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(
            Message("%(path)s can't be read: %(why)s.", path=path.name, why=error.strerror or error)
        ) from error


def _is_document(path: Path) -> bool:
    return path.suffix.lower() in FEEDS or path.name.lower().endswith(_COMPRESSED)


def _is_feed(path: Path) -> bool:
    if path.stat().st_size > MAX_BYTES:
        return False
    document = sniff(decode(path.read_bytes())[0])
    return document.kind == "xml" and document.root in ROOTS | {"rss", "feed", "rdf"}
