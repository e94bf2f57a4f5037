"""Takes out of a feed's text what the XML parser below would break or stall on. Parses no item, judges no news."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from digest.collect.feeddates import parse_date

MAX_TAGS = 200_000
"""A feed of a thousand full articles has about 100,000, most of them in CDATA."""

MAX_TAGS_OUTSIDE_CDATA = 120_000
"""Tags outside CDATA that are read tolerantly: some 40 µs each. Well-formed feeds of the usual kind need a tenth."""

REFERENCES_PER_TAG = 5
"""References, and stray `&` too, that cost as much as a tag."""

MAX_CATEGORIES = 2_000
"""Of one item: feedparser compares each with all."""

MAX_PREFIXES = 200
"""Namespaces of one document; WordPress declares some ten."""

_TAG = re.compile("</?[A-Za-z]")
_REFERENCE = re.compile("&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_ENDLESS_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9:._-]*)\s[^<>]{4000,}+(?:>|$)")
_ITEM = re.compile(r"<(?:[A-Za-z]+:)?(?:item|entry)(?=[\s>])")
_CATEGORY = re.compile(r"<(?:[A-Za-z]+:)?(?:category|subject|keywords|tags)(?=[\s>/])")
_PREFIX = re.compile(r"xmlns:([A-Za-z][A-Za-z0-9._-]{0,60})")


def too_many_tags(text: str) -> bool:
    """Whether parsing would take minutes."""
    return text.count("<") > MAX_TAGS and next(islice(_TAG.finditer(text), MAX_TAGS, None), None) is not None


def too_expensive(text: str) -> bool:
    """Whether reading it tolerantly, as only feedparser can, would take more than some five seconds."""
    if text.count("<") > MAX_CATEGORIES and any(
        len(_CATEGORY.findall(part)) > MAX_CATEGORIES for part in _ITEM.split(text)
    ):
        return True
    if text.count("<") + text.count("&") // REFERENCES_PER_TAG <= MAX_TAGS_OUTSIDE_CDATA:
        return False
    first, *others = text.split("<![CDATA[")
    outside = [first, *(part.partition("]]>")[2] for part in others)]
    labour = sum(part.count("<") + part.count("&") // REFERENCES_PER_TAG for part in outside)
    return labour > MAX_TAGS_OUTSIDE_CDATA


def too_many_prefixes(text: str) -> bool:
    """Whether it declares more namespaces than feedparser, which searches them all at each tag, can bear."""
    return text.count("xmlns:") > MAX_PREFIXES and len(set(_PREFIX.findall(text))) > MAX_PREFIXES


def sanitise_xml(text: str) -> str:
    """The text without references that name no sign, and tags of endless attributes without these.

    By one `&#xFFFFFFF;` feedparser loses the whole feed, and its time grows with the square of a tag's attributes.
    """
    text = _REFERENCE.sub(_sign, text) if "&#" in text else text
    return drop_long_attributes(text)


def drop_long_attributes(text: str) -> str:
    """The text with tags of thousands of letters cut to their names: libxml2 is quadratic in their attributes."""
    return _ENDLESS_TAG.sub(lambda tag: f"<{tag[1]}{'/' * tag[0].endswith('/>')}>", text)


def _sign(reference: re.Match[str]) -> str:
    """A numeric reference, or nothing for one that names no sign."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    number = int(digits, base) if len(digits) < 12 else -1
    known = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return reference[0] if known else ""


# DOCTYPE: an entity is harmless if it stands for a short literal word. Entities that refer to others can expand to
# gigabytes, external ones read files and URLs, and parameter entities write declarations. No news feed needs those.

LONGEST_VALUE = 1_000
MAX_ENTITIES = 500
"""HTML's own list, which some feeds copy whole, has 253."""

MAX_GROWTH = 1_000_000
"""Characters that all references together may add to a document."""

