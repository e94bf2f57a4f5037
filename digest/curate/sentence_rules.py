"""Which sentences of an article may stand in a summary: the rules that a reader would feel if they were broken.

A sentence is taken or left, never changed. Choosing among those that may stand is `summarise`'s work; `faults` judges
what it chose, and whatever else wants to be a summary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from digest.curate.teasers import TEASER
from digest.hindi.sentences import split
from digest.hindi.tables import words
from digest.hindi.text import fold
from digest.hindi.tokens import stems
from digest.models import Article

LEAST_TOKENS = 5
MOST_WORDS, LEAST_WORDS, MOST_SENTENCES = 70, 8, 3
"""A summary's bounds: fewer than 8 words say nothing beyond a title."""
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
        "उसमें उन उनमें तब तभी इतना दोनों जिसके जिससे जिसमें जो किंतु परंतु साथ बहरहाल बता बताते",
        "गौरतलब उल्लेखनीय ज्ञात मालूम अब एवं तथा इधर उधर वैसे यही वही या जैसे बेशक तथापि अर्थात यानी",
    )
)
"""Opening words that point at something said before."""

_AGENCIES = fold(
    "एजेंसी|एजेंसियां|भाषा|वार्ता|यूनीवार्ता|एएनआई|एएनआइ|पीटीआई|पीटीआइ|आईएएनएस|आइएएनएस|प्रेट्र|जेएनएन|जासं|ब्यूरो|संवाददाता|रायटर|रॉयटर"
    "|रॉयटर्स|एएफपी|एपी|डीपीए|ani|pti|ians|reuters|afp|uni"
)
_LABEL = re.compile("^[^ :।.!?\"“‘',]+(?: [^ :।.!?\"“‘',]+){0,2} ?: ")
"""One to three words before a colon: a label, a place or a speaker, whose sentence the next line may need."""
_DATELINE = re.compile(
    f"^[^।.!?:]{{0,45}}[(\\[,/ ](?:{_AGENCIES})[)\\]]{{0,2}} ?[।.:|–-]"
    f"|^[(\\[](?:{_AGENCIES})|^(?:{_AGENCIES})[,/ ][^।.!?:]{{2,45}}[।.:|–-]"
)
_AGENCY = re.compile(f"^\\(?(?:{_AGENCIES})\\)?[ .।:–-]*$")
_CLOSED = re.compile(r"[।॥.!?…|][\"'”’»)\]]*$|[\"”’»)]$")
_OPENING = re.compile(r"^[\s\"'“‘(\[–-]*")
_PAIRS = (("“", "”"), ("(", ")"), ("[", "]"))
_ELLIPSIS = re.compile(r"(?:\[?(?:…|(?<!\.)\.{3,})\]?|\[&hellip;\])\s*$")


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
        found.append(Candidate(position, text, len(text.split()), tuple(stems(text)), first in HANGING, asks(text)))
    return found


def opening(text: str) -> str:
    """The folded first word, without what opens before it; '' for none."""
    words = _OPENING.sub("", fold(text)).split()
    return words[0].rstrip(",") if words else ""


def is_whole(text: str) -> bool:
    """Whether a sentence ends as sentences do."""
    return bool(_CLOSED.search(text)) and not _ELLIPSIS.search(text)


def is_teaser(text: str) -> bool:
    """Whether a sentence only calls for a click, credits or names an agency."""
    folded = fold(text)
    return bool(TEASER.search(folded) or _AGENCY.match(folded))


def faults(text: str, title: str) -> list[str]:
    """The rules that a summary under this title breaks, each one English clause; [] for none."""
    pieces, count = split(text), len(text.split())
    checks = (
        (not 1 <= len(pieces) <= MOST_SENTENCES, f"it had {len(pieces)} sentences"),
        (not LEAST_WORDS <= count <= MOST_WORDS, f"it had {count} words"),
        ("\ufffd" in text, "it held broken letters"),
        (not all(map(is_whole, pieces)), "a sentence of it had no end"),
        (not balanced(text), "its quotes or brackets were not balanced"),
        (bool(pieces) and opening(pieces[0]) in HANGING, "it opened with a word that points back"),
        (all(asks(piece) for piece in pieces), "it only asked"),
        (any(map(is_teaser, pieces)), "it held a teaser"),
        (any(_DATELINE.match(fold(piece)) for piece in pieces), "it held a dateline"),
        (echoes_title(text, title), "it only repeated the title"),
    )
    return [said for wrong, said in checks if wrong]


def asks(text: str) -> bool:
    """Whether the sentence is a question."""
    return text.rstrip("\"'”’»)] ।").endswith("?")


def _may_stand(text: str, folded: str, *, first: bool) -> bool:
    count = len(text.split())
    return (
        count >= LEAST_TOKENS
        and (count <= LONGEST or first)
        and bool(_CLOSED.search(text))
        and not _ELLIPSIS.search(text)
        and "\ufffd" not in text
        and balanced(text)
        and not TEASER.search(folded)
        and not _AGENCY.match(folded)
        and not _DATELINE.match(folded)
        and not (text[0] in "([" and text[-1] in ")]।." and text.rstrip("।.")[-1:] in (")", "]"))  # a caption
        and (first or not _LABEL.match(folded))
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


def _closes_first(text: str) -> bool:
    """Whether two apostrophes close a quotation before any open one; those that open may run on in the article."""
    at = text.find("''")
    before, after = text[at - 1 : at], text[at + 2 : at + 3]
    return (
        at > 0 and not before.isspace() and before not in "(:,-" and (not after or after.isspace() or after in ".,।?!")
    )


def balanced(text: str) -> bool:
    """Whether every quote and bracket that opens also closes, straight ones by their even number."""
    if _closes_first(text):
        return False
    text = text.replace("''", "")
    if any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
        return False
    opened = text.count("‘")
    closed = len(re.findall("’(?![a-zA-Z])", text))  # an apostrophe before Latin letters closes nothing
    straight = len(re.findall("(?<![A-Za-z0-9])'|'(?![A-Za-z])", text))
    return opened == closed and text.count('"') % 2 == 0 and straight % 2 == 0
