"""What a word means for the coverage of a headline: its stem, its synonyms, and the value of a number."""

from __future__ import annotations

import re
from functools import lru_cache

from digest.curate.summary.support.vocabulary import LONGEST_PHRASE, PHRASES, concepts_of, key_of, number_words
from digest.hindi.text import fold, folded_words, words
from digest.hindi.tokens import stem_of, tokens

_GROUP = re.compile("s[0-9]+")
_DECIMAL = re.compile("(?<![0-9])[0-9]+[.][0-9]+")
# They have the stem of a word for a death or an arrest. A blow, too, is मारी.
_LOOKALIKES = folded_words("जानता जानते जानती जानने जानना जानकर धरती मार मारी मारकर मारना मारने")
_GRAVE_GROUPS = concepts_of(fold("मौत")) | concepts_of(fold("गिरफ्तार"))


@lru_cache(maxsize=20_000)
def meanings(token: str) -> frozenset[str]:
    """Return the stem of a folded token, its synonym groups, and its value if it is a number word."""
    stem = stem_of(token)
    if token in number_words():
        return frozenset({f"{number_words()[token]:g}"})
    if _DECIMAL.fullmatch(token):
        # A headline rounds: 1,941.67 is 1941 or 1942.
        return frozenset({token, str(int(float(token))), f"{float(token):.0f}"})
    # An alias or synonym may be listed in one form only: स्कूल, but not स्कूलों.
    groups = concepts_of(token) | (concepts_of(stem) if stem else frozenset())
    if token in _LOOKALIKES:
        groups -= _GRAVE_GROUPS
    return frozenset({stem, *filter(_GROUP.fullmatch, groups)}) - {""}


# Cached, because every draft of a summary needs the sentences of its article again.
@lru_cache(maxsize=2_000)
def all_meanings(text: str) -> frozenset[str]:
    """Return all meanings of a text's words and of phrases such as `विश्व स्वास्थ्य संगठन`."""
    found = tokens(text)
    keys = list(map(key_of, found))
    phrases = (
        PHRASES.get(" ".join(keys[start : start + length]), frozenset())
        for start in range(len(keys))
        for length in range(2, LONGEST_PHRASE + 1)
    )
    return frozenset[str]().union(*map(meanings, found), *phrases)


def _any_of(listed: str) -> frozenset[str]:
    return frozenset[str]().union(*(meanings(fold(word)) for word in words(listed)))


KILLED = meanings(fold("मौत"))
ARRESTED = _any_of("गिरफ्तार हिरासत दबोचा अरेस्ट")
GRAVE_NEWS = KILLED | meanings(fold("गिरफ्तार"))
# Without the stems of मारे and दम, which टक्कर मारी and दम दिखाया have too.
DEATH = _any_of("मौत हत्या शहीद शव मृत मारे निधन दम") - {stem_of(fold(word)) for word in words("मारे दम")}


def meanings_in_title(token: str) -> frozenset[str]:
    """Return the meanings that cover a token of the title. Any word for a death or an arrest covers another."""
    found = meanings(token)
    return found.union(*(each for each in (DEATH, ARRESTED) if not found.isdisjoint(each)))


def tells_of_death(text: str) -> bool:
    return not DEATH.isdisjoint(all_meanings(text))
