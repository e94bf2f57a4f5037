"""Reads sitemaps (https://www.sitemaps.org/protocol.html) and news sitemaps (developers.google.com/search, 'News
sitemaps') into articles. Fetches no other sitemap: an index gives the addresses of its newest ones.

Elements are known by their local names and their parents', as prefixes differ and are forgotten.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from digest.collect.assemble import assemble
from digest.collect.feeddates import parse_date
from digest.collect.identity import absolute_url, canonical_url
from digest.collect.markup import plain
from digest.collect.parsed import ParseResult, RawItem, WarningLog
from digest.collect.pictures import is_decoration
from digest.collect.taming import MAX_ITEMS, sanitise_xml
from digest.models import Image, Source

ROOTS = frozenset({"urlset", "sitemapindex"})

MAX_LINKS = 50
"""Links of a sitemap without titles that are taken: each costs reading a page."""

MAX_CHILDREN = 5
"""Sitemaps of an index that are followed."""

MAX_TAGS = 1_000_000
"""Opening and closing ones: the protocol's 50,000 addresses with ten elements each."""

MAX_ADDRESSES = 60_000
"""The protocol allows 50,000; what stands behind is not read."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_HTML_ENTITY = re.compile("&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]{1,30};")
_OLDEST = datetime(1, 1, 2, tzinfo=UTC)
_NO_ARTICLES = re.compile(
    r"(?<![a-z])(?:categor(?:y|ies)|tags?|authors?|pages?|static|sections?|videos?|images?|photos?|topics?|taxonom"
    r"(?:y|ies)|web-?stor(?:y|ies)|visual-?stor(?:y|ies))(?![a-z])",
    re.I,
)
_MONTH_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2})[-_/]?(0[1-9]|1[0-2])(?:[-_/]?([0-2][0-9]|3[01]))?(?![0-9])")
_NO_PAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp4", ".mp3", ".pdf", ".xml")
_DEVANAGARI_WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2,}")


def parse_sitemap(text: str, *, source: Source, base_url: str, now: datetime, notes: WarningLog) -> ParseResult:
    """The articles of a `<urlset>`, or the addresses of the sitemaps that a `<sitemapindex>` names.

    `text` is XML without prolog. Where no address has a title, the newest 50 come as links only; else one
    without a title is lost.
    """
    if text.count("<") > MAX_TAGS:
        return ParseResult("", error=f"It has more than {MAX_TAGS:,} tags, which no sitemap needs; refused.")
    root = _tree(text)
    if root is None:
        return ParseResult("", error="It begins as a sitemap but can't be read as XML.")
    if _local(root) == "sitemapindex":
        return _index(root, base_url, notes)
    found = [_said(node) for node in islice(_children(root, "url"), MAX_ADDRESSES)]
    bare = not any(_title_in(said) for said in found)
    chosen = _newest_first(found)[:MAX_LINKS] if bare else _newest(found)
    if len(chosen) < len(found):
        which = f"the newest {len(chosen)} of its {len(found)} addresses were taken"
        notes.add(f"it gives links without titles; {which}" if bare else which)
    items = [item for said in chosen if _is_page((item := _item(said, base_url)).url)]
    for _ in range(len(chosen) - len(items)):
        notes.count("its address is no article's, so it was left out")
    for item in items if bare else ():
        item.title = title_of(item.url)
    if not found:
        notes.add("it holds no items")
    site = plain(next((said["name"] for said in chosen if "name" in said), ""))
    hint = next((said["language"][:35] for said in chosen if "language" in said), "")
    lost = len(chosen) - len(items) + (0 if bare else len(found) - len(chosen))
    articles, more, doubles = assemble(items, source=source, now=now, notes=notes, hint=hint, site=site)
    if bare:  # lastmod is when the page changed: the page itself may know an earlier day
        articles = tuple(replace(article, dated=False) for article in articles)
    only = bare and bool(articles)
    return ParseResult("sitemap", articles, lost + more, notes.told(), duplicates=doubles, links_only=only, title=site)


def title_of(url: str) -> str:
    """What stands for a title until the page is read: the Hindi words of an address, else its first two words.

    No more than two, as a transcription is on no page: it must not be taken for words that the page lacks.
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
    """The element's name without namespace and prefix, in lower case; '' for what is no element."""
    return _bare(node.tag) if isinstance(node.tag, str) else ""


