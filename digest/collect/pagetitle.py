"""The headline of a page, among og:title, JSON-LD, `<title>` and what it shows. Reads a tree, changes nothing.

Each of them is wrong somewhere: a search title in English over a Hindi article, the site's name before or behind, a
headline cut with dots, an `<h1>` that is the logo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from digest.collect.jsonld import Stated
from digest.collect.markup import plain
from digest.collect.pagemeta import first
from digest.hindi.text import fold

_SITE_PARTS = re.compile(r"(?<!\s)\s*[|:–—»«]\s*|(?<!\s)\s+-\s+")
_LEAST = 12
_LONGEST = 300
"""Characters of a headline: less is a section's or a site's name, more is text."""

_CUT = re.compile(r"(?<!\s)\s*(?:…|(?<!\.)\.{2,})$")
_HEADED = re.compile(
    r"(?:^|[\s_-])(?:head(?:line|ing)?|(?:entry|post|news|article|story|page)?[_-]?title|ttl)(?=$|[\s_-])", re.I
)
_CAMEL = re.compile("([a-z])([A-Z])")
_LINES = ("h1", "h2", "h3", "h4", "b", "strong", "font", "span", "div", "td", "p")


def shown(tree: Any, meta: dict[str, str]) -> list[str]:
    """Every headline that the page bears, for telling its article from others."""
    return [*_heads(tree, meta), plain(meta.get("og:title", "")), plain(first(tree, "//title/text()"))]


def title(tree: Any, meta: dict[str, str], said: Stated) -> str:
    """The headline: the `<h1>` when another place repeats it, else og:title, JSON-LD, `<title>`.

    An English title over an article in an Indian script loses against any in that script.
    """
    heads = _heads(tree, meta)
    og, ld = plain(meta.get("og:title", "")), said.headline
    page = plain(first(tree, "//title/text()"))
    foreign = any(_is_native(text) for text in (og, *heads, ld, page))
    for head in heads:
        if (_is_native(head) or not foreign) and any(_within(head, other) for other in (og, ld, page)):
            return head
    for other in (og, ld, page):  # the site's name before or behind: the rest stands elsewhere
        known = {fold(one) for one in (*heads, ld, og) if one and one != other}
        for part in _parts(other):
            if fold(part) in known and (_is_native(part) or not foreign):
                return part
    candidates = [text for text in (og, *heads[:1], ld, page) if text]
    native = [text for text in candidates if _is_native(text)]
    chosen = (native or candidates or [""])[0]
    if heads and chosen in heads:
        return chosen
    return _part_shown(tree, chosen) or (chosen if native else _headline_by_class(tree) or chosen)


def _heads(tree: Any, meta: dict[str, str]) -> list[str]:
    """The `<h1>`s that are no logo: not the site's name, not a link to its front page."""
    site = fold(plain(meta.get("og:site_name", "")))
    heads = []
    for node in tree.iter("h1"):
        text = plain("".join(node.itertext()))
        links = [link for link in node.iter("a") if plain("".join(link.itertext())) == text]
        home = any(not urlsplit(_address(link)).path.strip("/") for link in links)
        if text and fold(text) != site and not home:
            heads.append(text)
    return heads


def _address(link: Any) -> str:
    address = link.get("href") or ""
    # a fragment or a malformed address is no front page
    return address if "#" not in address and "[" not in address else "x"


def _within(head: str, other: str) -> bool:
    """Whether a headline is repeated in another place; a name of few letters, only when it is all of it."""
    if len(head) < _LEAST:
        return bool(head) and fold(head) == fold(other)
    return fold(head) in fold(other) or (len(_uncut(other)) >= _LEAST and fold(head).startswith(fold(_uncut(other))))


def _uncut(text: str) -> str:
    return _CUT.sub("", text) if _CUT.search(text) else text


def _parts(whole: str) -> Iterator[str]:
    """A title without what its separators part from its ends, the longest first."""
    spots = [(0, 0), *(match.span() for match in list(_SITE_PARTS.finditer(whole))[:8]), (len(whole), len(whole))]
    spans = [(spots[a][1], spots[b][0]) for a in range(len(spots)) for b in range(a + 1, len(spots))]
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        part = whole[start:end].strip()
        if len(part) >= _LEAST and part != whole:
            yield part


def _part_shown(tree: Any, whole: str) -> str:
    """The part of a title that the page shows as a line of its own: its headline without the site's name."""
    wanted = {fold(part): part for part in _parts(whole)}
    if not wanted:
        return ""
    texts = (node.text or "" for node in tree.iter(*_LINES))
    lines = {fold(" ".join(text.split())) for text in texts if _LEAST <= len(text) < 2 * _LONGEST}
    found = wanted.keys() & lines
    return wanted[max(found, key=len)] if found else ""


def _headline_by_class(tree: Any) -> str:
    """A line in an Indian script that is called a headline: pages without `<h1>` whose `<title>` is the site's."""
    for node in tree.iter("h2", "h3", "h4", "span", "div", "b", "td"):
        named = " ".join(node.get(name) or "" for name in ("class", "id", "itemprop"))[:400]
        named = _CAMEL.sub(r"\1-\2", named)
        if not _HEADED.search(named) or next(node.iterancestors("a"), None) is not None:
            continue
        text = plain("".join(node.itertext())) if len(node) <= 2 else ""
        if _LEAST <= len(text) <= _LONGEST and _is_native(text):
            return text
    return ""


def _is_native(text: str) -> bool:
    """Whether a title is in an Indian script for three letters in ten at least."""
    indian = sum("\u0900" <= char <= "\u0dff" for char in text)
    return indian > 0 and indian >= 0.3 * sum(char.isalpha() or "\u0900" <= char <= "\u0dff" for char in text)
