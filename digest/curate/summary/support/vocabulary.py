"""The word tables of the support check: synonyms, general words, and classes of words that change a meaning."""

from __future__ import annotations

import re
from functools import lru_cache

from digest.hindi.text import fold, table_rows
from digest.hindi.tokens import ALIASES, STOP_WORDS, stem_of, tokens

_PACKAGE = "digest.curate.summary.support"


_ENGLISH_PLURAL = re.compile("...[टडतदनपबमरल]्स$")


@lru_cache(maxsize=100_000)
def key_of(token: str) -> str:
    """Return the stem of a folded token; a stop word is its own key."""
    if token.startswith("घटना"):
        # No form of `घटना`, to fall.
        return "घटना"
    if _ENGLISH_PLURAL.search(token):
        # `मॉडल्स` is `मॉडलों`.
        token = token[: -len("्स")]
    stem = stem_of(token) or token
    # `स्कूलों` is `स्कूल`, which the aliases call विद्यालय.
    return stem_of(ALIASES[stem]) or stem if stem in ALIASES else stem


def _entries(row: str) -> list[str]:
    return [" ".join(key_of(each) for word in entry.split("_") for each in tokens(word)) for entry in row.split()]


def _classes(name: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in table_rows(_PACKAGE, name):
        kind, _, words = row.partition(":")
        found[kind] = found.get(kind, frozenset()) | {fold(word).replace("_", " ") for word in words.split()}
    return found


GRAMMAR = _classes("grammar.txt")
"""Name of a list of small words and forms -> folded words."""

ALL_CLASSES = _classes("word_classes.txt")
"""Class -> folded words."""

OPPOSITES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(fold(one).split()), frozenset(fold(two).split()))
    for one, _, two in (row.partition("|") for row in table_rows(_PACKAGE, "opposites.txt"))
)
"""Folded words, and folded words for the opposite."""

NAMED: dict[str, tuple[str, ...]] = {
    word: tuple(name for name, words in ALL_CLASSES.items() if word in words and name not in ("retelling", "forms"))
    for words in ALL_CLASSES.values()
    for word in words
}
"""Folded word -> its classes."""

_CONCEPTS: dict[str, set[str]] = {}
for _number, _row in enumerate(table_rows(_PACKAGE, "synonyms.txt")):
    for _entry in _entries(_row):
        _CONCEPTS.setdefault(_entry, set()).add(f"s{_number}")

GENERAL: dict[str, set[str]] = {}
"""Key of a general word -> keys that it may stand for."""
for _row in table_rows(_PACKAGE, "general.txt"):
    _first, *_rest = _entries(_row)
    GENERAL.setdefault(_first, set()).update(_rest)

PHRASES: dict[str, frozenset[str]] = {entry: frozenset(found) for entry, found in _CONCEPTS.items() if " " in entry}
LONGEST_PHRASE = max(len(entry.split()) for entry in PHRASES)

# `छात्र पास हुए`: the postposition of `के पास` is no word of its own here.
_LIGHT = (
    ALL_CLASSES["retelling"] | ALL_CLASSES["forms"] | ALL_CLASSES["said"] | ALL_CLASSES["negative"] | STOP_WORDS
) - {"पास"}
_NEEDS_SUPPORT = frozenset(
    key_of(word) for name in ("weighty", "office", "blame", "arrest", "deny") for word in ALL_CLASSES[name]
)
_STRICT = frozenset(key_of(word) for name in ("weighty", "blame", "arrest", "deny") for word in ALL_CLASSES[name])
_OFFICES = frozenset(key_of(word) for word in ALL_CLASSES["office"])
_NAMES = frozenset(key_of(each) for row in table_rows(_PACKAGE, "names.txt") for each in tokens(row))
_OWN = (
    word for name in ("plain_words.txt", "synonyms.txt") for row in table_rows(_PACKAGE, name) for word in row.split()
)
_PLAIN = (
    (
        frozenset(key_of(each) for entry in _OWN for word in entry.split("_") for each in tokens(word))
        | frozenset(
            stem
            for row in table_rows("digest.curate.similarity", "commonness.txt")
            for stem in row.split()[1:]
            if stem[0] > "\u08ff"
        )
    )
    - _NEEDS_SUPPORT
    - _NAMES
)
"""Stems of everyday words: none is a name, an office, a crime or an outcome."""

