"""The headline in a link of a listing page: without the kicker, the clock and the label that share the link.

Sees one lxml element at a time and changes none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from digest.collect.markup import plain

MANY_WORDS = 4
"""Words from which a link's text counts as a headline; `और पढ़ें`, `पूरी ख़बर देखें` and names of sections have fewer."""

_LONGEST = 400  # characters of a headline
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SILENT = frozenset({"time", "script", "style", "svg", "noscript", "button", "figcaption", "template", "picture"})
_BLOCKS = frozenset({"div", "p", "li", "section", "figure", "br", "header", "footer", "td", *_HEADINGS})
_LABEL = re.compile(
    r"(?:^|[\s_-])(?:time|date|datetime|timestamp|published|ago|kicker|label|badge|tags?|cat|category|eyebrow|author|"
    r"byline|meta|counts?|duration|views|comments?|share|icon|sr-only|visually-hidden|readmore|read-more)(?:$|[\s_-])",
    re.I,
)
_TITLE = re.compile(
    r"(?:^|[\s_-])(?:title|headline|heading|hdng|hed|head)(?:$|[\s_-])|(?:title|headline)(?:$|\s)", re.I
)
_NUMBER = re.compile(r"[0-9\u0966-\u096f:./\s-]+")


def heading_of(anchor: Any) -> str:
    """The text of the heading in the link or round it, else of what its class calls the title; '' without one."""
    for node in anchor.iter(*_HEADINGS):
        if text := words_of(node):
            return text
    for holder in list(anchor.iterancestors())[:3]:
        if holder.tag in _HEADINGS:
            return words_of(anchor)
    for node in anchor.iterdescendants():
        if isinstance(node.tag, str) and _TITLE.search(_class(node)) and not _is_label(node):
            return words_of(node)
    return ""


def words_of(node: Any) -> str:
    """The element's text without labels: its first part of many words, else its longest, else all that it holds."""
    parts = [text for raw in _parts(node, bare=True) if (text := plain(raw)) and not _NUMBER.fullmatch(text)]
    if not parts:
        parts = [text for raw in _parts(node, bare=False) if (text := plain(raw))]
    many = next((text for text in parts if len(text.split()) >= MANY_WORDS), "")
    return (many or max(parts, key=len, default=""))[:_LONGEST]


def _parts(node: Any, *, bare: bool) -> Iterator[str]:
    """The runs of text between block elements; `bare` leaves labels out."""
    from lxml import etree

    run: list[str] = []
    walker = etree.iterwalk(node, events=("start", "end", "comment", "pi"))
    for event, inner in walker:
        if event == "start":
            if inner.tag in _SILENT or (bare and inner is not node and _is_label(inner)):
                walker.skip_subtree()
                continue
            if inner.tag in _BLOCKS:
                yield "".join(run)
                run.clear()
            run.append(inner.text or "")
            continue
        if event == "end" and inner.tag in _BLOCKS:
            yield "".join(run)
            run.clear()
        if inner is not node:
            run.append(inner.tail or "")
    yield "".join(run)


def _is_label(node: Any) -> bool:
    return bool(isinstance(node.tag, str) and _LABEL.search(_class(node)))


def _class(node: Any) -> str:
    return (node.get("class") or "")[:300]