_DECLARED = re.compile(r"<!ENTITY\s+([A-Za-z_][A-Za-z0-9_.-]*)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_OTHER = re.compile(r"<!(?:ELEMENT|ATTLIST|NOTATION)[^<>]*>|<\?[^<>]*>|\s+")
_PLAIN_REFERENCE = re.compile("&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);")
_USED = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|$)|&([A-Za-z_][A-Za-z0-9_.-]*);", re.S)


@dataclass(frozen=True, slots=True)
class Doctype:
    """Where it ends, the entities that it declares (name → text), and whether one of them is a danger."""

    end: int
    entities: dict[str, str] = field(default_factory=dict)
    dangerous: bool = False


def read_doctype(text: str, at: int) -> Doctype:
    """The DOCTYPE that begins at `at`; unclosed it reaches to the end of the text."""
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
            if len(value) > LONGEST_VALUE or len(entities) >= MAX_ENTITIES or _stands_for_others(value):
                return Doctype(at, dangerous=True)
            entities.setdefault(found[1], html.unescape(value))
        elif not (found := _OTHER.match(text, at)):
            return Doctype(at, dangerous=True)  # a parameter, an external entity, or nothing that XML knows
        at = found.end()
    end = text.find(">", at)
    return Doctype(len(text) if end < 0 else end + 1, entities)


def expand(text: str, entities: dict[str, str]) -> str | None:
    """The text with its declared entities written out, as characters and not as markup; None when it grows too much."""
    growth = 0

    def one(found: re.Match[str]) -> str:
        nonlocal growth
        value = entities.get(found[1] or "")
        if value is None or growth > MAX_GROWTH:
            return found[0]
        written = html.escape(value)
        growth += max(0, len(written) - len(found[0]))
        return written

    expanded = _USED.sub(one, text) if entities else text
    return None if growth > MAX_GROWTH else expanded


def _stands_for_others(value: str) -> bool:
    return "&" in _PLAIN_REFERENCE.sub("", value) or "%" in value


# Item limit: feedparser takes 0.1 to 0.5 ms per item, so a hundred thousand items would take a minute and a gigabyte.

MAX_ITEMS = 1_000
"""Items of one feed that are read; a day's news of any source is far below."""

_MARK = re.compile(r"<(/?)((?:[A-Za-z]+:)?(?:item|entry))(?=[\s>/])[^<>]*>")
_DATE = re.compile(
    r"<(?:[A-Za-z]+:)?(?:pubDate|published|updated|date|issued|modified)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?"
    r"([^<\]]{4,80})",
    re.I,
)
_OLDEST = datetime(1, 1, 2, tzinfo=UTC)


def limit_items(text: str) -> tuple[str, int]:
    """The feed's text with its newest 1,000 items in their order, and how many were cut.

    Items without a date count as older than all others; among equals the first win.
    """
    if text.count("</") <= MAX_ITEMS:
        return text, 0
    spans = list(_spans(text))
    if len(spans) <= MAX_ITEMS:
        return text, 0
    ages = [_date(text, *span) for span in spans]
    order = sorted(range(len(spans)), key=ages.__getitem__, reverse=True)  # stable: the first of equals
    kept = sorted(order[:MAX_ITEMS])
    front, back = text[: spans[0][0]], text[spans[-1][1] :]
    return front + "\n".join(text[slice(*spans[at])] for at in kept) + back, len(spans) - len(kept)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where items stand: from a tag that opens one to the next that closes it."""
    name, start = "", 0
    for mark in _MARK.finditer(text):
        if not name and not mark[1] and not mark[0].endswith("/>"):
            name, start = mark[2], mark.start()
        elif mark[1] and mark[2] == name:
            yield start, mark.end()
            name = ""


def _date(text: str, start: int, end: int) -> datetime:
    match = _DATE.search(text, start, min(end, start + 20_000))
    date = parse_date(html.unescape(match[1])) if match else None
    return _OLDEST if date is None else date
