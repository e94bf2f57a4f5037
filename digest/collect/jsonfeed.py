"""Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/) into raw items. Guesses at no other JSON.

Lenient about types, as publishers are: a number as id, a string as author list, a missing version.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from digest.collect.entries import EXCERPT
from digest.collect.feeddates import parse_date
from digest.collect.identity import absolute_url
from digest.collect.markup import paragraphs, plain, read_html
from digest.collect.parsed import RawItem
from digest.collect.pictures import named

_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of a sign, which nothing can encode


@dataclass(slots=True)
class JsonFeed:
    """What the document held; `error` says why nothing. `lost` counts what was no item or too many."""

    items: list[RawItem] = field(default_factory=list)
    title: str = ""
    language: str = ""
    lost: int = 0
    warnings: list[str] = field(default_factory=list)
    error: str = ""


def read_json_feed(text: str, base_url: str, most: int) -> JsonFeed:
    """The feed's newest `most` items in the document's order. Never raises for what the document holds."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as mistake:
        return JsonFeed(error=f"It looks like JSON but can't be read ({str(mistake)[:100]}).")
    entries = document.get("items") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return JsonFeed(error="It is JSON, but no JSON Feed (it has no list named items).")
    feed = JsonFeed(title=plain(_text(document, "title")), language=_text(document, "language"))
    base = base_url or absolute_url(_text(document, "home_page_url"), "")
    good = [entry for entry in entries if isinstance(entry, dict)]
    if len(good) < len(entries):
        feed.lost += len(entries) - len(good)
        feed.warnings.append(f"{len(entries) - len(good)} of its items are no objects")
    if len(good) > most:
        feed.warnings.append(f"{len(good)} items are too many; the newest {most} were read")
        feed.lost += len(good) - most
        good = _newest(good, most)
    if not entries:
        feed.warnings.append("it holds no items")
    feed.items = [_item(entry, document, base) for entry in good]
    return feed


def _newest(entries: list[Any], most: int) -> list[Any]:
    def age(at: int) -> float:
        date = parse_date(_text(entries[at], "date_published"))
        return date.timestamp() if date is not None and date.year > 1900 else 0.0

    order = sorted(range(len(entries)), key=age, reverse=True)[:most]
    return [entries[at] for at in sorted(order)]


def _item(entry: dict[str, Any], feed: dict[str, Any], base: str) -> RawItem:
    item = RawItem(guid=_text(entry, "id"), language=_text(entry, "language")[:35])
    item.title = plain(_text(entry, "title"))
    raw = _text(entry, "url") or _text(entry, "external_url")
    if not raw and item.guid.startswith(("http://", "https://")):
        raw = item.guid
    item.url = absolute_url(raw, base)
    if raw and not item.url:
        item.warnings.append("its link is not http or https, or relative to nothing")
    item.date, item.updated = _text(entry, "date_published"), _text(entry, "date_modified")
    people = entry.get("authors") or entry.get("author") or feed.get("authors") or feed.get("author") or []
    names = [_name(one) for one in (people if isinstance(people, list) else [people])]
    item.author = ", ".join(name for name in names if name)[:200]
    tags = entry.get("tags")
    item.categories = [plain(tag)[:100] for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    content = read_html(_text(entry, "content_html"), item.url or base)
    item.body = content.blocks or paragraphs(_text(entry, "content_text"))
    if content.cut:
        item.warnings.append("its text is absurdly long and was cut")
    item.excerpt = plain(_text(entry, "summary"))[: 3 * EXCERPT]
    if not item.excerpt and len(item.body) == 1 and len(item.body[0].text) <= EXCERPT:
        item.excerpt, item.body = item.body[0].text, []
    pictures = (named(_text(entry, name), base) for name in ("image", "banner_image"))
    item.images = [picture for picture in pictures if picture] + content.images
    return item


def _name(person: object) -> str:
    return plain(person if isinstance(person, str) else _text(person, "name") if isinstance(person, dict) else "")


def _text(holder: Any, name: str) -> str:
    """A field as text; numbers are written out, anything else is ''."""
    value = holder.get(name)
    if isinstance(value, str):
        return _SURROGATES.sub("", value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e18:
        return ""
    return str(value)
