"""Split Hindi news into sentences, which are substrings. Measured on gold sentences (UD Hindi PUD): F .99."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.hindi.text import words

DEVA = "\u0900-\u0963\u0966-\u096f\u0971-\u097f"
TITLES = frozenset(
    words(
        "डॉ डा डाॅ प्रो प्रा लि कं श्री श्रीमती कु मो पं स्व लेफ्टि ले कै इंजि एड रु रू नं क्र सं डि कि मी सेमी किमी से.मी जस्टि मे ब्रि ",
        "dr mr mrs ms prof st vs no rs sr jr lt col gen inc ltd",
    )
)
"""Abbreviations whose full stop does not end a sentence."""

LETTER_NAMES = frozenset(words("ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू डब्लू एक्स वाई जेड"))
"""Names of Latin letters in Hindi. An abbreviation only next to another one: आई, जी, के also end sentences."""

LONE_INITIALS = frozenset(words("ए बी ई एफ एच जे के एल एम एन ओ क्यू एस यू डब्ल्यू डब्लू वाई एक्स जेड"))
"""Letter names that never end a Hindi sentence, even alone: 'एस. जयशंकर', 'के. सिवन'."""

VERB_ENDS = frozenset(
    words(
        "है हैं हो था थी थे थीं गया गयी गई गए गये दिया दी दिए दिये लिया ली लिए किया की किए किये कहा बताया रहा रही रहे",
        "होगा होगी होंगे होंगी जाएगा जाएगी जाएंगे सके सका सकी सकता सकती सकते चुका चुकी चुके हुआ हुई हुए नहीं",
    )
)
"""Words that end most Hindi sentences."""

ADDRESS_ENDS = frozenset(words("कॉम ऑर्ग नेट com in org net gov co nic ac"))

_END = re.compile(r"[।॥][।॥.?!…]*|[?!][?!.…]*|\.{2,}|…+|\.|\|")
_CLOSERS = re.compile(r"[\"'”’»)\]]+[।॥]?")
_WORD_BEFORE = re.compile(f"(?:[{DEVA}\u200c\u200d]+|[A-Za-z]+|[0-9]+)$")
_WORD_AFTER = re.compile(f"(?:[{DEVA}\u200c\u200d]+|[A-Za-z]+|[0-9]+)")
_LIST_MARK = re.compile(r"[ (]*(?:[0-9०-९]{1,2}|[A-Za-z])")
_NEAR, _FAR = 40, 2_000
"""How many characters to look back for a word and for quotes. A full stop must not cost a walk over the whole text."""
_DIGIT = re.compile("[0-9०-९]")
_BLANK = re.compile(r"\s*")
_DEVA_LETTER = re.compile(f"[{DEVA}]")


def split(text: str) -> list[str]:
    """Return the sentences in order, stripped and not empty. A newline ends a sentence."""
    return list(each(text))


def each(text: str) -> Iterator[str]:
    """Yield the sentences of `split` as an iterator, for callers that need only the first ones."""
    for line in text.split("\n"):
        yield from _split_line(line)


def _split_line(line: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(line):
        if match.start() < start:
            continue
        end = _after_closers(line, start, match.end())
        if end < len(line) and not _ends(line, start, match, end):
            continue
        if piece := line[start:end].strip():
            yield piece
        start = end
    if piece := line[start:].strip():
        yield piece


def _after_closers(line: str, start: int, end: int) -> int:
    """Return the end of the sentence including closing quotes and brackets after its terminator."""
    match = _CLOSERS.match(line, end)
    if not match:
        return end
    marks = match.group()
    after = line[match.end() : match.end() + 1]
    if (
        after
        and not after.isspace()
        and marks[-1] in "\"'"
        and line.count(marks[-1], max(start, end - _FAR), end) % 2 == 0
    ):
        # The straight quote opens the next sentence.
        return match.end() - 1 if len(marks) > 1 else end
    return match.end()


def _ends(line: str, start: int, match: re.Match[str], end: int) -> bool:
    mark = match.group()
    after = line[end]
    if mark[0] in "।॥":
        return True
    if after in ",;:-–—":
        return False
    before = line[match.start() - 1 : match.start()]
    if mark == "|":
        return bool(_DEVA_LETTER.match(before)) and after.isspace()
    if mark[0] in "?!":
        return not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum())
    if mark != ".":
        return after.isspace()
    return _stop_ends(line, start, match.start(), end)


def _stop_ends(line: str, start: int, at: int, end: int) -> bool:
    """Whether the full stop at `at` ends the sentence that started at `start`. The text continues at `end`."""
    spaced = line[end].isspace()
    blank = _BLANK.match(line, end)
    follows = _WORD_AFTER.match(line, blank.end() if blank else end)
    following = follows.group() if follows else ""
    found = _WORD_BEFORE.search(line, max(start, at - _NEAR), at)
    if not found:
        return spaced or line[end] in "“‘\"'(" or end > at + 1
    word = found.group()
    if _DIGIT.match(word):
        if not spaced:
            return bool(following) and not _DIGIT.match(following) and bool(_DEVA_LETTER.match(following))
        return not _LIST_MARK.fullmatch(line, start, at)
    if word.lower() in TITLES or (not spaced and following.lower() in ADDRESS_ENDS):
        return False
    if word.isascii():
        return spaced and len(word) > 1
    if word in LETTER_NAMES and _in_letter_sequence(line, found.start(), following, follows, spaced):
        return False
    if spaced:
        # In a text with dandas, full stops do not end sentences.
        return word not in (LETTER_NAMES if "।" in line else LONE_INITIALS)
    # `किम जिन.हो ने`: in a text with dandas, a stop between two words without a blank ends a sentence only after a verb.
    if "।" in line and word not in VERB_ENDS:
        return False
    return len(word) >= 2 and (bool(_DEVA_LETTER.match(line[end])) or line[end] in "“‘\"'(" or line[end].isupper())


def _in_letter_sequence(
    line: str, word_start: int, following: str, follows: re.Match[str] | None, spaced: bool
) -> bool:
    """Whether a letter name is next to another one: पी.एम., यू. पी., आई.पी.एस"""
    front = line[max(0, word_start - _NEAR) : word_start].rstrip()
    earlier = _WORD_BEFORE.search(front.removesuffix("."))
    if front.endswith(".") and earlier and earlier.group() in LETTER_NAMES:
        return True
    if following not in LETTER_NAMES or follows is None:
        return False
    return not spaced or line[follows.end() : follows.end() + 1] == "."