# Verbs that only carry the noun before them, in any form.
_LIGHT_VERB = re.compile(
    "(?:कर|करा|हो|दे|ले|जा|आ|रह|लग|रख|पा|सक|चुक|पड|मिल)"
    "(?:ा|ी|े|ना|ने|नी|ता|ते|ती|या|ए|ई|ये|एगा|एगी|एंगे|ेगा|ेगी|ेंगे|ेंगी|गा|गी|ंगे|ंगी|कर|ीं|ईं)?"
)
# `ज़िलाध्यक्ष`, `कोषाध्यक्ष`
_OFFICE_ENDING = re.compile(fold("..(?:ाध्यक्ष|मंत्री|प्रमुख|निदेशक|निरीक्षक|अधीक्षक|आयुक्त|सचिव|अधिकारी)$"))
# Words of these classes change a meaning, so they always need support.
_WEIGHTY = frozenset(
    word
    for name in (
        "all",
        "some",
        "most",
        "half",
        "only",
        "more",
        "less",
        "both",
        "claim",
        "doubt",
        "wish",
        "plan",
        "deny",
        "time",
    )
    for word in ALL_CLASSES[name]
)


@lru_cache(maxsize=100_000)
def concepts_of(token: str) -> frozenset[str]:
    """Return the meanings of a folded token: its key, its synonym groups, and 'light' if it needs no support."""
    key = key_of(token)
    found = {key, *_CONCEPTS.get(key, ()), *NAMED.get(token, ())}
    if key in _OFFICES or _OFFICE_ENDING.search(token):
        found.add("office")
    if (token in _LIGHT or _LIGHT_VERB.fullmatch(token)) and token not in _WEIGHTY:
        found.add("light")
    if key in _PLAIN and token not in _WEIGHTY and ordinal(token) is None:
        found.add("plain")
    if key in _NAMES:
        found.add("name")
    if key == key_of("दोनों"):
        found.add("#2")
    if key in _STRICT:
        found.add("strict")
    if (place := ordinal(token)) is not None:
        found.add(f"#{place}")
    return frozenset(found)


def ordinal(token: str) -> int | None:
    """Return the place that a folded ordinal names: 12 for बारहवीं; None for another word."""
    if token in _ORDINALS:
        return _ORDINALS[token]
    value = number_words().get(token[:-_ORDINAL_ENDING], 0.0) if _ORDINAL.search(token) else 0.0
    return round(value) or None


# Folding keeps वां, वीं and वें at three marks.
_ORDINAL = re.compile("व[ाीे]ं$")
_ORDINAL_ENDING = 3
_ORDINALS = {
    fold(stem + ending): value
    for value, stems in (
        (1, "पहल"),
        (2, "दूसर"),
        (3, "तीसर"),
        (4, "चौथ"),
        (5, "पांचव"),
        (6, "छठ"),
        (7, "सातव"),
        (8, "आठव"),
    )
    for stem in stems.split()
    for ending in ("ा", "ी", "े", "ां", "ीं", "ें")
}
"""Folded ordinals up to the eighth -> their values. `number_words` has those of the other numbers."""

_UNITS = (
    "शून्य एक दो तीन चार पांच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस बीस इक्कीस बाईस तेईस चौबीस "
    "पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस चालीस इकतालीस "
    "बयालीस तैंतालीस चवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन "
    "उनसठ साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर "
    "अठहत्तर उन्यासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे "
    "पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)

# From three on.
_COLLECTIVES = "तीनों चारों पांचों छहों सातों आठों"


@lru_cache(maxsize=1)
def number_words() -> dict[str, float]:
    """Return folded words for the numbers from 0 to 99, and usual variants."""
    found = {fold(word): float(value) for value, word in enumerate(_UNITS.split())}
    found |= {fold(word): float(value) for value, word in enumerate(_COLLECTIVES.split(), 3)}
    found |= {fold("छः"): 6.0, fold("छे"): 6.0, fold("छ"): 6.0, fold("पन्द्रह"): 15.0, fold("सौ"): 100.0}
    return found
