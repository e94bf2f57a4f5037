"""Convert an entry of feedparser into a raw item. No other module knows feedparser's fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.images import is_decoration, resolve_image
from digest.collect.markup import Content, pixels, plain, read_html
from digest.collect.types import RawItem
from digest.models import Image, TextBlock

# Characters. A description of several paragraphs, or of more characters, is the article's body.
EXCERPT = 600

_IMAGE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?&])", re.I)
_DATES = ("published", "created", "updated")


def entry_item(entry: Any, base: str | None) -> RawItem:
    """Return the item with the feed's values, HTML converted to blocks, and absolute URLs as far as there is a base."""
    item = RawItem(guid=text_of(entry, "id").strip() or None, language=_language(entry))
    item.title = plain(text_of(entry, "title"))
    _links(entry, item, base)
    item.date = next((raw for name in _DATES if (raw := text_of(entry, name).strip())), None)
    item.updated = text_of(entry, "updated").strip() or None
    item.fallback_date = _parsed_date(entry)
    item.author = plain(text_of(entry, "author")) or None
    item.categories = [label for tag in _dicts(entry, "tags") if (label := _label(tag))]
    inside = _texts(entry, item, item.url or base)
    item.images = _media(entry, item.url or base) + inside
    return item


def _links(entry: Any, item: RawItem, base: str | None) -> None:
    """Set the article's URL: the alternate link, else a guid that is a URL. Warn if there is only an unusable one."""
    raw = text_of(entry, "link").strip()
    if raw == item.guid and "/" not in raw:
        # feedparser uses an opaque guid as the link if there is none.
        raw = ""
    if not raw:
        links = (link for link in _dicts(entry, "links") if link.get("rel") != "license")
        raw = next((href for link in links if (href := str(link.get("href", "")).strip())), "")
    if not raw and "guidislink" not in entry and item.guid and item.guid.startswith(("http://", "https://")):
        # RSS 1.0: rdf:about is the item's URL.
        raw = item.guid
    own_base = text_of(entry, "base").strip()
    item.url = absolute_url(raw, own_base if own_base.startswith("http") else base)
    if raw and not item.url:
        item.warnings.append(
            "its link is relative without a base"
            if "://" not in raw and ":" not in raw[:12]
            else "its link is not http or https"
        )


def _texts(entry: Any, item: RawItem, base: str | None) -> list[Image]:
    """Set excerpt and body; return the images in them, the body's first."""
    summary_raw = text_of(entry, "summary")
    contents = [c for c in _dicts(entry, "content") if isinstance(c.get("value"), str) and c["value"].strip()]
    longest = max(contents, key=lambda content: len(content["value"]), default=None)
    full = read_html(longest["value"], str(longest.get("base") or "") or base) if longest else Content()
    if longest is not None and longest["value"] == summary_raw:
        summary_raw = ""
    summary = read_html(summary_raw, base)
    if full.cut or summary.cut:
        item.warnings.append("its text is extremely long and was cut")
    flat = " ".join(block.text for block in summary.blocks)
    if full.blocks:
        item.body = full.blocks
        item.excerpt = flat[: 3 * EXCERPT]
    elif len(summary.blocks) > 1 or len(flat) > EXCERPT:
        item.body = summary.blocks
    else:
        item.excerpt = flat
    if item.body and not any(block.kind == "p" for block in item.body):
        item.body = [TextBlock("p", block.text) for block in item.body]
    return full.images + summary.images


def _media(entry: Any, base: str | None) -> list[Image]:
    """Return the images of Media RSS, enclosures and `<image>`, most suitable first."""
    result: list[Image] = []
    for media in _dicts(entry, "media_content") + _dicts(entry, "media_thumbnail"):
        kind = f"{media.get('medium', '')} {media.get('type', '')}".lower()
        if kind.strip() and "image" not in kind:
            continue
        _add(result, media.get("url"), base, media)
    for link in _dicts(entry, "links"):
        if link.get("rel") == "enclosure":
            kind = str(link.get("type", "")).lower()
            address = str(link.get("href", ""))
            if kind.startswith("image") or _IMAGE_NAME.search(address):
                _add(result, address, base, {})
    image = dict.get(entry, "image")
    if isinstance(image, dict):
        _add(result, image.get("href") or image.get("url"), base, image)
    return result


def _add(images: list[Image], url: object, base: str | None, sizes: Any) -> None:
    width, height = pixels(sizes.get("width")), pixels(sizes.get("height"))
    image = resolve_image(url, base, width, height) if isinstance(url, str) else None
    if image and not is_decoration(image.url, image.width, image.height):
        images.append(image)


def _label(tag: Any) -> str:
    return plain(str(tag.get("label") or tag.get("term") or ""))[:100]


def _language(entry: Any) -> str | None:
    """Return the entry's own language: `<language>`, or the xml:lang of its title."""
    detail = dict.get(entry, "title_detail")
    inherited = detail.get("language") if isinstance(detail, dict) else ""
    return (text_of(entry, "language") or str(inherited or ""))[:35] or None


def _parsed_date(entry: Any) -> datetime | None:
    """Return feedparser's own reading of the date, for formats that our parser does not know."""
    for name in _DATES:
        parsed = dict.get(entry, f"{name}_parsed")
        if parsed:
            try:
                year, month, day, hour, minute = parsed[:5]
                return datetime(year, month, day, hour, minute, tzinfo=UTC)
            except (ValueError, TypeError):
                continue
    return None


def text_of(entry: Any, name: str) -> str:
    """Return a field of an entry or a feed; '' if it is missing or no text."""
    # dict.get, as feedparser's own get() maps old names to new ones and warns about it.
    value = dict.get(entry, name, "")
    return value if isinstance(value, str) else ""


def _dicts(entry: Any, name: str) -> list[Any]:
    value = dict.get(entry, name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
