"""Check a summary that is not in the articles' own words: it must follow all rules and contain no fact they lack.

The check is strict, because the articles' own sentences are always there instead. A word that the articles do not
have is treated as a name unless every retelling needs it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.curate.similarity.tfidf import COMMON_STEMS
from digest.curate.summary.sentence_rules import LONGEST, broken_rules
from digest.hindi.sentences import split
from digest.hindi.text import deva_ratio, words
from digest.hindi.tokens import stem_of, stems, tokens
from digest.models import Article

_MARKUP = re.compile("[<>{}*#`\\\\\n\r\t_]|https?:|www[.]|@")
_LEAST_DEVA = 0.6
_NEAR = 3
_NAMES = frozenset(stems("भारत दिल्ली उत्तर मध्य भारतीय राष्ट्रीय अंतरराष्ट्रीय"))
# Words that are common in news but are facts: the articles must have them.
_DATES = frozenset(
    stems(
        "सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर "
        "नवंबर दिसंबर आज कल सुबह शाम रात दोपहर पहला दूसरा तीसरा दो तीन चार पांच लाख करोड़ हजार सौ जीत हार मौत घायल गिरफ्तार"
    )
)
_RETELLING = frozenset(
    stems(
        "बताया बताई कहा दावा अनुसार मुताबिक दौरान कारण वजह बाद पहले अब अभी साथ ओर तरफ लिए जरिए बीच तक रूप किया हुआ हुई गया "
        "करेगा होगा शामिल संबंधित कुल लगभग करीब अधिक कम ज्यादा बढ़ा घटा शुरू खत्म जारी प्रभावित राहत उम्मीद संभावना सहित"
    )
)
_ALLOWED = (COMMON_STEMS | _RETELLING) - _DATES - _NAMES
_COUNTS = frozenset(words("ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस बीस तीस चालीस पचास"))


def find_problems(text: str, articles: Sequence[Article], title: str) -> list[str]:
    """Return what is wrong with the summary, each as an English clause."""
    return [*_form(text, title), *_facts(text, articles)] if text.strip() else ["it was empty"]


def _form(text: str, title: str) -> list[str]:
    checks = (
        (any(len(piece.split()) > LONGEST for piece in split(text)), "a sentence of it was too long"),
        (bool(_MARKUP.search(text)), "it contained marks that no plain sentence has"),
        (deva_ratio(text) < _LEAST_DEVA, "it was not in Hindi"),
    )
    return [*broken_rules(text, title), *(problem for is_wrong, problem in checks if is_wrong)]


def _facts(text: str, articles: Sequence[Article]) -> list[str]:
    source = "\n".join(f"{each.title}\n{each.text}\n{each.place}" for each in articles)
    has, its_tokens = set(stems(source)), tokens(source)
    beside: dict[str, set[str]] = {}
    for at, token in enumerate(its_tokens):
        if token[0].isdigit():
            beside.setdefault(token, set()).update(map(stem_of, its_tokens[at + 1 : at + 1 + _NEAR]))
    found: list[str] = []
    mine = tokens(text)
    for at, token in enumerate(mine):
        if token[0].isdigit():
            after = stem_of(mine[at + 1]) if at + 1 < len(mine) else ""
            if token not in beside:
                found.append(f"the articles have no number {token}")
            elif after and after not in beside[token]:
                found.append(f"the articles count nothing as '{token} {mine[at + 1]}'")
            continue
        stem = stem_of(token)
        if stem and stem not in has and (stem not in _ALLOWED or token in _COUNTS):
            found.append(f"the articles don't have the word {token!r}")
    return found
