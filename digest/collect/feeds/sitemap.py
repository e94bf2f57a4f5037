"""Parse sitemaps (https://www.sitemaps.org/protocol.html) and news sitemaps into articles.

Elements are identified by their local names, as publishers use different prefixes and sometimes do not declare them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from digest.collect.cleaning.identity import absolute_url, canonical_url
from digest.collect.cleaning.normalise import normalise_items
from digest.collect.feeds.dates import parse_date
from digest.collect.feeds.sanitise_xml import MAX_ITEMS, sanitise_xml
from digest.collect.images import is_decoration
from digest.collect.markup import plain
from digest.collect.types import FeedInfo, ParseContext, ParseResult, RawItem, WarningLog
from digest.messages import Message
from digest.models import Image

ROOTS = frozenset({"urlset", "sitemapindex"})

# Links used from a sitemap without titles: the page of each must be fetched.
MAX_LINKS = 50

# Sitemaps of an index that are read.
MAX_CHILDREN = 5

# Opening and closing tags: the protocol's 50,000 URLs with ten elements each.
MAX_TAGS = 1_000_000

# The protocol allows 50,000; the rest is not read.
MAX_URLS = 60_000

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_HTML_ENTITY = re.compile("&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]{1,30};")
_OLDEST = datetime(1, 1, 2, tzinfo=UTC)
_WITHOUT_ARTICLES = re.compile(
    r"(?<![a-z])(?:categor(?:y|ies)|tags?|authors?|pages?|static|sections?|videos?|images?|photos?|topics?|taxonom"
    r"(?:y|ies)|web-?stor(?:y|ies)|visual-?stor(?:y|ies))(?![a-z])",
    re.I,
)
_MONTH_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2})[-_/]?(0[1-9]|1[0-2])(?:[-_/]?([0-2][0-9]|3[01]))?(?![0-9])")
_NOT_PAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp4", ".mp3", ".pdf", ".xml")
_DEVANAGARI_WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2,}")


def parse_sitemap(text: str, context: ParseContext) -> ParseResult:
    """Return the articles of a `<urlset>`, or the URLs of the sitemaps that a `<sitemapindex>` names.

    If no URL has a title, the newest MAX_LINKS become links only. Otherwise URLs without a title are dropped.
    """
    log = context.log
    if text.count("<") > MAX_TAGS:
        return ParseResult(None, error=f"It has more than {MAX_TAGS:,} tags, which no sitemap needs; refused.")
    root = _tree(text)
    if root is None:
        return ParseResult(None, error=Message("It looks like a sitemap but can't be read as XML."))
    if _local(root) == "sitemapindex":
        return _index(root, context.url, log)
    entries = [_fields(node) for node in islice(_children(root, "url"), MAX_URLS)]
    links_only = not any(_title_in(entry) for entry in entries)
    chosen = _newest_first(entries)[:MAX_LINKS] if links_only else _newest(entries)
    if len(chosen) < len(entries):
        which = f"the newest {len(chosen)} of its {len(entries)} URLs were used"
        log.add(f"it gives links without titles; {which}" if links_only else which)
    items = [item for entry in chosen if _is_page((item := _item(entry, context.url)).url)]
    for _ in range(len(chosen) - len(items)):
        log.count("its URL is not that of an article, so it was left out")
    for item in items if links_only else ():
        item.title = title_of(item.url) if item.url else ""
    if not entries:
        log.add("it has no items")
    feed = FeedInfo(
        title=plain(next((entry["name"] for entry in chosen if "name" in entry), "")),
        language=next((entry["language"] for entry in chosen if "language" in entry), None),
    )
    lost = len(chosen) - len(items) + (0 if links_only else len(entries) - len(chosen))
    made = normalise_items(items, context, feed)
    articles = made.articles
    # lastmod is when the page changed. The page itself may name an earlier day.
    if links_only:
        articles = tuple(replace(article, dated=False) for article in articles)
    return ParseResult(
        "sitemap",
        articles,
        lost + made.lost,
        log.messages(),
        duplicates=made.duplicates,
        links_only=links_only and bool(articles),
        title=feed.title,
    )


def title_of(url: str) -> str:
    """Return a provisional title: the Hindi words of the URL, or two Latin words.

    Pages do not contain longer transcriptions.
    """
    parts = urlsplit(url)
    latin: list[str] = []
    for piece in reversed([one for one in unquote(parts.path).split("/") if one]):
        words = _DEVANAGARI_WORD.findall(piece)
        if len(words) > 1:
            return " ".join(words)[:300]
        found = _LATIN_WORD.findall(piece.partition(".")[0])
        if len(found) > 1:
            latin = found
            break
        latin = latin or found
    latin = latin or _LATIN_WORD.findall(parts.netloc.removeprefix("www."))[:1]
    return f"{' '.join(latin[:2])[:60]} …".strip()


def _tree(text: str) -> Any:
    from lxml import etree

    text = _NOT_XML.sub("", sanitise_xml(text))
    text = _HTML_ENTITY.sub(lambda name: html.unescape(name[0]), text) if "&" in text else text
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def _local(node: Any) -> str:
    """Return the element's name without namespace and prefix, in lower case; '' for comments."""
    return node.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(node.tag, str) else ""


