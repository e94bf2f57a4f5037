"""Compare names in Latin and Devanagari letters by their consonants: `Samsung` is सैमसंग."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
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
    """Whether a Latin word and another folded word may be the same name."""
    one, other = sounds(latin.casefold()), sounds(word)
    if len(latin) < _LEAST_LETTERS or len(one) < _LEAST_SOUNDS:
        return False
    least = min(len(one), len(other))
    return one == other or (least >= _LEAST_START and (one.startswith(other) or other.startswith(one)))


# How people write each letter in Latin ones.
_ROMAN = {
    letter: latin
    for letters, latins in (
        ("क ख ग घ ङ च छ ज झ ञ", "k kh g gh n ch ch j jh n"),
        ("ट ठ ड ढ ण त थ द ध न", "t th d dh n t th d dh n"),
        ("प फ ब भ म य र ल व श ष स ह", "p f b bh m i r l v s s s h"),
        ("अ आ इ ई उ ऊ ऋ ए ऐ ओ औ ऑ", "a a i i u u ri e e o o o"),
        ("ा ि ी ु ू ृ े ै ो ौ ॉ ं ँ", "a i i u u ri e e o o o n n"),
    )
    for letter, latin in zip(letters.split(), latins.split(), strict=True)
}
_ROMAN_VARIANTS = (
    *(("aa", "a"), ("ee", "i"), ("oo", "u"), ("ai", "e"), ("au", "o"), ("chh", "ch"), ("ph", "f"), ("sh", "s")),
    *(("w", "v"), ("z", "j"), ("q", "k"), ("x", "ks"), ("y", "i")),
)
# A consonant that is spoken with the vowel `a`.
_INHERENT = re.compile("[क-ह](?![ािीुूृेैोौॉ\u094d])")
# The least likeness of two spellings: with few consonants, many words have the same.
_LEAST_LIKENESS, _LEAST_LIKENESS_OF_SHORT = 0.5, 0.65
_SHORT_SOUNDS = 2
_OPTIONAL_AT_END = "nv"


@lru_cache(maxsize=20_000)
def romanised(word: str) -> str:
    """Return a folded word in the Latin letters that people type for it: खेल, `khel`."""
    if word[:1].isascii():
        for pair, one in _ROMAN_VARIANTS:
            word = word.replace(pair, one)
        return _REPEATED.sub(r"\1", word)
    # That of the last consonant is silent.
    spoken = _INHERENT.sub(r"\g<0>a", word).removesuffix("a")
    return _REPEATED.sub(r"\1", "".join(letter if letter == "a" else _ROMAN.get(letter, "") for letter in spoken))


def spelling_likeness(latin: str, word: str) -> float:
    """Return how likely a Latin word is this folded Devanagari one, from 0 to 1; 0 if its consonants differ.

    People often leave out a nasal at the end, or write व as a vowel: `gehu`, गेहूँ; `gaon`, गाँव.
    """
    latin = latin.casefold()
    consonants = sounds(latin).rstrip(_OPTIONAL_AT_END)
    if not consonants or consonants != sounds(word).rstrip(_OPTIONAL_AT_END):
        return 0.0
    likeness = SequenceMatcher(None, romanised(latin), romanised(word), autojunk=False).ratio()
    least = _LEAST_LIKENESS_OF_SHORT if len(consonants) <= _SHORT_SOUNDS else _LEAST_LIKENESS
    return likeness if likeness >= least else 0.0


def spelled(capitals: str) -> str:
    """Return an acronym spelled in Hindi, folded: `CBI`, सीबीआई."""
    return fold("".join(LETTER_NAMES[letter] for letter in capitals))
