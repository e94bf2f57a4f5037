"""Articles as weighted stems, and how alike two of them are, with the reasons.

Pure Python, no numpy: 5,000 articles a day fit in seconds. Decides nothing; thresholds are the caller's.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from digest.curate.commonness import UNSEEN, shares
from digest.curate.places import Places, named
from digest.hindi.dates import WEEKDAYS
from digest.hindi.sentences import split
from digest.hindi.tokens import stems, word_stems
from digest.models import Article

LEAD_SENTENCES = 3
FULL_WORDS = 250
LARGE = 500
"""So many articles of general news count beside one's own, from a table (`commonness`): two articles alone are then
weighted much like a week's. From so many of one's own on, a stem that is rare among them is trusted fully."""
RARE_SHARE = 0.006

_DAYS = {
    stem: number
    for name, number in WEEKDAYS.items()
    if name.endswith(("वार", "day"))  # without it मंगल and शनि are planets, and सोम a man
    for stem in stems(name)
}
_WORD = re.compile("[\u0900-\u0963\u0966-\u096f\u0971-\u097f\u200c\u200d]+|[A-Za-z\u00c0-\u024f]+|[0-9][0-9.,]*")


@dataclass(frozen=True, slots=True)
class Document:
    """An article's counted stems, of the title, of title and lead, and of the first 250 words; weekdays and places that
    the lead names; which of the stems are numbers."""

    title: Counter[str]
    lead: Counter[str]
    full: Counter[str]
    weekdays: frozenset[int]
    places: Places
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Stem → weight, each of length 1, for the title, for title and lead, and for the full text."""

    title: Mapping[str, float]
    lead: Mapping[str, float]
    full: Mapping[str, float]


def lead_text(article: Article) -> str:
    """Title and first three sentences, the part in which a report says what happened."""
    opening = _opening(article)
    return f"{article.title}\n{opening}" if opening else article.title


def _opening(article: Article) -> str:
    found: list[str] = []
    for line in article.text[:1500].split("\n"):  # a line ends a sentence, so later ones need not be split
        found += split(line)
        if len(found) >= LEAD_SENTENCES:
            break
    return "\n".join(found[:LEAD_SENTENCES])


def document(article: Article) -> Document:
    """The article as counted stems."""
    title = title_stems(article.title)
    lead, words = " ".join(_opening(article).split()), " ".join(article.text[:4000].split()[:FULL_WORDS])
    found = (*title, *stems(lead))
    # The lead is nearly always how the words begin, and stems are what costs.
    full = Counter((*found, *stems(words[len(lead) :])) if words.startswith(lead) else (*title, *stems(words)))
    return Document(
        Counter(title),
        Counter(found),
        full,
        frozenset(_DAYS[stem] for stem in found if stem in _DAYS),
        named(found),
        frozenset(stem for stem in full if stem[0] in "0123456789"),
    )


@lru_cache(maxsize=50_000)
def title_stems(title: str) -> tuple[str, ...]:
    """The stems of a title, which several steps ask for."""
    return tuple(stems(title))


class Frequencies:
    """In how many documents each stem stands. Built once over the articles of some days.

    LARGE articles of general news are counted in from a table. It is what there is to go by where there are few of
    one's own; among thousands it no longer matters.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.counts: Counter[str] = Counter()
        self.size = 0
        for each in documents:
            self.counts.update(each.full.keys() | each.lead.keys())
            self.size += 1
        self._idf: dict[str, float] = {}

    @property
    def large(self) -> bool:
        """Whether there are enough documents to call a stem rare by them alone."""
        return self.size >= LARGE

    @property
    def trust(self) -> float:
        """0..1, how much a rare stem may be trusted to be rare."""
        return min(1.0, self.size / LARGE)

    def idf(self, stem: str) -> float:
        """Inverse document frequency, smoothed, at least 1."""
        found = self._idf.get(stem)
        if found is None:
            count = self.counts[stem] + LARGE * shares().get(stem, UNSEEN)
            found = self._idf[stem] = math.log((1 + self.size + LARGE) / (1 + count)) + 1
        return found

    @cached_property
    def rare(self) -> frozenset[str]:
        """The stems, no numbers, that stand in at most RARE_SHARE of the documents."""
        most, general = RARE_SHARE * (self.size + LARGE), shares()
        return frozenset(
            stem
            for stem, count in self.counts.items()
            if count + LARGE * general.get(stem, UNSEEN) <= most and stem[0] not in "0123456789"
        )

    def vectors(self, each: Document) -> Vectors:
        """The document's weights: (1 + ln count) · idf, scaled to length 1."""
        return Vectors(self.weigh(each.title), self.weigh(each.lead), self.weigh(each.full))

    def weigh(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Stem counts as a vector of length 1; empty for no stems."""
        idf, known = self.idf, self._idf
        raw = {
            stem: (known.get(stem) or idf(stem)) * (1.0 if count == 1 else 1 + math.log(count))
            for stem, count in counts.items()
        }
        norm = math.hypot(*raw.values())
        return {stem: weight / norm for stem, weight in raw.items()} if norm else {}


def cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Cosine of two vectors of length 1."""
    if len(b) < len(a):
        a, b = b, a
    return sum(weight * b[stem] for stem, weight in a.items() if stem in b)


def surfaces(text: str, wanted: Sequence[str]) -> dict[str, str]:
    """Stem → the word as it first stands in the text, for the wanted stems; what an explanation shows."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        for stem in word_stems(word):
            if stem in wanted:
                found.setdefault(stem, word)
    return found
