"""Read a saved or fetched article page (HTML) into a raw item: metadata, text and images.

Navigation, forms, captions, standfirsts, and boxes with the name of boilerplate are removed first. The text is then in
a marked container, or in the element with the most running text. If the page shows none, JSON-LD may have it.
trafilatura's text replaces the result if it is much longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from digest.collect.cleaning.identity import absolute_url
from digest.collect.images import is_decoration
from digest.collect.markup import MAX_BLOCKS, Content, html_tree, image_of, paragraphs, pixels, plain, read_html, walk
from digest.collect.pages.metadata import (
    first,
    page_address,
    page_author,
    page_title,
    published_date,
    read_jsonld,
    read_meta,
    updated_date,
)
from digest.collect.types import RawItem
from digest.hindi.text import fold
from digest.models import Image, TextBlock

# Characters of a page that are read. Article pages have some 300,000, and their text comes early.
MAX_PAGE = 2_000_000

_MAX_AMP_IMAGES = 20


def read_page(text: str, base: str | None = None) -> RawItem:
    """Return the article of a page.

    `base` is the page's URL, used if the page does not name its own. Raises ValueError.
    """
    text = text[:MAX_PAGE]
    tree = html_tree(text)
    if tree is None:
        raise ValueError("no HTML in it")
    meta = read_meta(tree)
    scripts = (node for node in tree.iter("script") if "ld+json" in (node.get("type") or "").lower())
    jsonld = read_jsonld([node.text or "" for node in scripts])
    url = page_address(tree, meta, jsonld, base)
    item = RawItem(url=url, language=_language(tree, meta))
    item.date = published_date(tree, meta, jsonld, text, url)
    item.updated = updated_date(meta, jsonld, item.date)
    item.title = page_title(tree, meta, jsonld)
    item.author = page_author(tree, meta, jsonld)
    item.categories = [plain(name) for name in (meta.get("article:section"), jsonld.section) if name][:1]
    item.excerpt = plain(meta.get("og:description") or meta.get("description") or "")
    # Read before the body, which removes elements from the tree.
    amp_images = _amp_images(tree, url)
    content = page_body(tree, url, jsonld.body or "", page=text, remove=elements_to_remove(url))
    item.body = trim(content.blocks, title=item.title)
    item.images = [*_named_images(meta, jsonld.image, url), *amp_images, *content.images]
    return item


def _language(tree: Any, meta: dict[str, str]) -> str | None:
    return (first(tree, "/html/@lang") or meta.get("og:locale") or "").replace("_", "-")[:35] or None


def _named_images(meta: dict[str, str], jsonld_image: str | None, url: str | None) -> list[Image]:
    """Return the image of og:image, else of JSON-LD. Some sites name their logo or home page as og:image."""
    og_url = absolute_url(meta.get("og:image", ""), url)
    size = pixels(meta.get("og:image:width")), pixels(meta.get("og:image:height"))
    if og_url and _is_image_url(og_url) and not is_decoration(og_url, *size):
        return [Image(og_url, *size)]
    jsonld_url = absolute_url(jsonld_image, url) if jsonld_image else None
    if jsonld_url and _is_image_url(jsonld_url) and not is_decoration(jsonld_url, None, None):
        return [Image(jsonld_url)]
    return []


def _is_image_url(url: str) -> bool:
    return url.count("/") > 2 and not url.endswith("/")


def _amp_images(tree: Any, base: str | None) -> list[Image]:
    nodes = tree.xpath("//amp-img[not(ancestor::amp-sidebar)]")[:_MAX_AMP_IMAGES]
    images = (image_of(dict(node.attrib), base) for node in nodes)
    return [image for image in images if image is not None]


# Containers that pages mark as the article, in the order of trust.
_CONTAINERS = ("//*[@itemprop='articleBody']", "//article", "//main", "//*[@role='main']")
_MAX_CONTAINERS = 5

# Elements that may be scored as the article, and elements that are read as a part of its text.
_SCORED = frozenset({"div", "td", "section", "article", "main", "body", "center", "span"})
_PARTS = ("p", "h2", "h3", "h4", "h5", "li", "blockquote", "img")
_SENTENCE_ENDS = ("।", "॥", ".", "?", "!", "”", '"', "’", ":")

# Ancestors that share the score of a run of text, and the share that is passed on at each level.
_SCORED_LEVELS = 4
_SCORE_DECAY = 0.6

# trafilatura's text is used if it is this many times as long. By shorter ones it often brings boilerplate along.
_MUCH_LONGER = 3

# Tags of a page that trafilatura may parse. Article pages have some 5,000, hostile ones a million.
_MAX_TAGS = 50_000

# Blocks among which repetitions are looked for.
_MAX_COMPARED = 200

# Blocks at the front that may be the title.
_FRONT = 6


def page_body(tree: Any, base: str | None, jsonld_body: str, *, page: str, remove: Iterable[str]) -> Content:
    """Return the article's blocks and images. Removes boilerplate from the tree.

    `jsonld_body` is the text from JSON-LD, `page` the whole page, `remove` the XPaths of what to remove first.
    """
    visible = len("".join(tree.itertext()))
    for path in remove:
        for node in tree.xpath(path):
            if node.getparent() is not None:
                node.drop_tree()
    remove_boilerplate(tree)
    content = _find_body(tree, base)
    if text_length(content) < MIN_ARTICLE <= len(jsonld_body):
        content.blocks = read_html(jsonld_body, base).blocks
    content.blocks = _without_repeats(content.blocks)
    # trafilatura takes some 50 ms, and its text cannot be longer than all that the page contains.
    if visible > _MUCH_LONGER * text_length(content):
        other = Content(_trafilatura_blocks(page), content.images)
        if text_length(other) > _MUCH_LONGER * text_length(content):
            return other
    return content


def text_length(content: Content) -> int:
    """Return how many characters the paragraphs have."""
    return sum(len(block.text) for block in content.blocks if block.kind == "p")


def trim(blocks: list[TextBlock], *, title: str) -> list[TextBlock]:
    """Return the blocks below the title, without headings at the end."""
    start = 0
    for position, block in enumerate(blocks[:_FRONT]):
        if _key(block) == "".join(fold(title).split()):
            start = position + 1
    end = len(blocks)
    while end > start and blocks[end - 1].kind == "h":
        end -= 1
    trimmed = blocks[start:end]
    return trimmed if any(block.kind == "p" for block in trimmed) else blocks


def _find_body(tree: Any, base: str | None) -> Content:
    """Return the first marked container with enough text.

    Pages that load the next stories below have them in later ones.
    """
    for path in _CONTAINERS:
        for node in tree.xpath(path)[:_MAX_CONTAINERS]:
            content = _read_element(node, base)
            if text_length(content) >= MIN_ARTICLE:
                return content
    return _densest(tree, base)


def _densest(tree: Any, base: str | None) -> Content:
    """Return the content of the element with the most running text, counted some levels up."""
    scores: dict[Any, float] = {}
    for node in tree.iter():
        if not isinstance(node.tag, str) or node.tag == "a" or (node.tag in _PARTS and is_mostly_link(node)):
            continue
        runs = (" ".join(text.split()) for text in (node.text or "", *((child.tail or "") for child in node)))
        length = sum(len(run) for run in runs if len(run) > MIN_SENTENCE)
        if not length:
            continue
        weight = 1.0
        for element in [node, *node.iterancestors()][:_SCORED_LEVELS]:
            if element.tag in _SCORED:
                scores[element] = scores.get(element, 0.0) + length * weight
                weight *= _SCORE_DECAY
    return _read_element(max(scores, key=scores.__getitem__), base) if scores else Content()


def _read_element(node: Any, base: str | None) -> Content:
    """Return paragraphs, headings and list items below an element; all text below it if that is much more."""
    parts = Content()
    for part in node.iter(*_PARTS):
        if len(parts.blocks) >= MAX_BLOCKS:
            break
        if (part.tag == "img" or not is_mostly_link(part)) and not _is_inside_part(part) and _is_text(part):
            walk(part, parts, base)
    everything = Content()
    walk(node, everything, base)
    everything.blocks = [block for block in everything.blocks if block.kind == "h" or _is_sentence(block.text)]
    factor = 1.5 if text_length(parts) >= MIN_ARTICLE else 2
    return everything if text_length(everything) > factor * text_length(parts) else parts


def _is_sentence(text: str) -> bool:
    return len(text) > MIN_SENTENCE or text.endswith(_SENTENCE_ENDS)


def _is_inside_part(part: Any) -> bool:
    """Whether a part is inside another that is read whole, or inside a link to another story."""
    for ancestor in part.iterancestors("p", "li", "blockquote", "a"):
        if ancestor.tag == "a":
            # A link that is never closed contains the article itself.
            if part.tag != "img" and len("".join(ancestor.itertext())) <= 2 * MIN_ARTICLE:
                return True
        elif ancestor.tag == "p" or _is_leaf(ancestor):
            return True
    return False


def _is_leaf(part: Any) -> bool:
    return next(part.iter("p", "ul", "ol", "div"), None) is None


def _is_text(part: Any) -> bool:
    """Whether a list item or quotation is text, and not a button or a container of paragraphs."""
    if part.tag not in ("li", "blockquote"):
        return True
    return _is_leaf(part) and _is_sentence(" ".join("".join(part.itertext()).split()))


def _without_repeats(blocks: list[TextBlock]) -> list[TextBlock]:
    """Return the blocks without those that consist of earlier ones: some pages contain the text twice."""
    kept: list[TextBlock] = []
    earlier: list[str] = []
    for block in blocks:
        key = rest = _key(block)
        if len(key) >= MIN_SENTENCE and len(earlier) < _MAX_COMPARED:
            for text in earlier:
                rest = rest.replace(text, "")
            if len(rest) < 0.1 * len(key):
                continue
            earlier.append(key)
        kept.append(block)
    return kept


def _key(block: TextBlock) -> str:
    return "".join(fold(block.text).split())


def _trafilatura_blocks(page: str) -> list[TextBlock]:
    """Return trafilatura's paragraphs of the page; [] if it finds none or fails."""
    # Imported here because it loads slowly and most pages do not need it.
    import trafilatura

    if page.count("<") > _MAX_TAGS:
        return []
    try:
        text = trafilatura.extract(page, include_comments=False, include_tables=False) or ""
    # The library and its parsers raise many kinds of error on broken pages.
    except Exception:
        return []
    lines = (line.removeprefix("- ").strip() for line in text.split("\n"))
    return [block for line in lines if line for block in paragraphs(line)]


