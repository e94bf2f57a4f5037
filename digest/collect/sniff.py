"""Tells what a document is before a parser sees it, and takes its DOCTYPE away. Parses no item.

XML's entities can grow ten letters into gigabytes, so a document that declares any is refused here: no news
feed needs them.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["xml", "html", "json", "bomb", "empty", "text"]

FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
_ROOT = re.compile(r"<(?:([A-Za-z_][A-Za-z0-9_.-]*):)?([A-Za-z_][A-Za-z0-9_.-]*)")
_LINK = re.compile(r"<link\s[^<>]{1,2000}>", re.I)
_ATTRIBUTE = re.compile(r"(?<![A-Za-z-])([A-Za-z-]++)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_FEED_TYPE = re.compile(r"application/(?:(?:rss|atom|rdf)\+xml|feed\+json)", re.I)
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
    at = 0
    while at < len(text):
        rest = text[at : at + 12].lower()
        if rest.startswith("<?"):
            at = _after(text, "?>", at)
        elif rest.startswith("<!--"):
            at = _after(text, "-->", at)
        elif rest.startswith("<!doctype"):
            end, declares = _doctype(text, at)
            if declares:
                return Sniffed("bomb")
            at = end
        elif rest[0].isspace():
            at = len(text) - len(text[at:].lstrip())
        else:
            break
    body = text[at:]
    match = _ROOT.match(body)
    if match is None:  # junk before the root: a PHP notice, a stray letter
        match = re.search(r"<(?:([a-z]+):)?(rss|feed|rdf|html)(?=[\s>])", body, re.I)
        if match is None:
            return Sniffed("text", body)
        body = body[match.start() :]
    root = match[2].lower()
    if root in FEED_ROOTS:
        return Sniffed("xml", body, root)
    return Sniffed("html" if root in _HTML_NAMES else "xml", body, root)


def feed_link(page: str) -> str:
    """The first feed that a web page names in `<link rel="alternate">`, as written; '' when it names none."""
    for tag in _LINK.finditer(page[:500_000]):
        attributes = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(tag[0])}
        if "alternate" in attributes.get("rel", "").lower() and _FEED_TYPE.match(attributes.get("type", "")):
            return attributes.get("href", "").strip()
    return ""


def _after(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    return len(text) if end < 0 else end + len(mark)


def _doctype(text: str, at: int) -> tuple[int, bool]:
    """Where the DOCTYPE ends, and whether its inner part declares entities."""
    bracket, closing = text.find("[", at), text.find(">", at)
    if bracket < 0 or (0 <= closing < bracket):
        return (len(text) if closing < 0 else closing + 1), False
    end = text.find("]", bracket)
    inner = text[bracket : end if end >= 0 else len(text)].lower()
    # `]` may stand inside an entity's value: then the declaration has begun before it, and is seen
    if "<!entity" in inner or "%" in inner:
        return end, True
    return _after(text, ">", max(end, bracket)), False
