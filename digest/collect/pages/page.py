"""Read a saved or fetched article page (HTML) into a raw item: metadata, text and images."""

from __future__ import annotations

from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.images import is_decoration
from digest.collect.markup import html_tree, image_of, pixels, plain
from digest.collect.pages.body import page_body, trim
from digest.collect.pages.boilerplate import elements_to_remove
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
from digest.models import Image

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