# Rules for single sites. Add a row together with a saved page that fails without it.

# BBC pages have other stories in the middle of the text, in a section whose class names are hashes.
_BBC = ("//*[@data-e2e='recommendations-heading']",)

# XPaths of elements to remove, by host without `www.` and `m.`. A rule applies to subdomains too.
SITE_RULES: dict[str, tuple[str, ...]] = {"bbc.com": _BBC, "bbc.co.uk": _BBC}


def elements_to_remove(url: str | None) -> tuple[str, ...]:
    """Return the XPaths of the elements to remove from a page of this host before reading it.

    The longest matching host name wins.
    """
    host = (urlsplit(url).hostname or "").lower() if url and "://" in url else ""
    while host:
        if host in SITE_RULES:
            return SITE_RULES[host]
        host = host.partition(".")[2]
    return ()


# Characters of text from which a container counts as the article.
MIN_ARTICLE = 200

# A shorter text is a label, a link or a button.
MIN_SENTENCE = 60

_BOILERPLATE = (
    "//nav|//footer|//aside|//header[not(ancestor::article)]|//form|//figcaption|//script|//style|//noscript"
    "|//template|//dialog|//*[@hidden]|//*[@aria-hidden='true']|//*[@role='navigation']|//*[@role='complementary']"
    "|//figure[.//img and not(.//table)]//p|//blockquote[@placeholder]|//amp-ad|//amp-embed|//amp-sidebar|//amp-list"
    "|//amp-user-notification|//amp-consent|//amp-social-share"
)

