"""Reads a DOCTYPE's inner part: which entities it declares, and whether they are harmless. Opens no file, no address.

An entity is harmless when it stands for a short literal word. Those that stand for others can grow ten letters into
gigabytes, external ones read files and addresses, and parameters write declarations: no news feed needs any of them.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

LONGEST_VALUE = 1_000
MOST_ENTITIES = 500
"""HTML's own list, which some feeds copy whole, has 253."""

MOST_GROWTH = 1_000_000
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
            if len(value) > LONGEST_VALUE or len(entities) >= MOST_ENTITIES or _stands_for_others(value):
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
        if value is None or growth > MOST_GROWTH:
            return found[0]
        written = html.escape(value)
        growth += max(0, len(written) - len(found[0]))
        return written

    expanded = _USED.sub(one, text) if entities else text
    return None if growth > MOST_GROWTH else expanded


def _stands_for_others(value: str) -> bool:
    return "&" in _PLAIN_REFERENCE.sub("", value) or "%" in value
