"""The second opinion on where an article's text stands: trafilatura's, and how it is weighed against our own.

It finds text on most pages and brings furniture along; so it never replaces a good reading of ours, but fills
an empty one and cuts off what only we took. Fetches nothing; trafilatura is imported when first asked.
"""

from __future__ import annotations

from typing import Any

from digest.collect.markup import Content, paragraphs
from digest.collect.pagefurniture import RUN
from digest.hindi.text import fold
from digest.models import Block

LARGEST = 600_000
"""Characters of a page without its furniture that are worth a second opinion; articles' pages have some 50,000."""

_MUCH_MORE = 1.35
_AGREED = 0.9
_MOSTLY = 0.6
"""Shares of text: what counts as more, as the same, and as running text and no furniture (tuned on saved pages)."""

_ENDED = ("।", "॥", ".", "?", "!", "”", '"', "’")


def second_opinion(tree: Any) -> list[Block]:
    """trafilatura's paragraphs of a page from which the furniture is gone; [] when it finds none or fails."""
    from lxml import etree

    trafilatura = _trafilatura()
    if trafilatura is None:
        return []
    try:
        page = etree.tostring(tree, encoding="unicode", method="html")
        text = trafilatura.extract(page, include_comments=False, include_tables=False) if len(page) <= LARGEST else ""
    except Exception:  # its own or its parsers' faults on one page; we have our own reading
        return []
    lines = (line.removeprefix("- ").strip() for line in (text or "").split("\n"))
    return [block for line in lines if line for block in paragraphs(line)]


def reconciled(own: Content, other: list[Block], *, marked: bool) -> Content:
    """Our reading, corrected: filled where it is empty, its tail cut off where the other agrees up to there.

    `marked` says that the page itself marks the container that was read.
    """
    ours, theirs = _length(own.blocks), _length(other)
    if not other or (ours >= theirs and ours <= _MUCH_MORE * theirs):
        return own
    known = {_key(block) for block in other}
    inside = [at for at, block in enumerate(own.blocks) if block.kind == "p" and _key(block) in known]
    if ours > theirs and inside and _length([own.blocks[at] for at in inside]) >= _MOSTLY * theirs:
        return Content(own.blocks[: inside[-1] + 1], own.images, own.cut)
    if ours < theirs / _MUCH_MORE and not (marked and ours >= 0.5 * theirs):
        held = {_key(block) for block in own.blocks if block.kind == "p"}
        more = [block for block in other if _key(block) not in held]
        told = [block for block in more if len(block.text) > RUN and block.text.endswith(_ENDED)]
        agreed = sum(len(block.text) for block in other if _key(block) in held)
        if agreed >= _AGREED * ours and _length(told) >= _MOSTLY * _length(more):
            return Content([block for block in other if _key(block) in held or block in told], own.images, own.cut)
    return own


def _key(block: Block) -> str:
    return "".join(fold(block.text).split())[:80]


def _length(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks if block.kind == "p")


def _trafilatura() -> Any:
    try:
        import trafilatura
    except ImportError:  # it is no dependency of the command line's everyday work
        return None
    return trafilatura
