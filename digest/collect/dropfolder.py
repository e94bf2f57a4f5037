"""Reads what an editor puts into a folder: .txt, .md, .html, saved feeds and their like, and the pictures beside them.
Fetches and changes nothing.

Format readers are rows of a table; a file that can't be read is a warning and never ends the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from digest.collect import beside
from digest.collect.assemble import OWN_FILE, assemble
from digest.collect.beside import Beside
from digest.collect.decode import decode
from digest.collect.documents import read_document
from digest.collect.fetch import Response
from digest.collect.pages import read_page
from digest.collect.parsed import ParseResult, RawItem, WarningLog
from digest.collect.sitemap import ROOTS
from digest.collect.sniff import sniff
from digest.collect.textfiles import read_markdown, read_text
from digest.errors import DigestError
from digest.models import Article, Source

LARGEST = 10_000_000
"""Bytes of one file; larger ones are no articles."""

MAX_FILES = 5_000

READERS: dict[str, tuple[str, Callable[[str], RawItem]]] = {
    ".txt": ("text", read_text),
    ".text": ("text", read_text),
    ".md": ("markdown", read_markdown),
    ".markdown": ("markdown", read_markdown),
    ".html": ("html", read_page),
    ".htm": ("html", read_page),
    ".xhtml": ("html", read_page),
}
"""Extension → kind, and what makes an item of the decoded text."""

FEEDS = frozenset({".xml", ".rss", ".atom", ".json", ".rdf"})
_PACKED = (".xml.gz", ".json.gz", ".rss.gz")
_MAX_TOLD = 10  # of what is wrong with the pictures of one feed


class Unreadable(DigestError):
    """A file gave no article; the message names it and says why."""


def read_file(path: Path, *, source: Source, now: datetime) -> Article:
    """The article of one .txt, .md or .html file. Raises Unreadable when it holds none."""
    notes = WarningLog()
    item = _item(path, notes, now)
    articles, _, _ = assemble([item], source=source, now=now, notes=notes)
    if not articles:
        raise Unreadable(f"{path.name} holds neither a title nor a text.")
    own = tuple(warning for warning in notes.single if warning not in articles[0].warnings)
    return replace(articles[0], warnings=(*articles[0].warnings, *own))


def read_path(path: Path, source: Source, now: datetime) -> ParseResult:
    """All articles of a file, a saved feed, or a folder with everything below it, in the order of names; and the
    pictures that they show of those in the folder."""
    pictures = Beside(path if path.is_dir() else path.parent)
    parsed = _read(path, source, now, pictures)
    return replace(
        parsed,
        articles=tuple(beside.marked(article) for article in parsed.articles),
        pictures=pictures.shown_by(parsed.articles),
    )


def _read(path: Path, source: Source, now: datetime, pictures: Beside) -> ParseResult:
    try:
        if path.is_dir():
            return _folder(path, source, now, pictures)
        if not path.exists():
            return ParseResult("", error=f"{path} does not exist.")
        if _is_document(path):
            return _document(path, source, now, pictures)
        kind = READERS.get(path.suffix.lower(), ("", None))[0]
        if kind == "html" and (source.links or _is_feed(path)):  # a listing; a feed saved by a browser
            return _document(path, source, now, pictures)
        return _several([path], kind, source, now, pictures) if kind else _unknown(path, source, now, pictures)
    except OSError as mistake:
        return ParseResult("", error=f"{path} can't be read: {mistake.strerror or mistake}.")
    except Unreadable as mistake:
        return ParseResult("", error=str(mistake), lost=1)


def _folder(path: Path, source: Source, now: datetime, pictures: Beside) -> ParseResult:
    notes = WarningLog()
    files, feeds, seen = [], [], []
    for file in _files(path):
        name = file.relative_to(path).as_posix()
        if any(part.startswith((".", "~", "_")) for part in file.relative_to(path).parts):
            notes.add(f"{name} is hidden and was left out")
        elif not _within(file, path):
            notes.add(f"{name} is a link that leads out of the folder, and was left out")
        elif _is_document(file):
            feeds.append(file)
        elif file.suffix.lower() in READERS:
            files.append(file)
        elif file.suffix.lower() in beside.SUFFIXES:
            seen.append(file)
        else:
            notes.add(f"{name} is of no kind that is read here ({file.suffix or 'no extension'})")
    if len(files) > MAX_FILES:
        notes.add(f"{len(files)} files are too many; the first {MAX_FILES} were read")
    if source.links:
        notes.add("links is for one web page; this is a folder, so its pages are read as articles")
    kept = files[:MAX_FILES]
    result = _several(kept, "folder", source, now, pictures, notes, root=path)
    for file in feeds:
        inner = _document(file, source, now, pictures)
        if inner.links_only:
            inner = ParseResult(
                "", error="It holds links only; name it as a source of its own.", lost=len(inner.articles)
            )
        told = tuple(f"{file.name}: {text}" for text in (*inner.warnings, inner.error) if text)
        result = replace(
            result,
            articles=result.articles + inner.articles,
            lost=result.lost + inner.lost + bool(inner.error),
            warnings=result.warnings + told,
            duplicates=result.duplicates + inner.duplicates,
        )
    unused = (file.relative_to(path).as_posix() for file in seen if not pictures.names(file))
    told = tuple(f"{name} is a picture that no article names" for name in unused)
    return replace(result, lost=result.lost + len(files) - len(kept), warnings=result.warnings + told)


def _files(path: Path) -> list[Path]:
    """Every file below a folder, sorted; links to folders are not followed (they may lead in a circle)."""
    found = []
    for folder, _names, names in os.walk(path):
        found += [Path(folder) / name for name in names]
    return sorted(found, key=lambda file: file.as_posix())


def _several(
    files: list[Path],
    kind: str,
    source: Source,
    now: datetime,
    pictures: Beside,
    notes: WarningLog | None = None,
    root: Path | None = None,
) -> ParseResult:
    notes = notes or WarningLog()
    items, lost, why = [], 0, ""
    for file in files:
        own = WarningLog()
        try:
            with pictures.reading(file, own.add):
                items.append(_item(file, own, now, file.relative_to(root).as_posix() if root else ""))
        except (Unreadable, OSError) as mistake:
            lost += 1
            why = str(mistake) if isinstance(mistake, Unreadable) else f"{file.name} can't be read: {mistake}."
            own.add(why.rstrip("."))
        for warning in own.told():
            name = file.relative_to(root).as_posix() if root else file.name
            notes.add(warning if name in warning else f"{name}: {warning}")
    articles, more, doubles = assemble(items, source=source, now=now, notes=notes)
    error = why if root is None and lost and not articles else ""
    return ParseResult(kind, articles, lost + more, notes.told(), error=error, duplicates=doubles)


def _item(path: Path, notes: WarningLog, now: datetime, name: str = "") -> RawItem:
    """The raw item of one file, known by `name`; its mtime stands in for a date. Raises Unreadable."""
    data = _bytes(path)
    if not data.strip():
        raise Unreadable(f"{path.name} is empty.")
    text, odd = decode(data)
    if odd:
        notes.add(f"encoding: {odd}")
    kind, reader = READERS.get(path.suffix.lower(), ("text", read_text))
    try:
        item = reader(text)
    except Exception as mistake:  # a parser's bug on one file
        raise Unreadable(f"{path.name} can't be read as {kind} ({type(mistake).__name__}: {mistake}).") from mistake
    if not item.title.strip() and not item.body and not item.excerpt:
        raise Unreadable(f"{path.name} holds neither a title nor a text.")
    item.guid = item.guid or f"{OWN_FILE}{name or path.name}"
    item.seen = _mtime(path, now)
    return item


def _mtime(path: Path, now: datetime) -> datetime:
    """When the file was last written, never after `now`; `now` for a clock that never was."""
    try:
        return min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)
    except (OverflowError, ValueError):
        return now


def _within(file: Path, folder: Path) -> bool:
    """Whether a file lies in the folder after its links are followed."""
    real = Path(os.path.realpath(file))  # unlike resolve(), it bears a link that leads to itself
    return real.is_relative_to(os.path.realpath(folder))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise Unreadable(f"{path.name} is no ordinary file.")
    size = path.stat().st_size
    if size > LARGEST:
        raise Unreadable(f"{path.name} is {size:,} bytes; more than {LARGEST:,} are not read.")
    try:
        return path.read_bytes()
    except OSError as mistake:
        raise Unreadable(f"{path.name} can't be read: {mistake.strerror or mistake}.") from mistake


def _document(path: Path, source: Source, now: datetime, pictures: Beside) -> ParseResult:
    """A saved feed, sitemap or answer of an API, or a page of links."""
    try:
        data = _bytes(path)
    except Unreadable as mistake:
        return ParseResult("", error=str(mistake), lost=1)
    own = WarningLog()
    with pictures.reading(path, own.add):
        parsed = read_document(Response(200, "", data), source=source, now=now)
    told = own.told()
    if told[_MAX_TOLD:]:
        told = (*told[:_MAX_TOLD], f"{len(told) - _MAX_TOLD} more of its pictures were left out")
    parsed = replace(parsed, warnings=parsed.warnings + told)
    if parsed.further:
        return replace(parsed, error="It is an index of sitemaps, which a file can't lead to; give its address as url.")
    return parsed


def _is_document(path: Path) -> bool:
    return path.suffix.lower() in FEEDS or path.name.lower().endswith(_PACKED)


def _is_feed(path: Path) -> bool:
    if path.stat().st_size > LARGEST:
        return False
    seen = sniff(decode(path.read_bytes())[0])
    return seen.kind == "xml" and seen.root in ROOTS | {"rss", "feed", "rdf"}


def _unknown(path: Path, source: Source, now: datetime, pictures: Beside) -> ParseResult:
    """A single file of unknown extension, named by hand: read as what it looks like."""
    if not path.is_file():
        return ParseResult("", error=f"{path} is no ordinary file.")
    if path.stat().st_size <= LARGEST and sniff(decode(path.read_bytes())[0]).kind in ("xml", "json"):
        return _document(path, source, now, pictures)
    known = " ".join(sorted(READERS) + sorted(FEEDS))
    return ParseResult("", error=f"{path.name} is of no kind that is read here (known: {known}).", lost=1)
