"""Takes the dateline off a lead paragraph: `नई दिल्ली। `, `जेएनएन, हिसार। `, `रामपुर (एजेंसी): `. Nothing else.

A report's first words are a dateline only when each part of them is known (places.py) or stands beside a
known one: a short sentence such as `बारिश थमी।` must stay.
"""

from __future__ import annotations

import re

from digest.collect.places import AGENCIES, PLACES
from digest.hindi.text import fold

LONGEST = 70
LEFT_OVER = 30
"""Characters: a longer front is text, and a lead must be left (facts measured on ILSUM leads)."""

_DEVA = "\u0900-\u0963\u0971-\u097f\u200c\u200d"
_FRONT = re.compile(
    f"^(?P<open>\\()?(?P<front>[{_DEVA}0-9 ,/.()-]{{2,{LONGEST}}}?)(?P<close>\\))?"
    r"\s?(?P<end>[:।|–—]|[.](?![0-9])|-(?=[\s“‘])|(?<=\))(?=\s))\s*(?P<rest>\S)"
)
_PAREN = re.compile(r"\(([^()]*)\)")
_MOST_PARTS = 4


def split_dateline(text: str) -> tuple[str, str]:
    """The place and the text without its dateline; ('', text) when it has none.

    The place is the places' names joined by `, `, without agencies.
    """
    match = _FRONT.match(text)
    if match is None:
        return "", text
    front, rest = match["front"].strip(), text[match.start("rest") :]
    if match["close"] and "(" in front:  # the bracket belongs to the agency, not round the whole
        front += ")"
    place = _place(front) if len(rest) >= LEFT_OVER else None
    return ("", text) if place is None else (place, rest)


def _place(front: str) -> str | None:
    """The place in a front; '' when it is only an agency; None when it is no dateline."""
    parenthesised: list[str] = _PAREN.findall(front)
    parts = [part.strip() for part in re.split(r"[,/]|\s-\s?", _PAREN.sub(",", front)) if part.strip(" .,-()")]
    inner = [part.strip() for text in parenthesised for part in text.split(",") if part.strip()]
    if not parts + inner or len(parts + inner) > _MOST_PARTS:
        return None
    known = [_kind(part) for part in parts + inner]
    if not any(known):
        return None
    unknown = [part for part, kind in zip(parts + inner, known, strict=True) if not kind]
    if any(len(part.split()) > 2 for part in unknown):
        return None
    named = [part.strip(" .()") for part in parts + inner if _kind(part) != "agency"]
    places = [part for part in named if not any(char.isdigit() for char in part)]  # `23 नवंबर`
    return ", ".join(places)


def _kind(part: str) -> str:
    key = fold(part).strip(" .")
    if key in PLACES:
        return "place"
    return "agency" if key in AGENCIES or key.rpartition(" ")[2] in _BUREAUS else ""


_BUREAUS = frozenset(fold(word) for word in ("ब्यूरो", "संवाददाता", "डेस्क", "एजेंसी"))
