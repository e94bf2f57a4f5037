"""Takes out of a feed's text what the XML parser below would break or stall on. Parses no item, judges no news."""

from __future__ import annotations

import re
from itertools import islice

MOST_TAGS = 200_000
"""A feed of a thousand full articles has about 100,000, most of them in CDATA."""

MOST_LABOUR = 120_000
"""Tags outside CDATA that are read tolerantly: some 40 µs each. Well-formed feeds of the usual kind need a tenth."""

REFERENCES_PER_TAG = 5
"""References, and stray `&` too, that cost as much as a tag."""

MOST_CATEGORIES = 2_000
"""Of one item: feedparser compares each with all."""

MOST_PREFIXES = 200
"""Namespaces of one document; WordPress declares some ten."""

_TAG = re.compile("</?[A-Za-z]")
_REFERENCE = re.compile("&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_ENDLESS_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9:._-]*)\s[^<>]{4000,}+(?:>|$)")
_ITEM = re.compile(r"<(?:[A-Za-z]+:)?(?:item|entry)(?=[\s>])")
_CATEGORY = re.compile(r"<(?:[A-Za-z]+:)?(?:category|subject|keywords|tags)(?=[\s>/])")
_PREFIX = re.compile(r"xmlns:([A-Za-z][A-Za-z0-9._-]{0,60})")


def too_many_tags(text: str) -> bool:
    """Whether parsing would take minutes."""
    return text.count("<") > MOST_TAGS and next(islice(_TAG.finditer(text), MOST_TAGS, None), None) is not None


def too_laborious(text: str) -> bool:
    """Whether reading it tolerantly, as only feedparser can, would take more than some five seconds."""
    if text.count("<") > MOST_CATEGORIES and any(
        len(_CATEGORY.findall(part)) > MOST_CATEGORIES for part in _ITEM.split(text)
    ):
        return True
    if text.count("<") + text.count("&") // REFERENCES_PER_TAG <= MOST_LABOUR:
        return False
    first, *others = text.split("<![CDATA[")
    outside = [first, *(part.partition("]]>")[2] for part in others)]
    labour = sum(part.count("<") + part.count("&") // REFERENCES_PER_TAG for part in outside)
    return labour > MOST_LABOUR


def too_many_prefixes(text: str) -> bool:
    """Whether it declares more namespaces than feedparser, which searches them all at each tag, can bear."""
    return text.count("xmlns:") > MOST_PREFIXES and len(set(_PREFIX.findall(text))) > MOST_PREFIXES


def tame(text: str) -> str:
    """The text without references that name no sign, and tags of endless attributes without these.

    By one `&#xFFFFFFF;` feedparser loses the whole feed, and its time grows with the square of a tag's attributes.
    """
    text = _REFERENCE.sub(_sign, text) if "&#" in text else text
    return without_endless(text)


def without_endless(text: str) -> str:
    """The text with tags of thousands of letters cut to their names: libxml2 is quadratic in their attributes."""
    return _ENDLESS_TAG.sub(lambda tag: f"<{tag[1]}{'/' * tag[0].endswith('/>')}>", text)


def _sign(reference: re.Match[str]) -> str:
    """A numeric reference, or nothing for one that names no sign."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    number = int(digits, base) if len(digits) < 12 else -1
    known = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return reference[0] if known else ""
