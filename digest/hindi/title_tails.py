"""Cut from headlines what only calls for a click: `…, जानें कैसे`."""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.hindi.text import fold, table_rows


class Tail(NamedTuple):
    """A row of title_tails.txt. The rule turns `example` into `gives`."""

    pattern: re.Pattern[str]
    example: str
    gives: str


def _rows() -> tuple[Tail, ...]:
    rows = (row.split("\t") for row in table_rows("digest.hindi", "title_tails.txt"))
    return tuple(Tail(re.compile(fold(pattern)), example, gives) for pattern, example, gives in rows)


TAILS = _rows()
# All rows as one pattern.
_TAIL = re.compile("|".join(f"(?:{row.pattern.pattern})" for row in TAILS))

# Words that must remain of a title.
LEAST_WORDS = 5
# Words before the call in its part, and before a call with nothing after it. After more of them the part is news.
_BEFORE_CALL, _BEFORE_LAST = 5, 8
# A title may end in several calls: `…, जानें कैसे, देखें लिस्ट`.
_MOST_TAILS = 3

_SEPARATOR = re.compile(r" ?[,;:|!?।…]+[ –—-]*| [-–—]+ ?|(?<=[^\s0-9A-Za-z])[-–—]\s+|\.{2,} ?")
# What follows one of these is somebody's words: `मंत्री बोले- देखें आगे क्या होता है`.
_SPEAKS = re.compile(fold("(?:बोले|बोला|बोली|बोलीं|कहा|लिखा|पूछा|बताया)$"))
_ATTRIBUTES = re.compile("[-–—…]|\\.{2}")
# A call at the start: `जानिए क्यों …`.
_HEAD = re.compile(
    "^(?:यहां |यहाँ |आप भी |तस्वीरों में |(?:[^ :,]+ ){0,4}[0-9]+ [^ ]+ में )?"
    "(?:जानें|जानिए|जानिये|देखें|देखिए|पढ़ें|पढ़िए|समझें|समझिए)[\\s:,-]+(?=\\S)"
)
# A call without a mark before it: `नतीजे जानिए कब आएंगे`.
_GLUED = re.compile(" (?:जानिए|जानिये) (?:कब|कहां|कहाँ|कैसे|क्या|क्यों|कौन|कितना|कितने) .*$")
_PAIRS = (("‘", "’"), ("“", "”"), ("(", ")"))


def without_tails(title: str) -> str:
    """Return the headline without the parts that only call for a click, at its end and at its start."""
    for _ in range(_MOST_TAILS):
        shorter = _without_tail(title)
        if shorter == title:
            break
        title = shorter
    if len((before := _GLUED.sub("", title)).split()) >= LEAST_WORDS:
        title = before
    rest = _HEAD.sub("", title, count=1)
    return rest if rest != title and len(rest.split()) >= LEAST_WORDS else title


def _without_tail(title: str) -> str:
    marks = list(_SEPARATOR.finditer(title))
    for at, mark in reversed(list(enumerate(marks))):
        front = title[: mark.start()]
        # `जानें कीमत, फीचर्स और सेल`: the call is in the first of several parts.
        part = title[mark.end() : marks[at + 1].start() if at + 1 < len(marks) else None]
        folded = fold(part).strip(" ?!.।-'\"‘’“”")
        found = _TAIL.search(folded)
        most = _BEFORE_LAST if found and found.end() == len(folded) else _BEFORE_CALL
        if found is None or len(folded[: found.start()].split()) > most:
            continue
        least = LEAST_WORDS + 2 * (":" in mark.group())
        if len(front.split()) < least or _SPEAKS.search(fold(front)) or not _is_balanced(front):
            continue
        if _ATTRIBUTES.search(mark.group()) and " ने " in folded:
            # Who says what stands before the dash.
            continue
        return front + ("?" if "?" in mark.group() else "")
    return title


def _is_balanced(text: str) -> bool:
    straight = all(text.count(mark) % 2 == 0 for mark in "\"'")
    return straight and all(text.count(opening) == text.count(closing) for opening, closing in _PAIRS)
