"""What a headline is without its site's marks, its site's name and its kicker. Rows in rules.py; sees titles only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

from digest.collect.rules import TITLE_MARKS
from digest.hindi.text import fold

DEVANAGARI_WORDS = 4
"""So many Devanagari words must remain of a title for a Latin kicker to be taken off its front."""

DIGITS_OF_A_RECORD = 4
"""Fewer stand in names that are headlines: `Covid-19`, `3-2-1`."""

_KICKER = re.compile(r"^([^:|]{3,40}?|[A-Za-z0-9 ,.'’&/()!?-]{3,160})\s*[:|]\s+(?=\S)")
"""Forty characters; more only where all are Latin, as pages put their search words before a headline."""
_DEVA = "\u0900-\u0963\u0971-\u097f\u200c\u200d"
_LABEL = re.compile(f"^([{_DEVA}-]{{2,20}}(?: [{_DEVA}-]{{2,20}})?)(?: / ?|/ )(?=[^ ])")
"""A section or town before a slash, as Bhaskar sets it: `पटना / नहर में पानी छोड़ा गया`."""
_SUBJECT = re.compile(r"^([^:|।.?!]{2,40}?) ?[:|] ?(?=[^\s:])")
"""Whatever stands before a headline's colon; it stays in the headline, but is none of the report's words."""
_FILE_NAME = re.compile(r"[A-Za-z0-9]{1,60}(?:[_.-]{1,2}[A-Za-z0-9]{1,60}){2,20}")
_DEVA_WORD = re.compile(f"[{_DEVA}]+")
_LATIN = re.compile("[A-Za-z]{2}")


def split_title(title: str, sites: Sequence[str]) -> tuple[str, str]:
    """The title without marks, site name and Latin kicker; and that kicker."""
    for _ in range(3):  # marks stand beside each other: `LIVE … | NBT 0:39 Play video`
        before = title
        title = _without_site(marked_off(title), sites)
        if title == before:
            break
    label = _LABEL.match(title)
    if label and len(_DEVA_WORD.findall(title[label.end() :])) >= DEVANAGARI_WORDS:
        rest, kicker = split_title(title[label.end() :], sites)
        return rest, kicker or label[1]
    match = _KICKER.match(title)
    if match and _LATIN.search(match[1]) and not _DEVA_WORD.search(match[1]):
        rest = title[match.end() :].strip()
        if len(_DEVA_WORD.findall(rest)) >= DEVANAGARI_WORDS:
            return rest, match[1].strip()
    return title, ""


def subject_of(title: str) -> str:
    """What stands before the title's first colon or bar, '' for nothing."""
    match = _SUBJECT.match(title)
    return match[1] if match else ""


def is_file_name(title: str) -> bool:
    """Whether a title is what a machine calls a record (`story_2026_11_23_4711.utf8`, `14`, a site's name)."""
    if title and not any(char.isalpha() for char in title):
        return True
    if is_site_name(title):
        return True
    return _FILE_NAME.fullmatch(title) is not None and sum(char.isdigit() for char in title) >= DIGITS_OF_A_RECORD


def is_site_name(text: str) -> bool:
    """Whether a line is nothing but the name of a known site: `- Navbharat Times`."""
    return fold(text.strip(" |-–—")) in _KNOWN_SITES


def marked_off(title: str) -> str:
    """The title without the marks that sites set before and behind it."""
    title = title.strip() or title
    lower = title.lower()
    for row in TITLE_MARKS:
        shorter = row.apply(title, lower)
        if shorter != title:
            title = shorter.strip() or title
    return title


def _without_site(title: str, sites: Sequence[str]) -> str:
    """The title without ` | Site` or ` - Site` at its end."""
    for separator in (" | ", " - ", " – ", " — ", "| ", " |"):
        front, found, name = title.rpartition(separator)
        if found and len(front) >= 8 and fold(name.strip()) in _KNOWN_SITES | {fold(site) for site in sites}:
            return front.rstrip(" |-–—")
    return title


_KNOWN_SITES = {
    fold(line)
    for line in resources.files("digest.collect").joinpath("sites.txt").read_text(encoding="utf-8").split("\n")
    if line and not line.startswith("#")
}
