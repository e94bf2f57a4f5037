"""Different tolls in the papers of one story: told to the subscriber, and never mixed in one summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from digest.curate.importance.numbers import names_dead, number_values, read_counts
from digest.hindi import sentences
from digest.hindi.numbers import group
from digest.hindi.text import fold, words
from digest.hindi.tokens import tokens, written_tokens
from digest.i18n import translator
from digest.models import Article

# Words for a number of dead that is not counted: `दर्जनों की मौत`.
_ROUGH = frozenset(map(fold, words("दर्जन दर्जनों सैकड़ों हजारों लाखों")))
# Words by which a number is the least: `40 से ज्यादा`, `कम से कम 40`.
_AT_LEAST = frozenset(map(fold, words("ज्यादा अधिक ज़्यादा कम पार")))
# Words for a part of the dead: `एक भारतीय की मौत`, `दो जवान शहीद`.
_PART = frozenset(
    map(fold, words("भारतीय भारतीयों शहीद जिनमें बच्चे बच्चों बच्ची महिला महिलाओं जवान जवानों पुलिसकर्मी पुलिसकर्मियों"))
)
# The most numbers that are told.
MOST_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Toll:
    """How many died, as one source has it in its headline or first sentence."""

    source: str
    dead: int
    # Whether there may be more: `40 से ज्यादा`.
    is_least: bool = False


def read_toll(article: Article) -> Toll | None:
    """Return the toll of an article; None if it gives no number, a rough one, or one of a part."""
    first = next(islice(sentences.each(article.text[:600]), 1), "")
    for text in (article.title, first):
        found = frozenset(tokens(text))
        dead = read_counts(written_tokens(text)).dead
        if dead:
            return None if found & (_ROUGH | _PART) else Toll(article.source, round(dead), bool(found & _AT_LEAST))
    return None


def tell_tolls(articles: Sequence[Article], language: str = "hi") -> str:
    """Return a sentence with each toll and its sources, lowest first; '' if the papers agree.

    A source's newest article counts, because tolls grow during a day.
    """
    newest = {article.source: article for article in sorted(articles, key=lambda each: each.published)}
    tolls = [toll for article in newest.values() if (toll := read_toll(article))]
    if not any(_differ(one, other) for one, other in combinations(tolls, 2)):
        return ""
    sources: dict[int, list[str]] = {}
    for toll in sorted(tolls, key=lambda each: (each.dead, each.source)):
        sources.setdefault(toll.dead, []).append(toll.source)
    told = ", ".join(f"{group(number)} ({', '.join(names)})" for number, names in islice(sources.items(), MOST_NUMBERS))
    return translator(language).gettext("The papers give different numbers of dead: %(tolls)s.") % {"tolls": told}


def mixes_tolls(text: str, title: str, articles: Sequence[Article]) -> bool:
    """Return whether a title and summary have two numbers of dead while the articles disagree on the number."""
    if not tell_tolls(articles):
        return False
    counts = {read_counts(written_tokens(each)).dead for each in (title, *sentences.split(text))}
    return len(counts - {0}) > 1


def adds_toll(sentence: str, own: str) -> bool:
    """Return whether a sentence of another paper tells of the dead with a number that our text does not have."""
    written = written_tokens(sentence)
    return names_dead(written) and not number_values(written) <= number_values(written_tokens(own))


def _differ(one: Toll, other: Toll) -> bool:
    low, high = sorted((one, other), key=lambda each: each.dead)
    return low.dead != high.dead and not low.is_least
