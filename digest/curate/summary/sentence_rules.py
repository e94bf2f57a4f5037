"""Rules for the sentences of a summary. A sentence is used unchanged or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from digest.hindi.sentences import split
from digest.hindi.text import fold, table_rows, words
from digest.hindi.tokens import stems
from digest.models import Article

LEAST_SENTENCE_WORDS = 5
# The limits of a summary. Fewer than 8 words say nothing beyond a title.
MOST_WORDS, LEAST_WORDS, MOST_SENTENCES = 70, 8, 3
# Words; the 97th percentile of news sentences. A longer one is used only if it opens the article.
LONGEST = 45
# A sentence echoes the title if it shares ECHO_SHARE of its stems and adds at most ECHO_EXTRA, or shares MOST_SHARED.
ECHO_SHARE = 0.75
ECHO_EXTRA = 2
MOST_SHARED = 0.9
# A sentence is no news to somebody who has read more than this share of its stems.
KNOWN_SHARE = 0.7

# Opening words that refer to something before them.
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
_AGENCIES = fold(
    "एजेंसी|एजेंसियां|भाषा|वार्ता|यूनीवार्ता|एएनआई|एएनआइ|पीटीआई|पीटीआइ|आईएएनएस|आइएएनएस|प्रेट्र|जेएनएन|जासं|ब्यूरो|संवाददाता|रायटर|रॉयटर"
    "|रॉयटर्स|एएफपी|एपी|डीपीए|ani|pti|ians|reuters|afp|uni"
)
# One to three words before a colon: a label, a place or a speaker. The sentence may need the next line.
_LABEL = re.compile("^[^ :।.!?\"“‘',]+(?: [^ :।.!?\"“‘',]+){0,2} ?: ")
_DATELINE = re.compile(
    f"^[^।.!?:]{{0,45}}[(\\[,/ ](?:{_AGENCIES})[)\\]]{{0,2}} ?[।.:|–-]"
    f"|^[(\\[](?:{_AGENCIES})|^(?:{_AGENCIES})[,/ ][^।.!?:]{{2,45}}[।.:|–-]"
)
_AGENCY = re.compile(f"^\\(?(?:{_AGENCIES})\\)?[ .।:–-]*$")
_CLOSED = re.compile(r"[।॥.!?…|][\"'”’»)\]]*$|[\"”’»)]$")
_OPENING = re.compile(r"^[\s\"'“‘(\[–-]*")
_PAIRS = (("“", "”"), ("(", ")"), ("[", "]"))
_ELLIPSIS = re.compile(r"(?:\[?(?:…|(?<!\.)\.{3,})\]?|\[&hellip;\])\s*$")


TEASERS = tuple(tuple(row.split("\t")) for row in table_rows("digest.curate.summary", "teasers.txt"))
# All rows as one pattern for folded sentences.
TEASER = re.compile("|".join(f"(?:{fold(pattern)})" for pattern, _example in TEASERS))


@dataclass(frozen=True, slots=True)
class SentenceCandidate:
    """A sentence that may be used in a summary."""

    # Its position among all sentences of the article.
    position: int
    text: str
    words: int
    stems: tuple[str, ...]
    # Whether it opens with a word that refers back.
    hangs: bool
    question: bool


def candidates(article: Article) -> list[SentenceCandidate]:
    """Return the sentences of the article that may be used, in order, each once."""
    has_body = any(block.kind == "p" for block in article.body)
    sentences = split(article.text)
    if not has_body and sentences and (_ELLIPSIS.search(sentences[-1]) or not _CLOSED.search(sentences[-1])):
        # The feed cut off the end of the excerpt.
        sentences = sentences[:-1]
    found: list[SentenceCandidate] = []
    seen: set[str] = set()
    for position, text in enumerate(sentences):
        folded = fold(text)
        if folded in seen or not _is_usable(text, folded, first=not found):
            continue
        seen.add(folded)
        first = opening(text)
        found.append(
            SentenceCandidate(
                position, text, len(text.split()), tuple(stems(text)), first in HANGING, is_question(text)
            )
        )
    return found


def opening(text: str) -> str:
    """Return the folded first word without opening quotes and brackets; '' for none."""
    words = _OPENING.sub("", fold(text)).split()
    return words[0].rstrip(",") if words else ""


def is_whole(text: str) -> bool:
    """Return whether a sentence ends with a closing mark and is not cut off."""
    return bool(_CLOSED.search(text)) and not _ELLIPSIS.search(text)


def is_teaser(text: str) -> bool:
    """Return whether a sentence only calls for a click, gives a credit or names an agency."""
    folded = fold(text)
    return bool(TEASER.search(folded) or _AGENCY.match(folded))


def broken_rules(text: str, title: str) -> list[str]:
    """Return the rules that a summary under this title breaks, each as an English clause."""
    pieces, count = split(text), len(text.split())
    checks = (
        (not 1 <= len(pieces) <= MOST_SENTENCES, f"it had {len(pieces)} sentences"),
        (not LEAST_WORDS <= count <= MOST_WORDS, f"it had {count} words"),
        ("\ufffd" in text, "it contained broken characters"),
        (not all(map(is_whole, pieces)), "a sentence of it had no end"),
        (not balanced(text), "its quotes or brackets were not balanced"),
        (bool(pieces) and opening(pieces[0]) in HANGING, "it opened with a word that refers back"),
        (all(is_question(piece) for piece in pieces), "it was only a question"),
        (any(map(is_teaser, pieces)), "it contained a teaser"),
        (any(_DATELINE.match(fold(piece)) for piece in pieces), "it contained a dateline"),
        (echoes_title(text, title), "it only repeated the title"),
    )
    return [rule for is_broken, rule in checks if is_broken]


def is_question(text: str) -> bool:
    return text.rstrip("\"'”’»)] ।").endswith("?")


def _is_usable(text: str, folded: str, *, first: bool) -> bool:
    count = len(text.split())
    return (
        count >= LEAST_SENTENCE_WORDS
        and (count <= LONGEST or first)
        and bool(_CLOSED.search(text))
        and not _ELLIPSIS.search(text)
        and "\ufffd" not in text
        and balanced(text)
        and not TEASER.search(folded)
        and not _AGENCY.match(folded)
        and not _DATELINE.match(folded)
        # A sentence in brackets is a caption.
        and not (text[0] in "([" and text[-1] in ")]।." and text.rstrip("।.")[-1:] in (")", "]"))
        and (first or not _LABEL.match(folded))
    )


def echoes(each: SentenceCandidate, title: str) -> bool:
    """Return whether the sentence only repeats the title: most of its stems are the title's, and hardly any is new."""
    return _echo(set(each.stems), set(stems(title)))


def echoes_title(text: str, title: str) -> bool:
    """Return the same for any text."""
    return _echo(set(stems(text)), set(stems(title)))


def is_known(each: SentenceCandidate, known: str) -> bool:
    """Return whether the known text contains nearly everything that the sentence says."""
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
    """Return whether the first two apostrophes close a quotation that the text does not open."""
    at = text.find("''")
    before, after = text[at - 1 : at], text[at + 2 : at + 3]
    return (
        at > 0 and not before.isspace() and before not in "(:,-" and (not after or after.isspace() or after in ".,।?!")
    )


def balanced(text: str) -> bool:
    """Return whether every quote and bracket is closed; straight quotes must be even in number."""
    if _closes_first(text):
        return False
    text = text.replace("''", "")
    if any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
        return False
    opened = text.count("‘")
    # An apostrophe before Latin letters closes nothing.
    closed = len(re.findall("’(?![a-zA-Z])", text))
    straight = len(re.findall("(?<![A-Za-z0-9])'|'(?![A-Za-z])", text))
    return opened == closed and text.count('"') % 2 == 0 and straight % 2 == 0
