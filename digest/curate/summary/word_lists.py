"""The word lists of the rules of summaries (sentence_words.txt), as sets and as patterns for folded text."""

from __future__ import annotations

import re
from collections import defaultdict

from digest.hindi.text import CONSONANT, fold, table_rows

_CONSONANT = re.compile(f"([{CONSONANT}])")
_NASAL = re.compile("ं")


def _lists() -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in table_rows("digest.curate.summary", "sentence_words.txt"):
        name, _, words = row.partition(":")
        found[name] += [fold(word.replace("_", " ")) for word in words.split()]
    return {name: tuple(words) for name, words in found.items()}


WORDS = _lists()
"""Name -> folded words and phrases."""


def word_set(name: str) -> frozenset[str]:
    return frozenset(WORDS[name])


def any_written(name: str) -> str:
    """Return a pattern for any of the words in text that is not folded: with or without nukta, with ं or ँ."""
    return _NASAL.sub("[ंँ]", _CONSONANT.sub(r"\1़?", any_of(name)))


def any_of(name: str) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(WORDS[name], key=len, reverse=True)) + ")"
