"""Detect the kind of a document, and remove its DOCTYPE. Entities that could expand into gigabytes are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from digest.collect.feeds.sanitise_xml import expand, read_doctype
from digest.hindi.text import words

Kind = Literal["xml", "html", "json", "dangerous", "empty", "text"]

FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
_ROOT = re.compile(r"<(?:([A-Za-z_][A-Za-z0-9_.-]*):)?([A-Za-z_][A-Za-z0-9_.-]*)")
_HTML_NAMES = frozenset(words("html head body div p a img span section article main table ul h1 h2 br center"))


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The kind of a document, and its text."""

    kind: Kind
    # Without prolog (declaration, comments, DOCTYPE).
    text: str = ""
    # The name of the first tag.
    root: str = ""


def sniff(text: str) -> Sniffed:
    """Detect the kind of a decoded document."""
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
                return Sniffed("dangerous")
            at, entities = doctype.end, entities | doctype.entities
        elif rest[0].isspace():
            at = len(text) - len(text[at:].lstrip())
        else:
            break
    body = expand(text[at:], entities)
    if body is None:
        return Sniffed("dangerous")
    match = _ROOT.match(body)
    # There is junk before the root, such as a PHP notice.
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
