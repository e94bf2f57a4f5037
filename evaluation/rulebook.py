"""Rules for good summaries, independent of the summariser's own. The empty summary breaks none."""

from __future__ import annotations

import re

from digest.curate.importance.places import foreign_country
from digest.hindi.sentences import split
from digest.hindi.text import fold
from digest.hindi.tokens import stems, tokens
from digest.hindi.typography import typeset
from digest.models import Article

MAX_WORDS, MAX_SENTENCES, MAX_SHARED = 70, 3, 0.9

_END = re.compile("[।॥.?!…|\"'”’»)\\]]$")
_HANGING = tuple(
    f"{fold(word)} "
    for word in (
        "वहीं",
        "लेकिन",
        "इसके बाद",
        "दरअसल",
        "बता दें",
        "हालांकि",
        "उन्होंने",
        "इसके",
        "इससे",
        "साथ ही",
        "वह",
        "ये",
        "यह",
        "ऐसे में",
    )
)
_BOILERPLATE = re.compile(
    fold(
        "यह भी पढ|ये भी पढ|फॉलो करें|क्लिक कर|शेयर करें|पूरी खबर|सब्सक्राइब"
        "|also read|follow us|click here|the post|appeared first"
    )
)
_DATELINE = re.compile(r"^[^।.:|–-]{2,40}(?: \((?:एजेंसी|भाषा|वार्ता|ब्यूरो)\)|, एजेंसी|[।:] ?[A-Za-z]{2,5})[ ।:.–-]")
_CUT = re.compile(r"\[?(?:…|\.{3,}|&hellip;)\]?$")


def broken(article: Article, summary: str) -> list[str]:
    """Return the names of the rules that the summary of a cleaned article breaks."""
    if not summary:
        return []
    pieces = split(summary)
    # The town of a dateline and the country of the headline replace यहां and देश.
    body = tokens(typeset(f"{article.place} {foreign_country(article.title)} {article.text}"))
    first = fold(summary).lstrip("\"'“‘( ")
    own, head = set(stems(summary)), set(stems(article.title))
    rules = {
        "its words are in the article": all(_in_order(tokens(piece), body) for piece in pieces),
        "ends like a sentence": bool(_END.search(summary)),
        "is not cut": not any(_CUT.search(piece) for piece in pieces),
        "one to three sentences": 1 <= len(pieces) <= MAX_SENTENCES,
        "seventy words at most": len(summary.split()) <= MAX_WORDS,
        "quotes and brackets close": _balanced(summary),
        "does not point back": not first.startswith(_HANGING),
        "is more than a question": not all(piece.rstrip("\"'”’) ").endswith("?") for piece in pieces),
        "does not repeat the headline": not head or len(own & head) < MAX_SHARED * len(own),
        "no boilerplate": not _BOILERPLATE.search(fold(summary)),
        "no dateline": not _DATELINE.match(summary),
    }
    return [name for name, kept in rules.items() if not kept]


def _in_order(some: list[str], words: list[str]) -> bool:
    """Return whether all of some words stand in the text in their order. Brackets and clauses may be missing."""
    rest = iter(words)
    return all(word in rest for word in some)


def _balanced(text: str) -> bool:
    pairs = all(text.count(opening) == text.count(closing) for opening, closing in ("“”", "()", "[]"))
    return pairs and text.count('"') % 2 == 0
