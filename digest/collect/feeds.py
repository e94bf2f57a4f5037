"""Reads feeds of every kind into articles: RSS 0.9 to 2.0, RSS 1.0 (RDF), Atom, JSON Feed. Fetches nothing.

Never raises: a bad item becomes a warning or a lost one, a bad document an error in the result.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

from digest.collect.assemble import assemble
from digest.collect.decode import decode
from digest.collect.entries import entry_item
from digest.collect.feedlink import feed_link
from digest.collect.identity import absolute_url
from digest.collect.jsonfeed import read_json_feed
from digest.collect.markup import plain
from digest.collect.parsed import ParseResult, RawItem, WarningLog
from digest.collect.sitemap import title_of
from digest.collect.sniff import FEED_ROOTS, sniff
from digest.collect.taming import (
    MAX_ITEMS,
    MAX_PREFIXES,
    MAX_TAGS,
    limit_items,
    sanitise_xml,
    too_expensive,
    too_many_prefixes,
    too_many_tags,
)
from digest.models import Source

_KINDS = {
    "rss090": "rss0.90",
    "rss091n": "rss0.91",
    "rss091u": "rss0.91",
    "rss092": "rss0.92",
    "rss093": "rss0.93",
    "rss094": "rss0.94",
    "rss20": "rss2.0",
    "rss10": "rss1.0",
    "rss": "rss",
    "atom01": "atom0.1",
    "atom02": "atom0.2",
    "atom03": "atom0.3",
    "atom10": "atom",
    "atom": "atom",
    "cdf": "cdf",
}
"""feedparser's names → ours."""


def parse_feed(
    data: bytes, *, source: Source, base_url: str = "", content_type: str = "", now: datetime
) -> ParseResult:
    """Articles of one feed document.

    `base_url` is where it was found (links are made absolute against it), `content_type` the HTTP header. HTML,
    entity declarations and unknown documents give `error`; for a web page `feed_url` is the feed that it names.
    Feeds of more than 1,000 items are cut to the newest; the others count as lost.
    """
    try:
        return _parse(data, source, base_url, content_type, now)
    except Exception as mistake:  # a parser's bug on one document must not end the whole collection
        return ParseResult("", error=f"It can't be read as a feed ({type(mistake).__name__}: {str(mistake)[:200]}).")


def _parse(data: bytes, source: Source, base_url: str, content_type: str, now: datetime) -> ParseResult:
    text, odd = decode(data, content_type)
    notes = WarningLog()
    if odd:
        notes.add(f"encoding: {odd}")
    seen = sniff(text)
    match seen.kind:
        case "empty":
            return ParseResult("", error="It is empty.")
        case "bomb":
            return ParseResult(
                "", error="It declares XML entities that could grow or read files, as attacks do; refused."
            )
        case "html":
            return _page(text, base_url)
        case "text":
            return ParseResult("", error="It is neither XML nor JSON, so it is no feed.")
        case "json":
            return _json(seen.text, source, base_url, now, notes)
    body, cut = limit_items(seen.text)
    if cut:
        notes.add(f"{MAX_ITEMS + cut} items are too many; the newest {MAX_ITEMS} were read")
    if too_many_tags(body):
        return ParseResult("", error=f"It has more than {MAX_TAGS:,} tags, which no feed needs; refused.")
    if too_many_prefixes(body):
        return ParseResult("", error=f"It declares more than {MAX_PREFIXES} namespaces, which no feed needs; refused.")
    tamed = sanitise_xml(body)
    if too_expensive(tamed):
        return ParseResult("", error="It has more tags, references or categories than any feed needs; refused.")
    parsed = _feedparser(tamed)
    if not parsed["entries"] and seen.root in FEED_ROOTS and _breaks_off(body, seen.root):
        return ParseResult("", error="Its XML breaks off before the first item; was it sent whole?")
    if not parsed.get("version") and not parsed["entries"]:
        return ParseResult("", error=f"It is XML, but <{seen.root}> is no feed that we know.")
    if parsed.get("bozo") and _is_ill_formed(parsed.get("bozo_exception")):
        notes.add("it is not well-formed XML and was read tolerantly")
    feed = parsed["feed"]
    base = _base(feed, base_url)
    items: list[RawItem] = []
    lost = cut
    for entry in parsed["entries"][:MAX_ITEMS]:
        try:
            items.append(entry_item(entry, base))
        except Exception as mistake:  # one odd entry
            notes.count(f"could not be read ({type(mistake).__name__})")
            lost += 1
    if not parsed["entries"]:
        notes.add("it holds no items")
    kind = _KINDS.get(parsed.get("version", ""), "rss" if seen.root != "feed" else "atom")
    built = _text(feed, "updated") or _text(feed, "published")
    return _finish(kind, items, source, now, notes, lost, _text(feed, "language"), plain(_text(feed, "title")), built)


def _breaks_off(body: str, root: str) -> bool:
    """Whether the document's first tag is never closed."""
    return not re.search(rf"</([a-z_][a-z0-9_.-]*:)?{re.escape(root)}\s*>|<[^<>]*/>\s*\Z", body, re.IGNORECASE)


def _finish(
    kind: str,
    items: list[RawItem],
    source: Source,
    now: datetime,
    notes: WarningLog,
    lost: int,
    language: str,
    site: str,
    built: str = "",
) -> ParseResult:
    for item in items:
        if not (item.title or item.body or item.excerpt):
            _name_bare(item)
    articles, more, doubles = assemble(
        items, source=source, now=now, notes=notes, hint=language[:35], site=site, built=built
    )
    return ParseResult(kind, articles, lost + more, notes.told(), duplicates=doubles, title=site)


def _name_bare(item: RawItem) -> None:
    """Give an item without any text the words of its picture or of its address for a title, when it has one."""
    alt = next((image.alt for image in item.images if image.alt), "")
    item.title = alt or (title_of(item.url) if item.url else "")
    if item.title:
        item.warnings.append(f"it has no text; the words of its {'picture' if alt else 'address'} stand in")


def _json(text: str, source: Source, base_url: str, now: datetime, notes: WarningLog) -> ParseResult:
    read = read_json_feed(text, base_url, MAX_ITEMS)
    if read.error:
        return ParseResult("", error=read.error)
    for warning in read.warnings:
        notes.add(warning)
    return _finish("jsonfeed", read.items, source, now, notes, read.lost, read.language, read.title)


def _page(text: str, base_url: str) -> ParseResult:
    link = feed_link(text)
    found = absolute_url(link, base_url) or link
    hint = f" It names this feed: {found}" if found else " It names no feed."
    return ParseResult("html", error=f"It is a web page (HTML), not a feed.{hint}", feed_url=found)


def _feedparser(text: str) -> Any:
    import feedparser

    # A file object and never a string: feedparser takes strings for URLs and file names, and opens them.
    # The text was decoded here, so what the server says about its charset must not be heard again.
    stream = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace"))
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _is_ill_formed(mistake: object) -> bool:
    """Whether feedparser's complaint is about the XML and not about the HTTP header's type or charset."""
    return type(mistake).__name__ in ("SAXParseException", "SAXException", "UndeclaredNamespace")


def _base(feed: Any, base_url: str) -> str:
    """What relative links of items are relative to: the feed's address, else the site's."""
    site = absolute_url(_text(feed, "link"), base_url)
    return base_url or site


def _text(feed: Any, name: str) -> str:
    value = dict.get(feed, name, "")
    return value if isinstance(value, str) else ""
