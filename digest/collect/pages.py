"""Reads a saved or fetched article page (HTML) into a raw item: metadata of several kinds, then the paragraphs.

Puts together what pagetitle, pagedates, pageaddress, jsonld and pagebody find; a rule about one of them stands there.
"""

from __future__ import annotations

from typing import Any

from digest.collect import pageaddress, pagedates, pagemeta, pagetitle
from digest.collect.cleaning.identity import absolute_url
from digest.collect.cleaning.images import is_decoration
from digest.collect.items import RawItem
from digest.collect.jsonld import stated
from digest.collect.markup import Content, html_tree, picture_of, pixels, plain
from digest.collect.pagebody import page_body
from digest.collect.pageedges import without_edges
from digest.collect.pagequirks import quirk_of
from digest.models import Image

LARGEST = 2_000_000
"""Characters of a page that are read: articles' pages have some 300,000, and their text stands in front."""


def read_page(text: str, base: str = "") -> RawItem:
    """The one article of a page. `base` is its address, '' when unknown; it stands in where the page names none.

    Raises ValueError when the text can't be parsed as HTML at all.
    """
    tree = html_tree(text[:LARGEST])
    if tree is None:
        raise ValueError("no HTML in it")
    meta = pagemeta.metas(tree)
    said = stated(_scripts(tree), titles=pagetitle.shown(tree, meta), address=base)
    url = pageaddress.address(tree, meta, said, base)
    item = RawItem(url=url, language=_language(tree, meta))
    item.date = pagedates.published(tree, meta, said, url)
    item.updated = pagedates.updated(tree, meta, said, item.date)
    item.title = pagetitle.title(tree, meta, said)
    item.author = plain(said.author or pagemeta.author(tree, meta))
    item.categories = [plain(name) for name in (meta.get("article:section", ""), said.section) if name][:1]
    pictures = _amp_pictures(tree, url)
    item.excerpt = plain(meta.get("og:description", "") or meta.get("description", ""))
    content = page_body(tree, url, said.body, title=item.title, quirk=quirk_of(url))
    item.body = without_edges(content.blocks, title=item.title, author=item.author, excerpt=item.excerpt)
    item.images = _images(meta, said.image, url, content, pictures)
    return item


def _scripts(tree: Any) -> list[str]:
    return [node.text or "" for node in tree.iter("script") if "ld+json" in (node.get("type") or "").lower()]


def _language(tree: Any, meta: dict[str, str]) -> str:
    return (pagemeta.first(tree, "/html/@lang") or meta.get("og:locale", "")).replace("_", "-")[:35]


def _images(meta: dict[str, str], stated_image: str, url: str, content: Content, amp: list[Image]) -> list[Image]:
    """og:image, then JSON-LD's, then those in the text; some sites name their home page or logo as og:image."""
    og = absolute_url(meta.get("og:image", ""), url)
    sizes = pixels(meta.get("og:image:width")), pixels(meta.get("og:image:height"))
    named = [Image(og, *sizes)] if _is_picture(og) and not is_decoration(og, *sizes) else []
    own = absolute_url(stated_image, url)
    if not named and _is_picture(own) and not is_decoration(own, None, None):
        named = [Image(own)]
    return [*named, *amp, *content.images]


def _is_picture(url: str) -> bool:
    return url.count("/") > 2 and not url.endswith("/")


def _amp_pictures(tree: Any, base: str) -> list[Image]:
    found = (picture_of(dict(node.attrib), base) for node in tree.xpath("//amp-img[not(ancestor::amp-sidebar)]")[:20])
    return [picture for picture in found if picture is not None]
