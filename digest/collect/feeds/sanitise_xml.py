"""Make the text of a feed safe for XML parsers: limit its size, its items and its entities."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from digest.collect.feeds.dates import parse_date

# A feed of a thousand full articles has about 100,000 tags, most of them in CDATA.
MAX_TAGS = 200_000

# feedparser takes about 40 µs per tag. Most feeds need a tenth of this.
MAX_TAGS_OUTSIDE_CDATA = 120_000

# References, and stray `&`, that take as long as one tag.
REFERENCES_PER_TAG = 5

# Categories of one item. feedparser compares each with all others.
MAX_CATEGORIES = 2_000

# Namespaces of one document. feedparser searches all of them for each tag; WordPress declares about ten.
MAX_PREFIXES = 200

_TAG = re.compile("</?[A-Za-z]")
_REFERENCE = re.compile("&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_LONG_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9:._-]*)\s[^<>]{4000,}+(?:>|$)")
_ITEM = re.compile(r"<(?:[A-Za-z]+:)?(?:item|entry)(?=[\s>])")
_CATEGORY = re.compile(r"<(?:[A-Za-z]+:)?(?:category|subject|keywords|tags)(?=[\s>/])")
_PREFIX = re.compile(r"xmlns:([A-Za-z][A-Za-z0-9._-]{0,60})")


def size_problem(text: str, sanitised: str) -> str | None:
    """Return why parsing the document would take too long, as a sentence; None if it would not."""
    if text.count("<") > MAX_TAGS and next(islice(_TAG.finditer(text), MAX_TAGS, None), None) is not None:
        return f"It has more than {MAX_TAGS:,} tags, which no feed needs; refused."
    if text.count("xmlns:") > MAX_PREFIXES and len(set(_PREFIX.findall(text))) > MAX_PREFIXES:
        return f"It declares more than {MAX_PREFIXES} namespaces, which no feed needs; refused."
    if _has_many_categories(sanitised) or _is_expensive(sanitised):
        return "It has more tags, references or categories than any feed needs; refused."
    return None


def _has_many_categories(text: str) -> bool:
    if text.count("<") <= MAX_CATEGORIES:
        return False
    return any(len(_CATEGORY.findall(item)) > MAX_CATEGORIES for item in _ITEM.split(text))


def _is_expensive(text: str) -> bool:
    """Whether feedparser would take more than about five seconds."""
    if _cost(text) <= MAX_TAGS_OUTSIDE_CDATA:
        return False
    first, *others = text.split("<![CDATA[")
    outside = [first, *(part.partition("]]>")[2] for part in others)]
    return sum(map(_cost, outside)) > MAX_TAGS_OUTSIDE_CDATA


def _cost(text: str) -> int:
    return text.count("<") + text.count("&") // REFERENCES_PER_TAG


def sanitise_xml(text: str) -> str:
    """Return the text without invalid references, which lose the whole feed, and without very long attributes."""
    text = _REFERENCE.sub(_valid_reference, text) if "&#" in text else text
    return drop_long_attributes(text)


def drop_long_attributes(text: str) -> str:
    """Remove attributes from tags of thousands of characters, because libxml2 takes quadratic time for these."""
    return _LONG_TAG.sub(lambda tag: f"<{tag[1]}{'/' * tag[0].endswith('/>')}>", text)


def _valid_reference(reference: re.Match[str]) -> str:
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    number = int(digits, base) if len(digits) < 12 else -1
    is_valid = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return reference[0] if is_valid else ""


# DOCTYPE: an entity is harmless if its value is a short literal text. Entities that refer to others can expand to
# gigabytes, external ones read files and URLs, and parameter entities write declarations. No news feed needs those.

MAX_VALUE_LENGTH = 1_000

# HTML's own list, which some feeds copy, has 253.
MAX_ENTITIES = 500

# Characters that all references together may add to a document.
MAX_GROWTH = 1_000_000

_DECLARED = re.compile(r"<!ENTITY\s+([A-Za-z_][A-Za-z0-9_.-]*)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_OTHER_DECLARATION = re.compile(r"<!(?:ELEMENT|ATTLIST|NOTATION)[^<>]*>|<\?[^<>]*>|\s+")
_PLAIN_REFERENCE = re.compile("&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);")
_USED = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|$)|&([A-Za-z_][A-Za-z0-9_.-]*);", re.S)


@dataclass(frozen=True, slots=True)
class Doctype:
    """A DOCTYPE: where it ends, the entities that it declares (name → text), and whether one of them is dangerous."""

    end: int
    entities: dict[str, str] = field(default_factory=dict)
    dangerous: bool = False


def read_doctype(text: str, at: int) -> Doctype:
    """Return the DOCTYPE that begins at `at`. One that is never closed extends to the end of the text."""
    bracket, closing = text.find("[", at), text.find(">", at)
    if bracket < 0 or 0 <= closing < bracket:
        return Doctype(len(text) if closing < 0 else closing + 1)
    entities: dict[str, str] = {}
    at = bracket + 1
    while at < len(text) and text[at] != "]":
        if text.startswith("<!--", at):
            closing = text.find("-->", at + 4)
            at = len(text) if closing < 0 else closing + 3
            continue
        if found := _DECLARED.match(text, at):
            value = found[2] if found[2] is not None else found[3]
            if len(value) > MAX_VALUE_LENGTH or len(entities) >= MAX_ENTITIES or _refers_to_others(value):
                return Doctype(at, dangerous=True)
            entities.setdefault(found[1], html.unescape(value))
        elif not (found := _OTHER_DECLARATION.match(text, at)):
            # A parameter entity, an external entity, or no XML at all.
            return Doctype(at, dangerous=True)
        at = found.end()
    end = text.find(">", at)
    return Doctype(len(text) if end < 0 else end + 1, entities)


def expand(text: str, entities: dict[str, str]) -> str | None:
    """Return the text with its declared entities replaced by escaped text; None if it would grow too much."""
    growth = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal growth
        value = entities.get(found[1] or "")
        if value is None or growth > MAX_GROWTH:
            return found[0]
        escaped = html.escape(value)
        growth += max(0, len(escaped) - len(found[0]))
        return escaped

    expanded = _USED.sub(replace, text) if entities else text
    return None if growth > MAX_GROWTH else expanded


def _refers_to_others(value: str) -> bool:
    return "&" in _PLAIN_REFERENCE.sub("", value) or "%" in value


# Item limit: feedparser takes 0.1 to 0.5 ms per item, so a hundred thousand items would take a minute and a gigabyte.

# A day's news of any source is far below.
MAX_ITEMS = 1_000

_ITEM_TAG = re.compile(r"<(/?)((?:[A-Za-z]+:)?(?:item|entry))(?=[\s>/])[^<>]*>")
_DATE = re.compile(
    r"<(?:[A-Za-z]+:)?(?:pubDate|published|updated|date|issued|modified)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?"
    r"([^<\]]{4,80})",
    re.I,
)
_OLDEST = datetime(1, 1, 2, tzinfo=UTC)

# Characters of an item in which its date is searched.
_DATE_WITHIN = 20_000


def limit_items(text: str) -> tuple[str, int]:
    """Return the feed's text with its newest MAX_ITEMS items in their order, and the number of items removed."""
    if text.count("</") <= MAX_ITEMS:
        return text, 0
    spans = list(_item_spans(text))
    if len(spans) <= MAX_ITEMS:
        return text, 0
    dates = [_item_date(text, *span) for span in spans]
    # A stable sort: of items with equal dates the first ones stay.
    order = sorted(range(len(spans)), key=dates.__getitem__, reverse=True)
    kept = sorted(order[:MAX_ITEMS])
    front, back = text[: spans[0][0]], text[spans[-1][1] :]
    return front + "\n".join(text[slice(*spans[at])] for at in kept) + back, len(spans) - len(kept)


def _item_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each item: from an opening tag to the next closing tag of that name."""
    name, start = "", 0
    for tag in _ITEM_TAG.finditer(text):
        if not name and not tag[1] and not tag[0].endswith("/>"):
            name, start = tag[2], tag.start()
        elif tag[1] and tag[2] == name:
            yield start, tag.end()
            name = ""


def _item_date(text: str, start: int, end: int) -> datetime:
    match = _DATE.search(text, start, min(end, start + _DATE_WITHIN))
    date = parse_date(html.unescape(match[1])) if match else None
    return _OLDEST if date is None else date
