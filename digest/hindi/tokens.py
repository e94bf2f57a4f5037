"""Words for matching: folded tokens, and stems without stop words with variant spellings brought together.

For comparing texts only; nothing that comes out of here is shown to a reader. The word lists are data beside
this file: `stopwords.txt` and `aliases.txt`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from itertools import chain

from digest.hindi.text import fold

_TOKEN = re.compile("[\u0900-\u0963\u0971-\u097f]+|[a-z\u00df-\u024f]+|[0-9]+(?:[.,][0-9]+)*")
_ALIAS_ENDINGS = (("यी", "ई"), ("ये", "ए"))  # नयी = नई, रुपये = रुपए: both spellings are standard

_RAW_WORD = re.compile(  # a word before folding: memoising by it folds each word of a day once
    "[\u0900-\u0963\u0971-\u097f\u00ad\u200b-\u200d\ufeff]+|[A-Za-z\u00c0-\u024f]+|[0-9\u0966-\u096f]+(?:[.,][0-9\u0966-\u096f]+)*"
)


def _lines(name: str) -> list[str]:
    text = resources.files("digest.hindi").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("#")]


STOP_WORDS: frozenset[str] = frozenset(fold(word) for line in _lines("stopwords.txt") for word in line.split())
"""Folded words that carry no topic (own list; covers near half of running news text)."""

ALIASES: dict[str, str] = {
    fold(variant): fold(canonical)
    for line in _lines("aliases.txt")
    for canonical, *variants in (line.split(),)
    for variant in variants
}
"""Folded variant → folded canonical token: one thing that papers spell or name in different ways."""


def tokens(text: str) -> list[str]:
    """Folded words and numbers in order; Devanagari, Latin and digits never share a token."""
    return [token.replace(",", "") if token[0].isdigit() else token for token in _TOKEN.findall(fold(text))]


def stems(text: str) -> list[str]:
    """Topic-bearing stems in order: folded, stop words out, aliases applied, Hindi stemmer (memoised)."""
    return list(chain.from_iterable(map(_BY_WORD.__getitem__, _RAW_WORD.findall(text))))


def word_stems(word: str) -> tuple[str, ...]:
    """The stems of one word as it stands in a text; () for a stop word."""
    return _BY_WORD[word]


class _ByWord(dict[str, tuple[str, ...]]):
    """Word → its stems, found when first asked for: what a dict looks up costs a third of a call."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= _MOST_WORDS:
            self.clear()
        found = self[word] = tuple(stem for token in tokens(word) if (stem := stem_of(token)))
        return found


_MOST_WORDS = 200_000
_BY_WORD = _ByWord()


@lru_cache(maxsize=200_000)
def stem_of(token: str) -> str:
    """The stem of one folded token, '' for a stop word. Latin and digits keep their form."""
    if token in STOP_WORDS:
        return ""
    token = ALIASES.get(token, token)
    if token[0] < "\u0900":
        return token
    for ending, other in _ALIAS_ENDINGS:
        if len(token) > len(ending) and token.endswith(ending):
            token = token[: -len(ending)] + other
    return "" if token in STOP_WORDS else _stemmed(token)


def _stemmed(token: str) -> str:
    """The token without the longest ending of the Hindi stemmer, which takes at least one letter to stand before it.

    Does what the library's `stemWord` does, by look-up: it searches the same table letter by letter, a hundred times
    as slowly.
    """
    endings, consonants, longest = _endings()
    for at in range(max(1, len(token) - longest), len(token)):
        needs_consonant = endings.get(token[at:])
        if needs_consonant is False or (needs_consonant and at > 1 and token[at - 1] in consonants):
            return token[:at]
    return token


@lru_cache(maxsize=1)
def _endings() -> tuple[dict[str, bool], frozenset[str], int]:
    """Ending → whether it goes only after a consonant; the consonants; the letters of the longest ending."""
    from snowballstemmer.hindi_stemmer import HindiStemmer

    endings = {each.s: each.method is not None for each in HindiStemmer.a_0}
    return endings, frozenset(HindiStemmer.g_consonant), max(map(len, endings))
