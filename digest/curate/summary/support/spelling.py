"""Spell the words of a summary as its articles do: सीरीज for सिरीज़, रद्द for रद, सीबीआई for CBI."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from string import ascii_lowercase

from digest.hindi.text import fold, words

_WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+|[A-Za-z]+")
_ACRONYM = re.compile("[A-Z]{2,6}")
_NAMES_OF_LETTERS = dict(
    zip(
        ascii_lowercase,
        words("ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई जेड"),
        strict=True,
    )
)
_SHORT = str.maketrans({"ी": "ि", "ू": "ु", "ई": "इ", "ऊ": "उ", "्": None, "ं": None})
_GLIDE = re.compile("य(?=[िे])")
_REPEATED = re.compile(r"(.)\1+")
# Shorter words are often similar by chance: दिन and दीन.
_LEAST = 4


def respell(text: str, articles: Iterable[str]) -> str:
    """Replace each word that no article has by the only word of the articles with a similar spelling."""
    known, alike = _known(tuple(articles))

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        return word if fold(word) in known else alike.get(_outline(word), word)

    return _WORD.sub(replaced, text)


@lru_cache(maxsize=16)
def _known(articles: tuple[str, ...]) -> tuple[frozenset[str], dict[str, str]]:
    """Return the folded words of the articles, and each outline that only one of them has."""
    written = {word for text in articles for word in _WORD.findall(text)}
    alike: dict[str, set[str]] = {}
    for word in written:
        outline = _outline(word)
        if len(outline) >= _LEAST:
            alike.setdefault(outline, set()).add(fold(word))
    single = {outline: next(iter(found)) for outline, found in alike.items() if len(found) == 1}
    return frozenset(map(fold, written)), single


def _outline(word: str) -> str:
    """Return the word without the differences of spellings: long vowels, conjuncts, double letters, Latin acronyms."""
    if _ACRONYM.fullmatch(word):
        word = "".join(_NAMES_OF_LETTERS[letter] for letter in word.lower())
    elif word.isascii():
        return word.lower()
    shorter = fold(word).translate(_SHORT)
    return _REPEATED.sub(r"\1", _GLIDE.sub("", shorter).replace("िइ", "ि"))
