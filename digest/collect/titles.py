"""What a headline is without its site's marks, its site's name and its kicker. Rows in rules.py; sees titles only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.collect.rules import SITES, TITLE_MARKS
from digest.hindi.text import fold

DEVANAGARI_WORDS = 4
"""So many Devanagari words must remain of a title for a Latin kicker to be taken off its front."""

_KICKER = re.compile(r"^([^:|]{3,40}?)\s*[:|]\s+(?=\S)")
_DEVA_WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+")
_LATIN = re.compile("[A-Za-z]{2}")


def split_title(title: str, sites: Sequence[str]) -> tuple[str, str]:
    """The title without marks, site name and Latin kicker; and that kicker."""
    for _ in range(3):  # marks stand beside each other: `LIVE … | NBT 0:39 Play video`
        before = title
        title = _without_site(marked_off(title), sites)
        if title == before:
            break
    match = _KICKER.match(title)
    if match and _LATIN.search(match[1]) and not _DEVA_WORD.search(match[1]):
        rest = title[match.end() :].strip()
        if len(_DEVA_WORD.findall(rest)) >= DEVANAGARI_WORDS:
            return rest, match[1].strip()
    return title, ""


def marked_off(title: str) -> str:
    """The title without the marks that sites set before and behind it."""
    for row in TITLE_MARKS:
        title = row.pattern.sub(row.put, title) or title
    return title


def _without_site(title: str, sites: Sequence[str]) -> str:
    """The title without ` | Site` or ` - Site` at its end."""
    for separator in (" | ", " - ", " – ", " — ", "| ", " |"):
        front, found, name = title.rpartition(separator)
        if found and len(front) >= 8 and fold(name.strip()) in _KNOWN_SITES | {fold(site) for site in sites}:
            return front.rstrip(" |-–—")
    return title


_KNOWN_SITES = {fold(site) for site in SITES}
