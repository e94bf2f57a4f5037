"""What a page's text begins and ends with that is no news: byline, date, standfirst; calls to follow, house notes.

Sees blocks only, and only the first and last few: a line that is furniture at the edge may be news in the middle.
"""

from __future__ import annotations

import re

from digest.collect.feeds.dates import parse_date
from digest.collect.pagefurniture import RUN
from digest.collect.pagelabels import is_call, is_label
from digest.hindi.text import fold
from digest.models import Block

_EDGE = 6
"""Blocks from either end that are looked at."""

_LONGEST_BYLINE = 120
_BYLINE = re.compile(
    r"^\(?(?:(?:written|reported|edited|authored|posted|curated|published|updated|produced|translated)(?:\s+by)?\s*:?\s"
    r"|by\s*:?\s|author|agency\s*:|source\s*:|image source|लेखक\s*:|द्वारा\s|संवाददाता\s*:|"
    r"प्रकाशित|अपडेटेड|इमेज स्रोत|इमेज कैप्शन|पदनाम|last updated|first published|publish date)",
    re.I,
)
_ENDED = ("।", "॥", ".", "?", "!", "”", '"', "’")


def without_edges(blocks: list[Block], *, title: str, author: str, excerpt: str) -> list[Block]:
    """The blocks from the first to the last that belong to the text; all of them when nothing would be left."""
    kept = list(blocks)
    names = {_key(name) for name in (*author.split(","), author) if name.strip()}
    start = 0
    for at, block in enumerate(kept[:_EDGE]):
        if _key(block.text) == _key(title) or (at == start and _is_front(block, names, excerpt)):
            start = at + 1
    kept = kept[start:]
    for _ in range(_EDGE):
        if kept and (kept[-1].kind == "h" or is_call(kept[-1].text) or is_label(kept[-1].text)):
            kept.pop()
    return kept if any(block.kind == "p" for block in kept) else blocks


def _is_front(block: Block, names: set[str], excerpt: str) -> bool:
    text = block.text
    if _key(text) in names or is_label(text) or (len(text) <= _LONGEST_BYLINE and _BYLINE.match(fold(text))):
        return True
    if block.kind == "h":
        return text.endswith(_ENDED) or bool(excerpt and _key(text) == _key(excerpt))
    return len(text) <= RUN and not text.endswith(_ENDED) and parse_date(text) is not None


def _key(text: str) -> str:
    return "".join(fold(text).split())
