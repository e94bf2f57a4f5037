"""Check a model's summary: it must follow the rules of all summaries, and the articles must support each clause."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.curate.summary.sentence_rules import LONGEST, broken_rules
from digest.curate.summary.support import Verdict, find_support
from digest.hindi.sentences import split
from digest.hindi.text import deva_ratio
from digest.models import Article

_MARKUP = re.compile("[<>{}*#`\\\\\n\r\t_]|https?:|www[.]|@")
_LEAST_DEVA = 0.6


def check(text: str, articles: Sequence[Article], title: str) -> Verdict:
    """Return the support of each sentence, or what is wrong with the summary as an English clause."""
    if not text.strip():
        return Verdict(problem="it was empty")
    problem = next(iter(_form(text, title)), "")
    return Verdict(problem=problem) if problem else find_support(text, articles)


def _form(text: str, title: str) -> list[str]:
    checks = (
        (any(len(piece.split()) > LONGEST for piece in split(text)), "a sentence of it was too long"),
        (bool(_MARKUP.search(text)), "it contained marks that no plain sentence has"),
        (deva_ratio(text) < _LEAST_DEVA, "it was not in Hindi"),
    )
    return [*broken_rules(text, title), *(problem for is_wrong, problem in checks if is_wrong)]
