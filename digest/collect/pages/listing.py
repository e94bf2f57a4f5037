"""Parse a page that lists articles: the links that a CSS selector finds, with the data of their cards.

A card is the largest element with links to one article only. It gives date, image, and a title if the links have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from digest.collect.cleaning.identity import absolute_url, canonical_url
from digest.collect.cleaning.normalise import normalise_items
from digest.collect.feeds.dates import parse_date
from digest.collect.feeds.sitemap import title_of
from digest.collect.markup import html_tree, image_of, plain
from digest.collect.types import FeedInfo, ParseContext, ParseResult, RawItem, WarningLog
from digest.messages import Message

# Articles of one page. The page of each must be fetched, and lists begin with the newest.
MAX_LINKS = 100

# Opening and closing tags. The largest home pages have some 30,000.
MAX_TAGS = 400_000

_MAX_FOUND = 20_000
# Levels from a link up to its card.
_HIGHEST = 8
_NO_CARDS = frozenset({"html", "body", "main", "ul", "ol", "table", "tbody", "nav", "header", "footer"})
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "firm", "gen", "gov", "ind", "mil", "net", "nic", "org", "res"})
_LABEL_RELS = frozenset({"tag", "category", "author", "next", "prev", "sponsored"})
_NAMES_A_HOST = re.compile(r"\[\s*href[^\]]*(?://|\.[a-z])", re.I)
_MANY = "\x00many"


@dataclass(slots=True)
class _Target:
    """An article and the links to it, in the order of the page."""

    # As in the first link.
    url: str
    # The canonical URL.
    key: str
    anchors: list[Any] = field(default_factory=list)


def parse_listing(text: str, context: ParseContext) -> ParseResult:
    """Return the links that `source.links` finds, in the order of the page, as articles with provisional titles.

    Links to other sites are left out and counted, unless the selector itself names a URL.
    """
    from cssselect import SelectorError
    from lxml.cssselect import CSSSelector

    selector, log = context.source.links, context.log
    try:
        select = CSSSelector(selector, translator="html")
    except (SelectorError, SyntaxError) as error:
        return ParseResult(None, error=f"{selector!r} is not a CSS selector ({error}).")
    if text.count("<") > MAX_TAGS:
        return ParseResult("listing", error=f"It has more than {MAX_TAGS:,} tags, which no page needs; refused.")
    tree = html_tree(text)
    nothing = Message("The selector %(name)s finds no link.", name=f"{selector!r}")
    if context.url:
        nothing = Message("The selector %(name)s finds no link on %(url)s.", name=f"{selector!r}", url=context.url)
    if tree is None:
        return ParseResult("listing", error=nothing)
    base = _base(tree, context.url)
    other_sites = bool(_NAMES_A_HOST.search(selector))
    targets = _targets(_anchors(select(tree)), base, context.url or base, log, other_sites=other_sites)
    if not targets:
        return ParseResult("listing", error=nothing, warnings=log.messages())
    if len(targets) > MAX_LINKS:
        log.add(f"it has {len(targets)} links; the first {MAX_LINKS} are used")
    cards = _cards(targets, tree, base)
    items = [_item(target, cards[target.key], base) for target in targets[:MAX_LINKS]]
    made = normalise_items(items, context, FeedInfo(language=tree.get("lang") or None))
    return ParseResult(
        "listing",
        made.articles,
        made.lost,
        log.messages(),
        duplicates=made.duplicates,
        links_only=bool(made.articles),
        title=_title(tree),
    )


def _base(tree: Any, url: str | None) -> str | None:
    """Return the base URL of the page's links: its `<base>`, else its own URL, which a saved page may declare."""
    own = next(iter(tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")), "")
    url = url or absolute_url(str(own), None)
    stated = next(iter(tree.xpath("//base/@href")), "")
    try:
        return urljoin(url or "", str(stated).strip()) if stated else url
    except ValueError:
        return url


def _title(tree: Any) -> str:
    return plain(str(next(iter(tree.xpath("//head/title/text()")), "")))[:300]


def _anchors(selected: Iterable[Any]) -> list[Any]:
    """Return the links among the selected elements, inside them, or around them, each once."""
    found: dict[Any, None] = {}
    for node in selected:
        inner = [node] if node.tag == "a" and node.get("href") else node.xpath(".//a[@href]")
        for anchor in inner or node.xpath("ancestor::a[@href][1]"):
            found.setdefault(anchor)
            if len(found) >= _MAX_FOUND:
                return list(found)
    return list(found)


def _targets(
    anchors: list[Any], base: str | None, page: str | None, log: WarningLog, *, other_sites: bool
) -> list[_Target]:
    """Return the links grouped by URL, without tags and authors, the page itself and (unless asked for) other sites."""
    targets: dict[str, _Target] = {}
    own, home = canonical_url(page), site_of(page)
    for anchor in anchors:
        href = anchor.get("href").strip()
        if href.startswith("#") or _LABEL_RELS & set((anchor.get("rel") or "").lower().split()):
            continue
        url = absolute_url(href, base)
        key = canonical_url(url)
        if not url or not key or key == own or not (urlsplit(key).path.strip("/") or urlsplit(key).query):
            continue
        if home and not other_sites and site_of(url) != home:
            log.count("leads to another site, so it was left out")
            continue
        targets.setdefault(key, _Target(url, key)).anchors.append(anchor)
    return list(targets.values())


def site_of(url: str | None) -> str | None:
    """Return the registered domain of a URL's host by a simple rule: `hindi.village.co.in` → `village.co.in`."""
    url = canonical_url(url)
    host = urlsplit(url).hostname if url else None
    if host is None:
        return None
    labels = host.split(".")
    if labels[-1].isdigit() or ":" in host:
        return host
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if deep else -2 :])