def _children(root: Any, name: str) -> Iterator[Any]:
    return (node for node in root.iter() if _local(node) == name)


def _fields(node: Any) -> dict[str, str]:
    """Return the fields of a URL: `loc`, and those of its news, image and video elements."""
    fields: dict[str, str] = {}
    for inner in node.iterdescendants():
        name, text = _local(inner), (inner.text or "").strip()
        parent = _local(inner.getparent())
        if parent in ("image", "video"):
            name = f"{parent} {name}"
        elif name == "url":
            # An element that is never closed.
            break
        if text:
            fields.setdefault(name, text)
    return fields


def _title_in(entry: dict[str, str]) -> str:
    return entry.get("title") or entry.get("video title", "")


def _date_in(entry: dict[str, str]) -> str:
    return (entry.get("publication_date") or entry.get("video publication_date") or entry.get("lastmod", ""))[:100]


def _item(entry: dict[str, str], base: str | None) -> RawItem:
    item = RawItem(url=absolute_url(entry.get("loc", ""), base), title=plain(_title_in(entry)))
    item.date = _date_in(entry) or None
    item.updated = entry.get("lastmod", "")[:100] or None
    item.language = entry.get("language", "")[:35] or None
    item.categories = [name for one in entry.get("keywords", "")[:3000].split(",") if (name := plain(one)[:100])]
    for key in ("image loc", "video thumbnail_loc"):
        image = absolute_url(entry.get(key, ""), item.url)
        if image and not is_decoration(image, None, None):
            alt = entry.get("image title") or entry.get("image caption", "")
            item.images.append(Image(image, alt=plain(alt)[:300]))
    return item


def _newest_first(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    """Sort by date, undated ones last; entries with equal dates keep their order."""
    return sorted(entries, key=lambda entry: parse_date(_date_in(entry)) or _OLDEST, reverse=True)


def _newest(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the newest MAX_ITEMS in the document's order."""
    if len(entries) <= MAX_ITEMS:
        return entries
    kept = {id(entry) for entry in _newest_first(entries)[:MAX_ITEMS]}
    return [entry for entry in entries if id(entry) in kept]


def _is_page(url: str | None) -> bool:
    """Whether a URL can be an article's: not a home page, not an image."""
    if not url:
        return False
    path = urlsplit(url).path
    return bool(path.strip("/") or urlsplit(url).query) and not path.lower().endswith(_NOT_PAGES)


def _index(root: Any, base: str | None, log: WarningLog) -> ParseResult:
    """Return the newest sitemaps of an index. Sitemaps of news come first, sitemaps of categories and tags last."""
    found: dict[str, tuple[int, float, str]] = {}
    for node in islice(_children(root, "sitemap"), MAX_URLS):
        entry = _fields(node)
        url = absolute_url(entry.get("loc", ""), base)
        if url:
            name = urlsplit(url).path + "?" + urlsplit(url).query
            rank = 0 if "news" in name.lower() else 2 if _WITHOUT_ARTICLES.search(name) else 1
            found.setdefault(canonical_url(url) or url, (rank, -_change_time(entry, name).timestamp(), url))
    if not found:
        return ParseResult("sitemap", error=Message("It is a sitemap index that names no sitemaps."))
    ranked = sorted(found.values(), key=lambda child: child[:2])
    best = [url for rank, _age, url in ranked if rank == ranked[0][0]][:MAX_CHILDREN]
    if len(best) < len(found):
        log.add(f"its index names {len(found)} sitemaps; {len(best)} of them are read")
    return ParseResult("sitemap", warnings=log.messages(), further=tuple(best))


def _change_time(entry: dict[str, str], name: str) -> datetime:
    """Return when a sitemap last changed: its lastmod, else the month in its name."""
    date = parse_date(entry.get("lastmod", "")[:100]) if "lastmod" in entry else None
    if date is None and (month := list(_MONTH_IN_NAME.finditer(name))):
        date = parse_date(f"{month[-1][1]}-{month[-1][2]}-{month[-1][3] or '01'}")
    return date if date is not None and date.year > 1970 else datetime(1970, 1, 2, tzinfo=UTC)
