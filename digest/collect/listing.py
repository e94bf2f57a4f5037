"""Reads a page that lists articles: the links that a CSS selector names, with what their cards say. Fetches nothing.

A card is the largest part of the page that holds links to one article alone: its date, its picture and, where the
links have no words of their own, its headline are the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from digest.collect.assemble import assemble
from digest.collect.feeddates import parse_date
from digest.collect.identity import absolute_url, canonical_url
from digest.collect.markup import html_tree, picture_of, plain
from digest.collect.parsed import ParseResult, RawItem, WarningLog
from digest.collect.sitemap import title_of
from digest.models import Source

MAX_LINKS = 100
"""Articles of one page: each costs reading a page, and lists begin with the newest."""

MAX_TAGS = 400_000
"""Opening and closing ones; the largest front pages have some 30,000."""

_MAX_FOUND = 20_000
_HIGHEST = 8  # levels from a link up to its card
_NO_CARDS = frozenset({"html", "body", "main", "ul", "ol", "table", "tbody", "nav", "header", "footer"})
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "firm", "gen", "gov", "ind", "mil", "net", "nic", "org", "res"})
_LABEL_RELS = frozenset({"tag", "category", "author", "next", "prev", "sponsored"})
_NAMES_A_HOST = re.compile(r"\[\s*href[^\]]*(?://|\.[a-z])", re.I)
_MANY = "\x00many"


@dataclass(slots=True)
class _Found:
    """The links to one article, in the page's order; `url` as the first has it, `key` its canonical form."""

    url: str
    key: str
    anchors: list[Any] = field(default_factory=list)


def parse_listing(text: str, *, source: Source, base_url: str, now: datetime, notes: WarningLog) -> ParseResult:
    """The links that `source.links` names, first to last, as articles with provisional titles.

    A selector that is none, or that finds nothing, gives `error`. Links to other sites are left out and counted,
    unless the selector itself names an address.
    """
    from cssselect import SelectorError
    from lxml.cssselect import CSSSelector

    try:
        select = CSSSelector(source.links, translator="html")
    except (SelectorError, SyntaxError) as mistake:
        return ParseResult("", error=f"{source.links!r} is no CSS selector ({mistake}).")
    if text.count("<") > MAX_TAGS:
        return ParseResult("listing", error=f"It has more than {MAX_TAGS:,} tags, which no page needs; refused.")
    tree = html_tree(text)
    where = f" on {base_url}" if base_url else ""
    nothing = f"The selector {source.links!r} finds no link{where}."
    if tree is None:
        return ParseResult("listing", error=nothing)
    base = _base(tree, base_url)
    anchors = _anchors(select(tree))
    groups = _grouped(anchors, base, base_url or base, notes, anywhere=bool(_NAMES_A_HOST.search(source.links)))
    if not groups:
        return ParseResult("listing", error=nothing, warnings=notes.told())
    if len(groups) > MAX_LINKS:
        notes.add(f"it gives {len(groups)} links; the first {MAX_LINKS} are taken")
    cards = _cards(groups, tree, base)
    items = [_item(found, cards[found.key], base) for found in groups[:MAX_LINKS]]
    language = (tree.get("lang") or "")[:35]
    articles, lost, doubles = assemble(items, source=source, now=now, notes=notes, hint=language)
    return ParseResult(
        "listing", articles, lost, notes.told(), duplicates=doubles, links_only=bool(articles), title=_title(tree)
    )


def _base(tree: Any, url: str) -> str:
    """What the page's links are relative to: its `<base>`, else its address, which a saved page may name."""
    own = next(iter(tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")), "")
    url = url or absolute_url(str(own), "")
    stated = next(iter(tree.xpath("//base/@href")), "")
    try:
        return urljoin(url, str(stated).strip()) if stated else url
    except ValueError:
        return url


def _title(tree: Any) -> str:
    return plain(str(next(iter(tree.xpath("//head/title/text()")), "")))[:300]


def _anchors(named: Iterable[Any]) -> list[Any]:
    """The links among the elements, inside them, or round them, each once."""
    found: dict[Any, None] = {}
    for node in named:
        inner = [node] if node.tag == "a" and node.get("href") else node.xpath(".//a[@href]")
        for anchor in inner or node.xpath("ancestor::a[@href][1]"):
            found.setdefault(anchor)
            if len(found) >= _MAX_FOUND:
                return list(found)
    return list(found)


def _grouped(anchors: list[Any], base: str, page: str, notes: WarningLog, *, anywhere: bool) -> list[_Found]:
    """The links by their address, without labels, the page itself and other sites."""
    groups: dict[str, _Found] = {}
    own, home = canonical_url(page), site_of(page)
    for anchor in anchors:
        href = anchor.get("href").strip()
        if href.startswith("#") or _LABEL_RELS & set((anchor.get("rel") or "").lower().split()):
            continue
        url = absolute_url(href, base)
        key = canonical_url(url)
        if not key or key == own or not (urlsplit(key).path.strip("/") or urlsplit(key).query):
            continue
        if home and not anywhere and site_of(url) != home:
            notes.count("leads to another site, so it was left out")
            continue
        groups.setdefault(key, _Found(url, key)).anchors.append(anchor)
    return list(groups.values())


def site_of(url: str) -> str:
    """The part of a host that somebody has registered: `hindi.village.co.in` → `village.co.in`; an IP address whole.

    By a rule (two labels, three below `co.in` and its like) and not by the public suffix list.
    """
    host = (urlsplit(canonical_url(url)).hostname or "") if url else ""
    labels = host.split(".")
    if labels[-1].isdigit() or ":" in host:
        return host
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if deep else -2 :])


