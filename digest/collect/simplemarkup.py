"""Reads the markup that most feeds send, paragraphs with links and pictures, without building a tree.

Gives what the tree would give or declines: only tags of the table, inline ones closed where they were opened. What
the texts mean is markup.py's.
"""

from __future__ import annotations

import html
import re
from typing import Literal

_INLINE = frozenset({"b", "i", "em", "strong", "span", "a", "u", "small"})
_HEADING = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MOST_OPENED = 200
"""Tags; libxml2 gives up at 256 elements inside each other."""

_ATTRIBUTES = r"(?:\s++[A-Za-z][A-Za-z0-9:_-]*+=(?:\"[^\"<>]*+\"|'[^'<>]*+'))*+"
_TAG = re.compile(
    rf"<(/?)(p|br|b|i|em|strong|span|a|u|small|div|ul|ol|li|blockquote|figure|h[1-6]|img)({_ATTRIBUTES})\s*+(/?)>", re.I
)
_ATTRIBUTE = re.compile(r"\s([A-Za-z][A-Za-z0-9:_-]*)=(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(
    "&(?:amp|lt|gt|quot|nbsp|ndash|mdash|[lr][sd]quo|hellip|bull|middot|rarr|raquo|laquo"
    "|#0?(?:3[2-9]|[4-9][0-9])|#1[6-9][0-9]|#8[0-9]{3}|#x2[0-9A-Fa-f]);"
)
"""References that libxml2 and Python read alike."""
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def simple_markup(markup: str) -> tuple[list[tuple[Literal["p", "h"], str]], list[dict[str, str]]] | None:
    """Texts of blocks, their references resolved, and the attributes of its pictures; None when it is not so simple."""
    if markup.count("&") != len(_REFERENCE.findall(markup)) or _UNSEEN.search(markup):
        return None
    pieces = _TAG.split(markup)
    if markup.count("<") != len(pieces) // 5:
        return None
    blocks: list[tuple[Literal["p", "h"], str]] = []
    pictures: list[dict[str, str]] = []
    inside: list[str] = []
    around: list[str] = []
    opened, heading, text = 0, "", pieces[0]
    for at in range(1, len(pieces), 5):
        closing, name, attributes, empty = pieces[at], pieces[at + 1].lower(), pieces[at + 2], pieces[at + 3]
        if name in _INLINE:
            if not closing and not empty:
                inside.append(name)
            elif closing and (not inside or inside.pop() != name):
                return None
        elif name == "img":
            if not closing:
                found = _ATTRIBUTE.findall(attributes)
                own = {key.lower(): html.unescape(double or single) for key, double, single in found}
                if len(own) != len(found):
                    return None
                pictures.append(own)
        else:
            if heading and (name != heading or not closing):
                return None
            if closing if name == "br" else inside or not _nested(around, name, closing, empty):
                return None
            blocks.append(("h" if heading else "p", text))
            text = ""
            if name in _HEADING:
                if empty or (closing and not heading):
                    return None
                heading = "" if closing else name
        opened += not closing
        text += pieces[at + 4]
    if opened > _MOST_OPENED or heading:
        return None
    blocks.append(("p", text))
    return [(kind, html.unescape(raw) if "&" in raw else raw) for kind, raw in blocks if raw], pictures


def _nested(around: list[str], name: str, closing: str, empty: str) -> bool:
    """Note a block's tag in the list of those that are open; False when it closes one that is not."""
    while around and around[-1] in ("p", "li") and name != around[-1]:
        if not closing and around[-1] == "li":
            break
        around.pop()
    if around and around[-1] == name and (closing or name in ("p", "li")):
        around.pop()
    elif closing:
        return False
    if not (closing or empty):
        around.append(name)
    return True
