"""Which sentences of an article may stand in a summary: the rules that a reader would feel if they were broken.

A sentence is taken or left, never changed. Choosing among those that may stand is `summarise`'s work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from digest.hindi.sentences import split
from digest.hindi.tables import words
from digest.hindi.text import fold
from digest.hindi.tokens import stems
from digest.models import Article

LEAST_TOKENS = 5
LONGEST = 45
"""Words; the 97th percentile of news sentences. A longer one is left out unless it opens the article."""
ECHO_SHARE = 0.75
ECHO_EXTRA = 2
MOST_SHARED = 0.9
KNOWN_SHARE = 0.7
"""Share of a sentence's stems from which it is no news to who has read them."""

HANGING = frozenset(
    fold(word)
    for word in words(
        "उन्होंने उन्हें उनके उनकी उनका उनसे इन्हें इन्होंने उसने उसे उसके उसकी उसका उससे इस",
        "इसके इसकी इसका इससे इसे इसमें इसी इन इनमें इनके इनकी इनका वह वे वो यह ये ऐसे ऐसा ऐसी",
        "वहीं वहां यहां लेकिन मगर पर हालांकि दरअसल बल्कि जबकि क्योंकि इसलिए और तो फिर उस",
        "उसमें उन उनमें तब तभी दोनों जिसके जिससे जिसमें जो किंतु परंतु साथ बहरहाल बता बताते",
        "अब एवं तथा इधर उधर वैसे यही वही या जैसे बेशक तथापि अर्थात यानी",
    )
)
"""Opening words that point at something said before."""

_TEASER = re.compile(
    fold(
        "पूरी खबर|यह भी पढ|ये भी पढ|इसे भी पढ|यहां पढ|आगे पढ|पढ़ें |पढ़िए|पढ़ते रहें|जानें|जानिए|क्लिक कर|फॉलो कर|फोलो कर|लाइक कर|"
        "सब्सक्राइब|देखें वीडियो|देखिए|वीडियो देख|एंड्रॉ|ट्विटर पर|फेसबुक पेज|व्हाट्सएप चैनल|also read|read more|"
        "यह जानकारी दी।$|यह जानकारी दी.$|click here|follow us|subscribe|"
        "disclaimer|image source|photo credit|फोटो साभार|सांकेतिक तस्वीर"
    )
)
_CLOSED = re.compile(r"[।॥.!?…|][\"'”’»)\]]*$|[\"”’»)]$")
_OPENING = re.compile(r"^[\s\"'“‘(\[–—-]*")
_PAIRS = (("“", "”"), ("(", ")"), ("[", "]"))
_ELLIPSIS = re.compile(r"(?:\[?(?:…|(?<!\.)\.{3,})\]?|\[&hellip;\])\s*$")
_AGENCY = re.compile(r"^\(?(?:एजेंसी|भाषा|एएनआई|पीटीआई|आईएएनएस|ब्यूरो|रायटर|रॉयटर्स|ani|pti|ians)\)?[\s.।:–-]*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may stand. `position` counts the article's sentences; `hangs`: it points back."""

    position: int
    text: str
    words: int
    stems: tuple[str, ...]
    hangs: bool
    question: bool


def candidates(article: Article) -> list[Candidate]:
    """The article's sentences that may stand in a summary, in order, each once."""
    has_body = any(block.kind == "p" for block in article.body)
    sentences = split(article.text)
    if not has_body and sentences and (_ELLIPSIS.search(sentences[-1]) or not _CLOSED.search(sentences[-1])):
        sentences = sentences[:-1]  # an excerpt's tail was cut by the feed
    found: list[Candidate] = []
    seen: set[str] = set()
    for position, text in enumerate(sentences):
        folded = fold(text)
        if folded in seen or not _may_stand(text, folded, first=not found):
            continue
        seen.add(folded)
        first = opening(text)
        marks = text.rstrip("\"'”’»)] ")
        found.append(
            Candidate(position, text, len(text.split()), tuple(stems(text)), first in HANGING, marks.endswith("?"))
        )
    return found


def opening(text: str) -> str:
    """The folded first word, without what opens before it; '' for none."""
    words = _OPENING.sub("", fold(text)).split()
    return words[0].rstrip(",") if words else ""


def is_whole(text: str) -> bool:
    """Whether a sentence ends as sentences do."""
    return bool(_CLOSED.search(text)) and not _ELLIPSIS.search(text)


def is_teaser(text: str) -> bool:
    """Whether a sentence only calls for a click, or names an agency."""
    folded = fold(text)
    return bool(_TEASER.search(folded) or _AGENCY.match(folded))


def _may_stand(text: str, folded: str, *, first: bool) -> bool:
    count = len(text.split())
    return (
        count >= LEAST_TOKENS
        and (count <= LONGEST or first)
        and bool(_CLOSED.search(text))
        and not _ELLIPSIS.search(text)
        and "\ufffd" not in text
        and balanced(text)
        and not _TEASER.search(folded)
        and not _AGENCY.match(folded)
    )


def echoes(each: Candidate, title: str) -> bool:
    """Whether the sentence is only the headline again: most of its stems, and hardly a new one."""
    return _echo(set(each.stems), set(stems(title)))


def echoes_title(text: str, title: str) -> bool:
    """The same of any text."""
    return _echo(set(stems(text)), set(stems(title)))


def told_before(each: Candidate, known: str) -> bool:
    """Whether nearly all that the sentence says stands in the text that readers had before."""
    if not known:
        return False
    own = set(each.stems)
    return len(own & _stem_set(known)) > KNOWN_SHARE * len(own)


@lru_cache(maxsize=64)
def _stem_set(text: str) -> frozenset[str]:
    return frozenset(stems(text))


def _echo(own: set[str], head: set[str]) -> bool:
    if not own or not head:
        return False
    shared = len(own & head)
    return (shared >= ECHO_SHARE * len(own) and len(own) - shared <= ECHO_EXTRA) or (shared >= MOST_SHARED * len(own))


def balanced(text: str) -> bool:
    """Whether every quote and bracket that opens also closes, straight ones by their even number."""
    if any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
        return False
    opened = text.count("‘")
    closed = len(re.findall("’(?![a-zA-Z])", text))  # an apostrophe before Latin letters closes nothing
    straight = len(re.findall("(?<![A-Za-z0-9])'|'(?![A-Za-z])", text))
    return opened == closed and text.count('"') % 2 == 0 and straight % 2 == 0
