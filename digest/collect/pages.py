"""Reads a saved article page (HTML) into a raw item: metadata of several kinds, then the paragraphs.

Works on what pages have in common; where a site states its article in JSON-LD, that is asked too.
"""

from __future__ import annotations

import re
from typing import Any

from digest.collect.identity import absolute_url
from digest.collect.jsonld import Stated, stated
from digest.collect.markup import pixels, plain
from digest.collect.pagebody import page_body
from digest.collect.parsed import Item
from digest.collect.pictures import is_decoration
from digest.hindi.text import fold
from digest.models import Block, Image

_DATE_META = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "publish-date",
    "pubdate",
    "dc.date",
    "parsely-pub-date",
)
_UPDATED_META = ("article:modified_time", "og:updated_time", "datemodified", "lastmod")
_TITLE_PARTS = re.compile(r"(?<!\s)\s+[|–—-]\s+")


def read_page(text: str, base: str = "") -> Item:
    """The one article of a page. Raises ValueError when the text can't be parsed as HTML at all."""
    tree = _tree(text)
    if tree is None:
        raise ValueError("no HTML in it")
    meta = _meta(tree)
    said = stated(_scripts(tree))
    address = _first(tree, "//link[@rel='canonical']/@href") or meta.get("og:url", "") or said.url
    url = absolute_url(address, base)
    item = Item(url=url, language=_language(tree, meta))
    item.date = next((meta[name] for name in _DATE_META if meta.get(name)), "")
    item.date = item.date or said.published or _first(tree, "//time/@datetime")
    item.updated = next((meta[name] for name in _UPDATED_META if meta.get(name)), "") or said.modified
    item.title = _title(tree, meta, said)
    item.author = plain(meta.get("author", "") or said.author)
    item.categories = [plain(name) for name in (meta.get("article:section", ""), said.section) if name][:1]
    content = page_body(tree, url or base, said.body)
    item.body = _from_title(content.blocks, item.title)
    item.excerpt = plain(meta.get("og:description", "") or meta.get("description", ""))
    picture = absolute_url(meta.get("og:image", ""), url or base)
    sizes = pixels(meta.get("og:image:width")), pixels(meta.get("og:image:height"))
    shown = picture.count("/") > 2 and not picture.endswith("/") and not is_decoration(picture, *sizes)
    own = [Image(picture, *sizes)] if shown else []  # some sites name their home page as og:image
    item.images = own + content.images
    return item


def _tree(text: str) -> Any:
    from lxml import etree
    from lxml import html as lxml_html

    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text)
    parser = lxml_html.HTMLParser(encoding="utf-8", recover=True, no_network=True)
    try:
        return lxml_html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def _meta(tree: Any) -> dict[str, str]:
    """`<meta>` by property, name or itemprop in lower case; the first of each wins."""
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or ""
        value = (node.get("content") or "").strip()
        if name and value:
            found.setdefault(name.strip().lower(), value)
    return found


def _scripts(tree: Any) -> list[str]:
    return [node.text or "" for node in tree.iter("script") if "ld+json" in (node.get("type") or "").lower()]


def _first(tree: Any, path: str) -> str:
    return next((str(value).strip() for value in tree.xpath(path) if str(value).strip()), "")


def _language(tree: Any, meta: dict[str, str]) -> str:
    return (_first(tree, "/html/@lang") or meta.get("og:locale", "")).replace("_", "-")[:35]


def _title(tree: Any, meta: dict[str, str], said: Stated) -> str:
    """The headline: the `<h1>` when another place repeats it, else og:title, JSON-LD, `<title>`.

    An English title over an article in an Indian script loses against any in that script.
    """
    heads = [plain("".join(node.itertext())) for node in tree.iter("h1")]
    og, ld = plain(meta.get("og:title", "")), said.headline
    page = plain(_first(tree, "//title/text()"))
    foreign = any(_is_native(text) for text in (og, *heads, ld, page))
    for head in heads:
        if head and (_is_native(head) or not foreign) and any(fold(head) in fold(other) for other in (og, ld, page)):
            return head
    for other in (og, ld, page):  # og:title with the site's name behind: its front is in the JSON-LD
        front = _TITLE_PARTS.split(other)[0] if other else ""
        if front and front != other and any(fold(front) == fold(one) for one in (*heads, ld, og)):
            return front
    candidates = [text for text in (og, *heads[:1], ld, page) if text]
    native = [text for text in candidates if _is_native(text)]
    return (native or candidates or [""])[0]


def _is_native(text: str) -> bool:
    """Whether a title is in an Indian script for three letters in ten at least."""
    indian = sum("\u0900" <= char <= "\u0dff" for char in text)
    return indian > 0 and indian >= 0.3 * sum(char.isalpha() or "\u0900" <= char <= "\u0dff" for char in text)


def _from_title(blocks: list[Block], title: str) -> list[Block]:
    """The blocks after the headline, when it stands among them."""
    key = fold(title)
    for at, block in enumerate(blocks[:10]):
        if key and fold(block.text) == key:
            return blocks[at + 1 :]
    return blocks