def _cards(targets: list[_Target], tree: Any, base: str | None) -> dict[str, Any]:
    """Return canonical URL → its card: the largest element around its links that has no links to other articles."""
    keys: dict[Any, str | None] = {anchor: target.key for target in targets for anchor in target.anchors}
    for anchor in islice(tree.iter("a"), _MAX_FOUND):
        if anchor not in keys and len("".join(anchor.itertext()).split()) >= MANY_WORDS:
            keys[anchor] = canonical_url(absolute_url(anchor.get("href", ""), base))
    contains: dict[Any, str | None] = {}
    for anchor, key in keys.items():
        for node in (anchor, *islice(anchor.iterancestors(), _HIGHEST)):
            contains[node] = key if contains.get(node, key) == key else _MANY
    cards = {}
    for target in targets:
        card = target.anchors[0]
        for node in islice(card.iterancestors(), _HIGHEST):
            if contains.get(node) != target.key or node.tag in _NO_CARDS:
                break
            card = node
        cards[target.key] = card
    return cards


def _item(target: _Target, card: Any, base: str | None) -> RawItem:
    item = RawItem(url=target.url)
    heading = next((text for anchor in target.anchors if (text := heading_of(anchor))), "")
    link_text = max((words_of(anchor) for anchor in target.anchors), key=lambda text: len(text.split()), default="")
    # The link says `और पढ़ें`, or is an image.
    if not heading and len(link_text.split()) < MANY_WORDS:
        heading = next((text for node in card.iter("h1", "h2", "h3", "h4", "h5", "h6") if (text := words_of(node))), "")
    attributes = (node.get(name, "") for anchor in target.anchors for node, name in _attributes(anchor))
    title = heading or link_text or next((text for raw in attributes if (text := plain(raw))), "")
    item.title = title or title_of(target.url)
    item.date = _date(card)
    images = (image_of(dict(node.attrib), base) for node in list(card.iter("img"))[:10])
    item.images = [image for image in images if image is not None][:1]
    return item


def _attributes(anchor: Any) -> Iterable[tuple[Any, str]]:
    yield from ((node, "alt") for node in anchor.iter("img"))
    yield from ((anchor, name) for name in ("title", "aria-label"))


def _date(card: Any) -> str | None:
    """Return the raw date of the card's first readable `<time>`."""
    for node in card.iter("time"):
        for raw in (node.get("datetime", ""), "".join(node.itertext())):
            if raw.strip() and len(raw) < 200 and parse_date(raw) is not None:
                return raw.strip()
    return None


# Link titles: the headline inside a link, without the kicker, the clock time and the labels in the same link.

# Words from which a link's text counts as a headline. `और पढ़ें`, `पूरी ख़बर देखें` and section names have fewer.
MANY_WORDS = 4

# Characters of a headline.
_MAX_TITLE = 400
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
    """Return the text of the heading in or around the link, else of the element that its class calls a title; or ''."""
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
    """Return the element's text without labels: its first part with enough words, else its longest part."""
    parts = [text for raw in _parts(node, bare=True) if (text := plain(raw)) and not _NUMBER.fullmatch(text)]
    if not parts:
        parts = [text for raw in _parts(node, bare=False) if (text := plain(raw))]
    many = next((text for text in parts if len(text.split()) >= MANY_WORDS), "")
    return (many or max(parts, key=len, default=""))[:_MAX_TITLE]


def _parts(node: Any, *, bare: bool) -> Iterator[str]:
    """Yield the texts between block elements; `bare` leaves labels out."""
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
