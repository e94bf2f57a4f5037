"""Parse JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/) into raw items.

Lenient about types, as publishers are: accepts a number as id, a string as author list, a missing version.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.feeds.dates import parse_date
from digest.collect.feeds.entry import EXCERPT
from digest.collect.images import resolve_image
from digest.collect.markup import paragraphs, plain, read_html
from digest.collect.types import RawItem

# Halves of a UTF-16 pair, which can't be encoded.
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class JsonFeed:
    """A parsed JSON Feed."""

    items: list[RawItem] = field(default_factory=list)
    title: str = ""
    language: str = ""
    # Elements that are no items, and items beyond the limit.
    lost: int = 0
    warnings: list[str] = field(default_factory=list)
    # Why there is nothing, or ''.
    error: str = ""


def read_json_feed(text: str, base_url: str, limit: int) -> JsonFeed:
    """The newest `limit` items in the document's order. Never raises."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return JsonFeed(error=f"It looks like JSON but can't be read ({str(error)[:100]}).")
    entries = document.get("items") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return JsonFeed(error="It is JSON, but not a JSON Feed (it has no list named items).")
    feed = JsonFeed(title=plain(_text(document, "title")), language=_text(document, "language"))
    base = base_url or absolute_url(_text(document, "home_page_url"), "")
    good = [entry for entry in entries if isinstance(entry, dict)]
    if len(good) < len(entries):
        feed.lost += len(entries) - len(good)
        feed.warnings.append(f"{len(entries) - len(good)} of its items are not objects")
    if len(good) > limit:
        feed.warnings.append(f"{len(good)} items are too many; the newest {limit} were read")
        feed.lost += len(good) - limit
        good = _newest(good, limit)
    if not entries:
        feed.warnings.append("it has no items")
    feed.items = [_item(entry, document, base) for entry in good]
    return feed


def _newest(entries: list[Any], limit: int) -> list[Any]:
    def age(at: int) -> float:
        date = parse_date(_text(entries[at], "date_published"))
        return date.timestamp() if date is not None and date.year > 1900 else 0.0

    order = sorted(range(len(entries)), key=age, reverse=True)[:limit]
    return [entries[at] for at in sorted(order)]


def _item(entry: dict[str, Any], feed: dict[str, Any], base: str) -> RawItem:
    item = RawItem(guid=_text(entry, "id"), language=_text(entry, "language")[:35])
    item.title = plain(_text(entry, "title"))
    raw = _text(entry, "url") or _text(entry, "external_url")
    if not raw and item.guid.startswith(("http://", "https://")):
        raw = item.guid
    item.url = absolute_url(raw, base)
    if raw and not item.url:
        item.warnings.append("its link is not http or https, or is relative without a base")
    item.date, item.updated = _text(entry, "date_published"), _text(entry, "date_modified")
    people = entry.get("authors") or entry.get("author") or feed.get("authors") or feed.get("author") or []
    names = [_name(one) for one in (people if isinstance(people, list) else [people])]
    item.author = ", ".join(name for name in names if name)[:200]
    tags = entry.get("tags")
    item.categories = [plain(tag)[:100] for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    content = read_html(_text(entry, "content_html"), item.url or base)
    item.body = content.blocks or paragraphs(_text(entry, "content_text"))
    if content.cut:
        item.warnings.append("its text is extremely long and was cut")
    item.excerpt = plain(_text(entry, "summary"))[: 3 * EXCERPT]
    if not item.excerpt and len(item.body) == 1 and len(item.body[0].text) <= EXCERPT:
        item.excerpt, item.body = item.body[0].text, []
    pictures = (resolve_image(_text(entry, name), base) for name in ("image", "banner_image"))
    item.images = [picture for picture in pictures if picture] + content.images
    return item


def _name(person: object) -> str:
    return plain(person if isinstance(person, str) else _text(person, "name") if isinstance(person, dict) else "")


def _text(holder: Any, name: str) -> str:
    """A string or number as text; '' for anything else."""
    value = holder.get(name)
    if isinstance(value, str):
        return _SURROGATES.sub("", value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e18:
        return ""
    return str(value)
