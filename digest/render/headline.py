"""A headline made fit for a subject line: without ornaments and shouting, and cut where it still reads. Pure.

The marks that a paper puts round a headline on its own page (LIVE:, ★, 🔴) say nothing in a list of mails, and filters
count them against the sender. Must not join headlines or know an edition.
"""

from __future__ import annotations

import re

from digest.hindi import cut
from digest.hindi.tables import words
from digest.render.acronyms import in_devanagari
from digest.render.clean import line

_EMOJI = "\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
_ORNAMENT = re.compile(f"[{_EMOJI}\u2022\u203b\u25cc][{_EMOJI}\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]*")
_VARIATION = re.compile("[\ufe0e\ufe0f\u20e3]")
_LABEL = re.compile(
    r"(?:live(?: updates?| blog| news)?|breaking(?: news)?|exclusive|watch|video|photos?|update[sd]?|big news|just in|"
    r"(?:लाइव|ब्रेकिंग|बड़ी ख़बर|बड़ी खबर|एक्सक्लूसिव|वीडियो|देखें वीडियो|फ़ोटो|फोटो|अपडेट)(?: अपडेट| न्यूज़| न्यूज)?)"
    r" ?[:|–—!-] ?",
    re.I,
)
_PIPE = re.compile(r" ?\|+ ?")
_MARKS = re.compile(r"([!?])[!?]+")
_WRAPPED = re.compile("[\"'‘’“”](?P<inner>[^\"'‘’“”]*)[\"'‘’“”]")
_CLAUSE = (",", ";", ":", "।", "–", "—", "?", "!")
_TRIM = " ,;:–—-|/\"'‘’“”()[]।?!"

LEAST = 10
"""Clusters that must be left for a label before a headline to be taken off."""

_UNFINISHED = frozenset(
    words(
        # postpositions, conjunctions and determiners, which promise a word that the cut took away
        "का के की को से में पर ने तक और या व एवं तथा लेकिन मगर परंतु बल्कि कि जो जब जहाँ अगर तो भी ही न",
        "वाला वाले वाली इस उस इन उन एक हर सबसे कई यह ये वह वे अपने अपनी अपना द्वारा बिना",
        "आणि किंवा पण तर हा हे ला चा ची चे च्या र ले मा बाट लाई",
        "a an the of in on at to for and or but with from by as after before over into is are was will",
        "that its his her",
    )
)
_SMALL = frozenset(words("a an the of in on at to for and or but with from by as is are was not new its his her it"))


def headline(title: str, *, language: str, own: str) -> str:
    """`title`, of a story in the language `own`, as it stands in the subject of a letter in `language`.

    Ornaments, emoji and labels before it are gone; Latin acronyms are in Devanagari where the letter is in Hindi or
    Marathi, and what is all in capitals is written small.
    """
    text = line(_VARIATION.sub("", _ORNAMENT.sub(" ", line(title))))
    text = _MARKS.sub(r"\1", text)
    for _ in range(2):
        rest = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
        if cut.length(rest) < LEAST:
            break
        text = rest
    text = _PIPE.sub(" – ", text.strip("| ")).strip()
    wrapped = _WRAPPED.fullmatch(text)
    text = wrapped["inner"].strip() if wrapped else text
    text = _unshouted(text)
    if language in ("hi", "mr") and own != "en":
        text = in_devanagari(text, language)
    return line(text)


def shorten(text: str, limit: int, least: int, *, clauses: bool = False) -> str:
    """`text` in at most `limit` clusters, '…' included when cut: between words, and not behind a word that leaves the
    reader waiting ('… के', '… और', '… 18') as long as `least` clusters stay. With `clauses` it is cut at the end of
    a clause where one lies far enough."""
    short = cut.shorten(text, limit)
    if short == text or cut.length(short) <= least:
        return short
    taken = short.removesuffix(cut.ELLIPSIS).split(" ")
    if clauses:
        for count in range(len(taken) - 1, 0, -1):
            head = " ".join(taken[:count])
            if head.endswith(_CLAUSE) and cut.length(head) >= least:
                return _ended(head)
    count = len(taken)
    while count > 1 and _unfinished(taken[count - 1]) and cut.length(" ".join(taken[: count - 1])) >= least:
        count -= 1
    return _ended(" ".join(taken[:count]))


def _unfinished(word: str) -> bool:
    bare = word.strip(_TRIM)
    return not bare or bare.lower() in _UNFINISHED or bare.lstrip("₹$").replace(",", "").isdigit()


def _ended(head: str) -> str:
    """`head` with '…', and without a quotation mark whose partner was cut off."""
    for opening, closing in ("‘’", "“”", "()"):
        if head.count(opening) > head.count(closing):
            at = head.rindex(opening)
            head = head[:at] + head[at + 1 :]
    if head.count('"') % 2:
        at = head.rindex('"')
        head = head[:at] + head[at + 1 :]
    return head.rstrip(" ,;:–—-।|") + cut.ELLIPSIS


def _unshouted(text: str) -> str:
    """Latin text without one small letter is written small, but for what looks like an acronym."""
    if any("a" <= mark <= "z" for mark in text) or sum("A" <= mark <= "Z" for mark in text) < LEAST:
        return text
    told = [word if len(word) < 4 and word.lower() not in _SMALL else word.lower() for word in text.split(" ")]
    joined = " ".join(told)
    return joined[:1].upper() + joined[1:]
