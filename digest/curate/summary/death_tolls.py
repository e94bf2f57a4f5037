"""Death tolls that differ between the sources of a story: the summary names all of them and never mixes two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from digest.curate.importance.numbers import names_dead, number_values, read_counts
from digest.hindi import sentences
from digest.hindi.numbers import group
from digest.hindi.text import fold, folded_words
from digest.hindi.tokens import tokens, written_tokens
from digest.i18n import translator
from digest.models import Article

# Words for an inexact number of dead: `दर्जनों की मौत`.
_ROUGH = folded_words("दर्जन दर्जनों सैकड़ों हजारों लाखों")
# Words that make a number a minimum: `40 से ज्यादा`, `कम से कम 40`.
_AT_LEAST = folded_words("ज्यादा अधिक ज़्यादा कम पार")
# Words for a part of the dead: `एक भारतीय की मौत`, `दो जवान शहीद`.
_PART = folded_words("भारतीय भारतीयों शहीद जिनमें बच्चे बच्चों बच्ची महिला महिलाओं जवान जवानों पुलिसकर्मी पुलिसकर्मियों")
# Words for all deaths of an epidemic, not those of the event: `पटना में युवक की मौत, देश में अब तक 6 की`.
_EVERYWHERE = re.compile(fold("(?:^|[ ,:])(?:देश|दुनिया|विश्व) ?(?:भर )?में "))
# The most tolls that the sentence lists.
MOST_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Toll:
    """The number of deaths in one source's headline or first sentence."""

    source: str
    dead: int
    # Whether there may be more: `40 से ज्यादा`.
    is_least: bool = False


def read_toll(article: Article) -> Toll | None:
    """Return the toll of an article. None without one, and for a rough toll or one of a single group or of the whole
    country.
    """
    first = next(islice(sentences.each(article.text[:600]), 1), "")
    for text in (article.title, first):
        found = frozenset(tokens(text))
        dead = read_counts(written_tokens(text)).dead
        if dead:
            is_other = bool(found & (_ROUGH | _PART)) or _EVERYWHERE.search(fold(text))
            return None if is_other else Toll(article.source, round(dead), bool(found & _AT_LEAST))
    return None


def tolls_sentence(articles: Sequence[Article], language: str = "hi") -> str:
    """Return a sentence with each toll and its sources, lowest first; '' if the sources agree.

    A source's newest article counts, because tolls grow during a day.
    """
    newest = {article.source: article for article in sorted(articles, key=lambda each: each.published)}
    tolls = [toll for article in newest.values() if (toll := read_toll(article))]
    if not any(_differ(one, other) for one, other in combinations(tolls, 2)):
        return ""
    sources: dict[int, list[str]] = {}
    for toll in sorted(tolls, key=lambda each: (each.dead, each.source)):
        sources.setdefault(toll.dead, []).append(toll.source)
    listed = ", ".join(
        f"{group(number)} ({', '.join(names)})" for number, names in islice(sources.items(), MOST_NUMBERS)
    )
    return translator(language).gettext("The papers give different numbers of dead: %(tolls)s.") % {"tolls": listed}


def mixes_tolls(text: str, title: str, articles: Sequence[Article]) -> bool:
    """Whether a title and summary contain two tolls although the articles disagree on the toll."""
    if not tolls_sentence(articles):
        return False
    counts = {read_counts(written_tokens(each)).dead for each in (title, *sentences.split(text))}
    return len(counts - {0}) > 1


def adds_toll(sentence: str, own: str) -> bool:
    """Whether a sentence of another source contains a death toll that our text does not have."""
    written = written_tokens(sentence)
    return names_dead(written) and not number_values(written) <= number_values(written_tokens(own))


def _differ(one: Toll, other: Toll) -> bool:
    low, high = sorted((one, other), key=lambda each: each.dead)
    return low.dead != high.dead and not low.is_least
