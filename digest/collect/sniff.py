"""Tells what a document is before a parser sees it, and takes its DOCTYPE away. Parses no item.

XML's entities can grow ten letters into gigabytes: what could is refused here, harmless ones are written out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from digest.collect.taming import expand, read_doctype

Kind = Literal["xml", "html", "json", "bomb", "empty", "text"]

FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
_ROOT = re.compile(r"<(?:([A-Za-z_][A-Za-z0-9_.-]*):)?([A-Za-z_][A-Za-z0-9_.-]*)")
_HTML_NAMES = frozenset(
    [
        "html",
        "head",
        "body",
        "div",
        "p",
        "a",
        "img",
        "span",
        "section",
        "article",
        "main",
        "table",
        "ul",
        "h1",
        "h2",
        "br",
        "center",
    ]
)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """`text` is the document without prolog (declaration, comments, DOCTYPE); `root` the first tag's name."""

    kind: Kind
    text: str = ""
    root: str = ""


def sniff(text: str) -> Sniffed:
    """What a decoded document is."""
    text = text.lstrip()
    if not text:
        return Sniffed("empty")
    if text[0] in "{[":
        return Sniffed("json", text)
    entities: dict[str, str] = {}
    at = 0
    while at < len(text):
        rest = text[at : at + 12].lower()
        if rest.startswith("<?"):
            at = _after(text, "?>", at)
        elif rest.startswith("<!--"):
            at = _after(text, "-->", at)
        elif rest.startswith("<!doctype"):
            doctype = read_doctype(text, at)
            if doctype.dangerous:
                return Sniffed("bomb")
            at, entities = doctype.end, entities | doctype.entities
        elif rest[0].isspace():
            at = len(text) - len(text[at:].lstrip())
        else:
            break
    body = expand(text[at:], entities)
    if body is None:
        return Sniffed("bomb")
    match = _ROOT.match(body)
    # Junk before the root: a PHP notice, a stray letter
    if match is None:
        match = re.search(r"<(?:([a-z]+):)?(rss|feed|rdf|urlset|sitemapindex|html)(?=[\s>])", body, re.I)
        if match is None:
            return Sniffed("text", body)
        body = body[match.start() :]
    root = match[2].lower()
    if root in FEED_ROOTS:
        return Sniffed("xml", body, root)
    return Sniffed("html" if root in _HTML_NAMES else "xml", body, root)


def _after(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    return len(text) if end < 0 else end + len(mark)