# Elements that are never removed, whatever their attributes say.
_PAGE = frozenset({"html", "body", "main"})

# Class names and ids of boilerplate, in lower case and with hyphens for camel case.
_BOILERPLATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:related(?:[_-]?(?:posts?|news|stor(?:y|ies)|articles?|topics?))?|recommend(?:ed|ations?)?|trending"
    r"|also[_-]?read|read[_-]?(?:also|more|next)|most[_-]?(?:read|popular)|popular[_-]?posts?|latest[_-]?news|sidebar"
    r"|comments?|disqus|newsletter|sign[_-]?up|subscribe|subscription|sharing|share|social|sharedaddy|follow[_-]?us"
    r"|taboola|outbrain|cookies?|consent|breadcrumbs?|author[_-]?(?:bio|box|card|profile|info)|byline"
    r"|(?:post|entry|article)[_-]?meta|advert(?:isement)?s?|ads?|sponsored|promo|tags|embed(?:ded|code)?)(?=$|[\s_-])"
)

# The sentence under the headline: it is the article's excerpt, and the body repeats it.
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:summar(?:y|ies)|summery|smry|synopsis|standfirst|excerpt|sub[_-]?title|sub[_-]?head(?:line)?|dek|descp)"
    r"(?=$|[\s_-])"
)
_CAMEL_CASE = re.compile("([a-z])([A-Z])")


def remove_boilerplate(tree: Any) -> None:
    """Remove everything from the tree that is not part of the article."""
    for node in tree.xpath(_BOILERPLATE):
        if node.getparent() is not None and node.tag not in _PAGE:
            node.drop_tree()
    for node in tree.xpath("//body//*[@class or @id]"):
        if node.getparent() is not None and node.tag not in _PAGE and _has_boilerplate_name(node):
            node.drop_tree()


def is_mostly_link(node: Any) -> bool:
    """Whether more than six in ten characters are links: a pointer to another story."""
    length = len("".join(node.itertext()).strip())
    return length > 0 and sum(len("".join(link.itertext())) for link in node.iter("a")) > 0.6 * length


def _has_boilerplate_name(node: Any) -> bool:
    names = _CAMEL_CASE.sub(r"\1-\2", f"{node.get('class') or ''} {node.get('id') or ''}"[:400]).lower()
    if _BOILERPLATE_NAME.search(names):
        return True
    return _STANDFIRST.search(names) is not None and len("".join(node.itertext())) <= 2 * MIN_ARTICLE