@lru_cache(maxsize=500)
def _bare(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _children(root: Any, name: str) -> Iterator[Any]:
    return (node for node in root.iter() if _local(node) == name)


def _said(node: Any) -> dict[str, str]:
    """What an address says of itself: `loc`, and what its news, image and video elements add."""
    said: dict[str, str] = {}
    for inner in node.iterdescendants():
        name, text = _local(inner), (inner.text or "").strip()
        parent = _local(inner.getparent())
        if parent in ("image", "video"):
            name = f"{parent} {name}"
        elif name == "url":  # an address that was never closed
            break
        if text:
            said.setdefault(name, text)
    return said


def _title_in(said: dict[str, str]) -> str:
    return said.get("title") or said.get("video title", "")


def _date_in(said: dict[str, str]) -> str:
    return (said.get("publication_date") or said.get("video publication_date") or said.get("lastmod", ""))[:100]


def _item(said: dict[str, str], base: str) -> RawItem:
    item = RawItem(url=absolute_url(said.get("loc", ""), base), title=plain(_title_in(said)), date=_date_in(said))
    item.updated = said.get("lastmod", "")[:100]
    item.language = said.get("language", "")[:35]
    item.categories = [name for one in said.get("keywords", "")[:3000].split(",") if (name := plain(one)[:100])]
    for key in ("image loc", "video thumbnail_loc"):
        picture = absolute_url(said.get(key, ""), item.url)
        if picture and not is_decoration(picture, None, None):
            alt = said.get("image title") or said.get("image caption", "")
            item.images.append(Image(picture, alt=plain(alt)[:300]))
    return item


def _newest_first(found: list[dict[str, str]]) -> list[dict[str, str]]:
    """Undated ones last; among equals the first of the document."""
    ages = [parse_date(_date_in(said)) or _OLDEST for said in found]
    return [found[at] for at in sorted(range(len(found)), key=ages.__getitem__, reverse=True)]


def _newest(found: list[dict[str, str]]) -> list[dict[str, str]]:
    """At most as many as are read of any feed, in the document's order."""
    if len(found) <= MAX_ITEMS:
        return found
    kept = {id(said) for said in _newest_first(found)[:MAX_ITEMS]}
    return [said for said in found if id(said) in kept]


def _is_page(url: str) -> bool:
    """Whether an address can be an article's: no front page, no picture."""
    path = urlsplit(url).path if url else ""
    return bool(path.strip("/") or urlsplit(url).query) and not path.lower().endswith(_NO_PAGES)


def _index(root: Any, base: str, notes: WarningLog) -> ParseResult:
    """The newest sitemaps of an index; those of news where a name says so, those of no articles last."""
    found: dict[str, tuple[int, float, str]] = {}
    for node in islice(_children(root, "sitemap"), MAX_ADDRESSES):
        said = _said(node)
        url = absolute_url(said.get("loc", ""), base)
        if url:
            name = urlsplit(url).path + "?" + urlsplit(url).query
            rank = 0 if "news" in name.lower() else 2 if _NO_ARTICLES.search(name) else 1
            found.setdefault(canonical_url(url), (rank, -_changed(said, name).timestamp(), url))
    if not found:
        return ParseResult("sitemap", error="It is an index of sitemaps that names none.")
    ranked = sorted(found.values(), key=lambda child: child[:2])
    best = [url for rank, _age, url in ranked if rank == ranked[0][0]][:MAX_CHILDREN]
    if len(best) < len(found):
        notes.add(f"its index names {len(found)} sitemaps; {len(best)} of them are read")
    return ParseResult("sitemap", warnings=notes.told(), further=tuple(best))


def _changed(said: dict[str, str], name: str) -> datetime:
    """When a sitemap last changed: by its lastmod, else by the month in its name."""
    date = parse_date(said.get("lastmod", "")[:100]) if "lastmod" in said else None
    if date is None and (month := list(_MONTH_IN_NAME.finditer(name))):
        date = parse_date(f"{month[-1][1]}-{month[-1][2]}-{month[-1][3] or '01'}")
    return date if date is not None and date.year > 1970 else datetime(1970, 1, 2, tzinfo=UTC)
