"""Compare names in Latin and Devanagari letters by their consonants: `Samsung` is सैमसंग."""

from __future__ import annotations

import re
from functools import lru_cache

from digest.hindi.text import fold, words

LETTER_NAMES = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        words("ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई ज़ेड"),
        strict=True,
    )
)
"""Latin capitals by their Hindi names."""

_LATIN_PAIRS = (
    *(("ph", "f"), ("sh", "s"), ("ch", "C"), ("ck", "k"), ("ce", "s"), ("ci", "s"), ("cy", "s")),
    *(("x", "ks"), ("q", "k"), ("z", "j"), ("w", "v"), ("c", "k")),
)
_SILENT = re.compile("[aeiouyh.]")
_DEVANAGARI = str.maketrans(
    {
        letter: sound
        for letters, sound in (
            *(("कख", "k"), ("गघ", "g"), ("चछ", "C"), ("जझ", "j"), ("टठतथ", "t"), ("डढदध", "d"), ("णनञङंँ", "n")),
            *(("प", "p"), ("फ", "f"), ("बभ", "b"), ("म", "m"), ("र", "r"), ("ल", "l"), ("व", "v"), ("शषस", "s")),
        )
        for letter in letters
    }
)
_NO_SOUND = re.compile("[^a-zC]")
_REPEATED, _DOUBLED = re.compile(r"(.)\1+"), re.compile("(.)\u094d\\1")
# A Latin word with fewer letters or consonants is like too many others. From this many consonants on, a word may be the
# start of the other: `Express`, एक्सप्रेसवे.
_LEAST_LETTERS, _LEAST_SOUNDS, _LEAST_START = 4, 2, 4


@lru_cache(maxsize=20_000)
def sounds(word: str) -> str:
    """Return the consonants of a folded word in either script, without aspiration and length."""
    if not word[:1].isascii():
        return _NO_SOUND.sub("", _DOUBLED.sub(r"\1", word).translate(_DEVANAGARI))
    word = _REPEATED.sub(r"\1", f"s{word[1:]}" if word[:1] == "x" else word)
    for pair, sound in _LATIN_PAIRS:
        word = word.replace(pair, sound)
    return _NO_SOUND.sub("", _SILENT.sub("", word))


def sounds_like(latin: str, word: str) -> bool:
    """Return whether a Latin word and another folded word may be the same name."""
    one, other = sounds(latin.casefold()), sounds(word)
    if len(latin) < _LEAST_LETTERS or len(one) < _LEAST_SOUNDS:
        return False
    least = min(len(one), len(other))
    return one == other or (least >= _LEAST_START and (one.startswith(other) or other.startswith(one)))


def spelled(capitals: str) -> str:
    """Return an acronym spelled in Hindi, folded: `CBI`, सीबीआई."""
    return fold("".join(LETTER_NAMES[letter] for letter in capitals))
