"""Tokens and stems for comparing texts: folded, without stop words (stopwords.txt), with aliases (aliases.txt).

For a search index, stems are encoded in ASCII, because SQLite's `unicode61` and PostgreSQL's parser would split
Devanagari at its vowel signs.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain

from digest.hindi.text import fold, folded_words, table_rows

_TOKEN = re.compile("[\u0900-\u0963\u0971-\u097f]+|[a-z\u00df-\u024f]+|[0-9]+(?:[.,][0-9]+)*")
# नयी = नई, रुपये = रुपए: both spellings are standard.
_ENDING_VARIANTS = (("यी", "ई"), ("ये", "ए"))

# A word before folding.
_RAW_WORD = re.compile(
    "[\u0900-\u0963\u0971-\u097f\u00ad\u200b-\u200d\ufeff]+|[A-Za-z\u00c0-\u024f]+|[0-9\u0966-\u096f]+(?:[.,][0-9\u0966-\u096f]+)*"
)


STOP_WORDS = folded_words(*table_rows("digest.hindi", "stopwords.txt"))
"""Folded words without a topic: our own list, which covers nearly half of running news text."""

ALIASES: dict[str, str] = {
    fold(variant): fold(canonical)
    for line in table_rows("digest.hindi", "aliases.txt")
    for canonical, *variants in (line.split(),)
    for variant in variants
}
"""Folded variant to folded canonical token, for things that papers spell or name differently."""

# The first letter of a word in a search index. It avoids conflicts with English words.
_MARK = "q"
_LETTERS = "abcdefghijklmnop"
_FIRST, _LAST = 0x0900, 0x097F
# The most words of a query. Further words change little.
MOST = 8
# The fewest letters of a stem by which a query finds another name.
_SHORTEST = 3
# Endings of one noun that the stemmer does not join: कछुआ, कछुए, कछुओं; चिड़िया, चिड़ियाँ.
_INFLECTIONS = (("आ", "ए", "ओं", "ओ", "आं", "एं"), ("या", "यां", "यों", "यो"))
# The fewest letters before them, and of a stem by which a query finds the other forms.
_SHORTEST_BASE, _SHORTEST_FORM = 3, 2
# The prefix of electronic things, written with a hyphen or without: ई-बस, ईबस. Other words begin with it too: ईनाम.
_ELECTRONIC = "ई"
_ELECTRONIC_THINGS = (
    "अटेंडेंस ऑक्शन ऑटो ऑफ़िस ऑफिस कचरा कार कॉमर्स कोर्ट गवर्नेंस गवर्नेन्स गेम चालान टिकट टेंडर टैक्सी ट्रक डिस्ट्रिक्ट "
    "नीलामी पत्रिका पास पासपोर्ट पुस्तक पेपर पेमेंट पोर्टल फ़ाइल फाइल बस बाइक बुक भुगतान मंडी मार्केट मेल रिक्शा रुपया रुपी "
    "लर्निंग लाइब्रेरी वाहन वीज़ा वीजा वेस्ट व्हीकल शासन श्रम सिगरेट सिम सेवा साइकिल स्कूटर हॉस्पिटल"
)


def tokens(text: str) -> list[str]:
    """Return folded words and numbers in order. Devanagari, Latin and digits never share a token."""
    return list(chain.from_iterable(map(_word_tokens, text.split())))


def written_tokens(text: str) -> list[tuple[str, str]]:
    """Return each token in order, with its word as the text has it."""
    return [(token, word) for word in _RAW_WORD.findall(text) for token in _word_tokens(word)]


def _split_word(word: str) -> tuple[str, ...]:
    """Return the tokens of a piece of text without spaces."""
    return tuple(token.replace(",", "") if token[0].isdigit() else token for token in _TOKEN.findall(fold(word)))


# No token spans a space, and a day's articles have few distinct words: looking them up is faster than a pattern over
# the whole text.
_word_tokens = lru_cache(maxsize=100_000)(_split_word)


def stems(text: str) -> list[str]:
    """Return the stems of the words that carry a topic, in order."""
    return list(chain.from_iterable(map(word_stems, text.split())))


@lru_cache(maxsize=200_000)
def word_stems(word: str) -> tuple[str, ...]:
    """Return the stems of a piece of text without spaces; () for a stop word."""
    found = (token for raw in _RAW_WORD.findall(word) for token in _split_word(raw))
    return tuple(stem for token in found if (stem := stem_of(token)))


@lru_cache(maxsize=200_000)
def stem_of(token: str) -> str:
    """Return the stem of one folded token; '' for a stop word. Latin words and digits stay as they are."""
    if token in STOP_WORDS:
        return ""
    token = ALIASES.get(token, token)
    if token[0] < "\u0900":
        return token
    for ending, other in _ENDING_VARIANTS:
        if len(token) > len(ending) and token.endswith(ending):
            token = token[: -len(ending)] + other
    return "" if token in STOP_WORDS else _stem(token)


def _stem(token: str) -> str:
    """Return the token without the longest ending of snowballstemmer's table, a hundred times as fast as its
    `stemWord`.
    """
    endings, consonants, longest = _endings()
    for at in range(max(1, len(token) - longest), len(token)):
        needs_consonant = endings.get(token[at:])
        if needs_consonant is False or (needs_consonant and at > 1 and token[at - 1] in consonants):
            return token[:at]
    return token


@lru_cache(maxsize=1)
def _endings() -> tuple[dict[str, bool], frozenset[str], int]:
    """Return ending → whether it needs a consonant before it; the consonants; the length of the longest ending."""
    from snowballstemmer.hindi_stemmer import HindiStemmer

    endings = {each.s: each.method is not None for each in HindiStemmer.a_0}
    return endings, frozenset(HindiStemmer.g_consonant), max(map(len, endings))


def index_words(*texts: str) -> str:
    """Return the words of the texts for an index, each once."""
    return " ".join(dict.fromkeys(encode(stem) for text in texts for stem in stems(text)))


def query_groups(query: str) -> list[tuple[str, ...]]:
    """Return the words of a query, each with the others under which the index may have it. A query of only stop words
    finds nothing.

    An alias replaces a word only as it is listed: 'स्कूल' is indexed as 'विद्यालय', but 'स्कूलों' by its own stem. Other
    forms of a noun have other stems, and a compound may have a hyphen in the query or in the story. The query has all
    of them, so the index need not be built again.
    """
    found: dict[tuple[str, ...], None] = {}
    for token, whole in chain.from_iterable(map(_query_tokens, query.split())):
        if stem := stem_of(token):
            names = {stem, _stem(token), *_other_forms(token)}
            names |= set(chain.from_iterable(_names().get(name, ()) for name in (stem, _stem(token))))
            # Each part of a compound may stand for itself, or the whole for all parts.
            names |= {stem_of(whole)} if whole else set()
            found[stem, *sorted(names - {stem})] = None
    return [tuple(map(encode, group)) for group in found][:MOST]


def _query_tokens(piece: str) -> list[tuple[str, str]]:
    """Return the tokens of a piece of a query without spaces, each with the whole compound that it is a part of."""
    found = list(_word_tokens(piece))
    if len(found) == 1 and found[0].startswith(_ELECTRONIC) and len(found[0]) >= _SHORTEST:
        thing = found[0].removeprefix(_ELECTRONIC)
        if stem_of(thing) in _electronic_stems():
            return [(_ELECTRONIC, found[0]), (thing, found[0])]
    is_compound = len(found) == 2 and "-" in piece and min(found) >= "\u0900"
    return [(token, "".join(found) if is_compound else "") for token in found]


@lru_cache(maxsize=1)
def _electronic_stems() -> frozenset[str]:
    return frozenset(stems(_ELECTRONIC_THINGS))


def _other_forms(token: str) -> set[str]:
    """Return the stems of other forms of a noun that the stemmer gives another stem."""
    for endings in _INFLECTIONS:
        for ending in endings:
            base = token.removesuffix(ending)
            if base != token and len(base) >= _SHORTEST_BASE:
                return {stem for each in endings if len(stem := _stem(base + each)) >= _SHORTEST_FORM}
    return set()


@lru_cache(maxsize=1)
def _names() -> dict[str, set[str]]:
    """Stem → the stems of all names of the same thing."""
    found: dict[str, set[str]] = {}
    for variant, canonical in ALIASES.items():
        # Short stems, as of abbreviations, are stems of other words too.
        own = {stem for stem in (_stem(variant), _stem(canonical)) if len(stem) >= _SHORTEST} | {stem_of(canonical)}
        for stem in own:
            found.setdefault(stem, set()).update(own)
    return {stem: set().union(*(found[each] for each in names)) for stem, names in found.items()}


def encode(stem: str) -> str:
    """Encode a folded stem as ASCII letters and digits, one-to-one."""
    if stem.isascii():
        return stem.replace(".", "d")
    return _MARK + "".join(map(_encode_letter, stem))


def _encode_letter(letter: str) -> str:
    number = ord(letter)
    if _FIRST <= number <= _LAST:
        number -= _FIRST
        return _LETTERS[number >> 4] + _LETTERS[number & 15]
    return f"{number:x}z" if number > 127 else letter