def _cards(groups: list[_Found], tree: Any, base: str) -> dict[str, Any]:
    """Canonical address → the largest element, not far above its links, that leads to no other article.

    Other articles are those found, and whatever else on the page has a headline's length and another address.
    """
    keys = {anchor: found.key for found in groups for anchor in found.anchors}
    for anchor in islice(tree.iter("a"), _MAX_FOUND):
        if anchor not in keys and len("".join(anchor.itertext()).split()) >= MANY_WORDS:
            keys[anchor] = canonical_url(absolute_url(anchor.get("href", ""), base))
    holds: dict[Any, str] = {}
    for anchor, key in keys.items():
        for node in (anchor, *islice(anchor.iterancestors(), _HIGHEST)):
            holds[node] = key if holds.get(node, key) == key else _MANY
    cards = {}
    for found in groups:
        card = found.anchors[0]
        for node in islice(card.iterancestors(), _HIGHEST):
            if holds.get(node) != found.key or node.tag in _NO_CARDS:
                break
            card = node
        cards[found.key] = card
    return cards


def _item(found: _Found, card: Any, base: str) -> RawItem:
    item = RawItem(url=found.url)
    headed = next((text for anchor in found.anchors if (text := heading_of(anchor))), "")
    said = max((words_of(anchor) for anchor in found.anchors), key=lambda text: len(text.split()), default="")
    if not headed and len(said.split()) < MANY_WORDS:  # `और पढ़ें`, or a picture alone
        headed = next((text for node in card.iter("h1", "h2", "h3", "h4", "h5", "h6") if (text := words_of(node))), "")
    shown = (node.get(name, "") for anchor in found.anchors for node, name in _attributes(anchor))
    item.title = headed or said or next((text for raw in shown if (text := plain(raw))), "") or title_of(found.url)
    item.date = _date(card)
    pictures = (picture_of(dict(node.attrib), base) for node in list(card.iter("img"))[:10])
    item.images = [picture for picture in pictures if picture is not None][:1]
    return item


def _attributes(anchor: Any) -> Iterable[tuple[Any, str]]:
    yield from ((node, "alt") for node in anchor.iter("img"))
    yield from ((anchor, name) for name in ("title", "aria-label"))


def _date(card: Any) -> str:
    """The raw date of the card's first `<time>`, '' when none can be read."""
    for node in card.iter("time"):
        for raw in (node.get("datetime", ""), "".join(node.itertext())):
            if raw.strip() and len(raw) < 200 and parse_date(raw) is not None:
                return raw.strip()
    return ""


# Link titles: the headline inside a link, without the kicker, the clock time and the labels in the same link.

MANY_WORDS = 4
"""Words from which a link's text counts as a headline; `और पढ़ें`, `पूरी ख़बर देखें` and names of sections have fewer."""

_LONGEST = 400  # characters of a headline
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SILENT = frozenset({"time", "script", "style", "svg", "noscript", "button", "figcaption", "template", "picture"})
_BLOCKS = frozenset({"div", "p", "li", "section", "figure", "br", "header", "footer", "td", *_HEADINGS})
_LABEL = re.compile(
    r"(?:^|[\s_-])(?:time|date|datetime|timestamp|published|ago|kicker|label|badge|tags?|cat|category|eyebrow|author|"
    r"byline|meta|counts?|duration|views|comments?|share|icon|sr-only|visually-hidden|readmore|read-more)(?:$|[\s_-])",
    re.I,
)
_TITLE = re.compile(
    r"(?:^|[\s_-])(?:title|headline|heading|hdng|hed|head)(?:$|[\s_-])|(?:title|headline)(?:$|\s)", re.I
)
_NUMBER = re.compile(r"[0-9\u0966-\u096f:./\s-]+")


def heading_of(anchor: Any) -> str:
    """The text of the heading in the link or round it, else of what its class calls the title; '' without one."""
    for node in anchor.iter(*_HEADINGS):
        if text := words_of(node):
            return text
    for holder in list(anchor.iterancestors())[:3]:
        if holder.tag in _HEADINGS:
            return words_of(anchor)
    for node in anchor.iterdescendants():
        if isinstance(node.tag, str) and _TITLE.search(_class(node)) and not _is_label(node):
            return words_of(node)
    return ""


def words_of(node: Any) -> str:
    """The element's text without labels: its first part of many words, else its longest, else all that it holds."""
    parts = [text for raw in _parts(node, bare=True) if (text := plain(raw)) and not _NUMBER.fullmatch(text)]
    if not parts:
        parts = [text for raw in _parts(node, bare=False) if (text := plain(raw))]
    many = next((text for text in parts if len(text.split()) >= MANY_WORDS), "")
    return (many or max(parts, key=len, default=""))[:_LONGEST]


def _parts(node: Any, *, bare: bool) -> Iterator[str]:
    """The runs of text between block elements; `bare` leaves labels out."""
    from lxml import etree

    run: list[str] = []
    walker = etree.iterwalk(node, events=("start", "end", "comment", "pi"))
    for event, inner in walker:
        if event == "start":
            if inner.tag in _SILENT or (bare and inner is not node and _is_label(inner)):
                walker.skip_subtree()
                continue
            if inner.tag in _BLOCKS:
                yield "".join(run)
                run.clear()
            run.append(inner.text or "")
            continue
        if event == "end" and inner.tag in _BLOCKS:
            yield "".join(run)
            run.clear()
        if inner is not node:
            run.append(inner.tail or "")
    yield "".join(run)


def _is_label(node: Any) -> bool:
    return bool(isinstance(node.tag, str) and _LABEL.search(_class(node)))


def _class(node: Any) -> str:
    return (node.get("class") or "")[:300]
