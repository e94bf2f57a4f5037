"""Spell the words of a summary as its articles do: सीरीज for सिरीज़, सीबीआई for CBI, उप मुख्यमंत्री for उपमुख्यमंत्री."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from digest.curate.summary.support.vocabulary import NAMED, concepts_of
from digest.hindi.sounds import sounds, spelled
from digest.hindi.text import fold

_WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+|[A-Za-z]+")
# `गृह मंत्री` for `गृहमंत्री`
_TWO_WORDS = re.compile(
    "(?<![\u0900-\u0963\u0971-\u097f])([\u0900-\u0963\u0971-\u097f]{2,}+) ([\u0900-\u0963\u0971-\u097f]{3,})"
)
_ACRONYM = re.compile("[A-Z]{2,6}")
_SHORT = str.maketrans(
    {
        "ी": "ि",
        "ू": "ु",
        "ई": "इ",
        "ऊ": "उ",
        "ै": "े",
        "ौ": "ो",
        "ऐ": "ए",
        "औ": "ओ",
        "ॉ": "ा",
        "ऑ": "आ",
        "ण": "न",
        "्": None,
        "ं": None,
    }
)
_GLIDE = re.compile("य(?=[िे])")
# `नोएडा` is `नोयडा`.
_VOWEL_AS_GLIDE = re.compile("(?<=.)ए(?=.)")
_REPEATED = re.compile(r"(.)\1+")
# Shorter words are often similar by chance: दिन and दीन.
_LEAST, _LEAST_SOUNDS = 4, 3


def unified(texts: Sequence[str]) -> list[str]:
    """Spell each name of the texts in one way: आरएमआरआई and आरएमआरआइ, SSP and एसएसपी, नोएडा and नोयडा."""
    written = Counter(word for text in texts for word in _WORD.findall(text))
    alike: dict[str, set[str]] = {}
    for word in written:
        if len(outline := _outline(word)) >= _LEAST:
            alike.setdefault(outline, set()).add(word)
    chosen: dict[str, str] = {}
    for words in alike.values():
        known = {fold(word) for word in words if not _is_unknown(word)}
        if len({fold(word) for word in words}) > 1 and len(known) <= 1:
            best = max(words, key=lambda word: (not _is_unknown(word), not word.isascii(), written[word], word))
            chosen |= dict.fromkeys(words - {best}, best)
    return [_WORD.sub(lambda match: chosen.get(match[0], match[0]), text) for text in texts] if chosen else [*texts]


def _is_unknown(word: str) -> bool:
    """Whether no table has the word, so that it may be a name."""
    return len(concepts_of(fold(word))) == 1 or bool(_ACRONYM.fullmatch(word))


def respell(text: str, articles: Iterable[str]) -> str:
    """Replace unknown words by a word of the articles, if only one has a similar spelling.

    A word that the articles write as two is parted, so that both halves can be compared.
    """
    known, alike, pairs = _known_words(tuple(articles))

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        if fold(word) in known:
            return word
        if pair := pairs.get(fold(word)):
            return pair
        if (plain := fold(word).replace("ं", "")) in known:
            return plain
        return word if fold(word) in NAMED else alike.get(_outline(word), alike.get(_sound(word), word))

    def joined(match: re.Match[str]) -> str:
        one, two = fold(match[1]), fold(match[2])
        return one + two if one + two in known and not (one in known and two in known) else match[0]

    return _WORD.sub(replaced, _TWO_WORDS.sub(joined, text))


@lru_cache(maxsize=16)
def _known_words(articles: tuple[str, ...]) -> tuple[frozenset[str], dict[str, str], dict[str, str]]:
    """Return the folded words of the articles, each outline that only one of them has, and words joined in pairs."""
    written = [word for text in articles for word in _WORD.findall(text)]
    alike: dict[str, set[str]] = {}
    for word in set(written):
        for outline in (_outline(word), _sound(word) if word.isascii() else ""):
            if len(outline) >= _LEAST:
                alike.setdefault(outline, set()).add(fold(word))
    single = {outline: next(iter(found)) for outline, found in alike.items() if len(found) == 1}
    pairs = {fold(one) + fold(two): f"{fold(one)} {fold(two)}" for one, two in pairwise(written)}
    return frozenset(map(fold, written)), single, pairs


def _outline(word: str) -> str:
    """Return the word without the differences of spellings: long vowels, conjuncts, double letters, Latin acronyms."""
    if _ACRONYM.fullmatch(word):
        word = spelled(word)
    elif word.isascii():
        return word.lower()
    shorter = fold(word).translate(_SHORT)
    return _VOWEL_AS_GLIDE.sub("य", _REPEATED.sub(r"\1", _GLIDE.sub("", shorter).replace("िइ", "ि")))


def _sound(word: str) -> str:
    """Return the consonants of a name in either script, marked so that they equal no outline."""
    letters = sounds(word.lower() if word.isascii() else fold(word))
    return f"~{letters}" if len(letters) >= _LEAST_SOUNDS else ""
