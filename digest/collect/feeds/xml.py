"""Parse feeds into articles: RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom with feedparser, and JSON Feed. Never raises."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.cleaning.normalise import normalise_items
from digest.collect.feeds.autodiscovery import feed_link
from digest.collect.feeds.entry import entry_item, text_of
from digest.collect.feeds.sanitise_xml import MAX_ITEMS, limit_items, sanitise_xml, size_problem
from digest.collect.feeds.sitemap import title_of
from digest.collect.http.decode import decode
from digest.collect.json_api import read_json_feed
from digest.collect.markup import plain
from digest.collect.sniff import FEED_ROOTS, Sniffed, sniff
from digest.collect.types import FeedInfo, ParseContext, ParseResult, RawItem
from digest.messages import Message
from digest.models import Source

# feedparser's versions: rss091u, rss20, atom10.
_VERSION = re.compile("(rss|atom)([0-9])([0-9]+)[nu]?")


@dataclass(slots=True)
class _Feed:
    """A parsed feed before its items become articles."""

    kind: str
    info: FeedInfo
    items: list[RawItem] = field(default_factory=list)
    lost: int = 0


def parse_feed(
    data: bytes, *, source: Source, base_url: str | None = None, content_type: str = "", now: datetime
) -> ParseResult:
    """Return the articles of one feed, at most the newest MAX_ITEMS. `base_url` is its URL, `content_type` the HTTP
    header.

    HTML, dangerous entities and unknown documents give an error; for a web page, `feed_url` is the feed that it names.
    """
    context = ParseContext(source, now, base_url)
    try:
        return _parse(data, content_type, context)
    except Exception as error:
        # A parser bug triggered by one document must not end the whole collection.
        why = f"{type(error).__name__}: {str(error)[:200]}"
        return ParseResult(None, error=Message("It can't be read as a feed (%(why)s).", why=why))


def _parse(data: bytes, content_type: str, context: ParseContext) -> ParseResult:
    text, encoding_problem = decode(data, content_type)
    if encoding_problem:
        context.log.add(f"encoding: {encoding_problem}")
    document = sniff(text)
    match document.kind:
        case "empty":
            return ParseResult(None, error=Message("It is empty."))
        case "dangerous":
            message = "It declares XML entities that could expand without limit or read files, as attacks do; refused."
            return ParseResult(None, error=message)
        case "html":
            return _web_page(text, context.url)
        case "text":
            return ParseResult(None, error=Message("It is neither XML nor JSON, so it is not a feed."))
        case "json":
            feed = _json_feed(document.text, context)
        case _:
            feed = _xml_feed(document, context)
    return feed if isinstance(feed, ParseResult) else _finish(feed, context)


def _xml_feed(document: Sniffed, context: ParseContext) -> _Feed | ParseResult:
    """Return the feed, or a result with an error."""
    body, cut = limit_items(document.text)
    if cut:
        context.log.add(f"{MAX_ITEMS + cut} items are too many; the newest {MAX_ITEMS} were read")
    sanitised = sanitise_xml(body)
    if problem := size_problem(body, sanitised):
        return ParseResult(None, error=problem)
    parsed = _feedparser(sanitised)
    entries, version = parsed["entries"], parsed.get("version", "")
    if not entries and document.root in FEED_ROOTS and _is_truncated(body, document.root):
        return ParseResult(None, error=Message("Its XML ends before the first item; was it sent completely?"))
    if not version and not entries:
        return ParseResult(
            None, error=Message("It is XML, but <%(name)s> is not a known kind of feed.", name=document.root)
        )
    if parsed.get("bozo") and _is_ill_formed(parsed.get("bozo_exception")):
        context.log.add("it is not well-formed XML, so some of it may be missing")
    if not entries:
        context.log.add("it has no items")
    meta = parsed["feed"]
    built = text_of(meta, "updated") or text_of(meta, "published")
    info = FeedInfo(plain(text_of(meta, "title")), text_of(meta, "language") or None, built or None)
    feed = _Feed(_kind(version, document.root), info, lost=cut)
    base = context.url or absolute_url(text_of(meta, "link"), context.url)
    for entry in entries[:MAX_ITEMS]:
        try:
            feed.items.append(entry_item(entry, base))
        except Exception as error:
            # One odd entry must not lose the others.
            context.log.count(f"could not be read ({type(error).__name__})")
            feed.lost += 1
    return feed


def _kind(version: str, root: str) -> str:
    """Return our name for feedparser's version: rss0.91, atom. Without a version, return the root element's name."""
    match = _VERSION.fullmatch(version)
    if match is None or version == "atom10":
        return version.removesuffix("10") or ("atom" if root == "feed" else "rss")
    return f"{match[1]}{match[2]}.{match[3]}"


def _json_feed(text: str, context: ParseContext) -> _Feed | ParseResult:
    read = read_json_feed(text, context)
    return ParseResult(None, error=read) if isinstance(read, str) else _Feed("jsonfeed", *read)


def _web_page(text: str, url: str | None) -> ParseResult:
    link = feed_link(text)
    feed_url = absolute_url(link, url) or link if link else None
    error = (
        Message("It is a web page (HTML), not a feed. It names this feed: %(url)s", url=feed_url)
        if feed_url
        else Message("It is a web page (HTML), not a feed. It names no feed.")
    )
    return ParseResult("html", error=error, feed_url=feed_url)


def _finish(feed: _Feed, context: ParseContext) -> ParseResult:
    for item in feed.items:
        if not (item.title or item.body or item.excerpt):
            _add_title(item)
    made = normalise_items(feed.items, context, feed.info)
    return ParseResult(
        feed.kind,
        made.articles,
        feed.lost + made.lost,
        context.log.messages(),
        duplicates=made.duplicates,
        title=feed.info.title,
    )


def _add_title(item: RawItem) -> None:
    """Give an item without any text a title from its image's text or from its URL."""
    alt = next((image.alt for image in item.images if image.alt), "")
    item.title = alt or (title_of(item.url) if item.url else "")
    if item.title:
        item.warnings.append(f"it has no text; its title is made from its {'image' if alt else 'address'}")


def _feedparser(text: str) -> Any:
    import feedparser

    # A file object and never a string: feedparser opens strings as URLs and file names.
    # The text is decoded already, so the charset that the server declared must not be applied again.
    stream = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace"))
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _is_truncated(text: str, root: str) -> bool:
    """Whether the document's first tag is never closed."""
    return not re.search(rf"</([a-z_][a-z0-9_.-]*:)?{re.escape(root)}\s*>|<[^<>]*/>\s*\Z", text, re.IGNORECASE)


def _is_ill_formed(error: object) -> bool:
    """Whether feedparser complains about the XML, and not about the HTTP header's type or charset."""
    return type(error).__name__ in ("SAXParseException", "SAXException", "UndeclaredNamespace")
