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

from digest.curate.common import COMMON
from digest.hindi.dates import WEEKDAYS
from digest.hindi.sentences import split
from digest.hindi.tokens import stems, word_stems
from digest.models import Article

LEAD_SENTENCES = 3
FULL_WORDS = 250
LARGE = 500
"""Documents from which document frequencies speak for themselves: only then are rare stems a bonus."""
COMMON_SHARE = 0.08
"""Share of documents in which a common news word is taken to stand, while there are fewer than LARGE."""
RARE_SHARE = 0.005

_DAYS = {
    stem: number
    for name, number in WEEKDAYS.items()
    if name.endswith(("वार", "day"))  # without it मंगल and शनि are planets, and सोम a man
    for stem in stems(name)
}
_WORD = re.compile("[\u0900-\u0963\u0966-\u096f\u0971-\u097f\u200c\u200d]+|[A-Za-z\u00c0-\u024f]+|[0-9][0-9.,]*")


@dataclass(frozen=True, slots=True)
class Document:
    """An article's counted stems, of title and lead and of the first 250 words; weekdays the lead names; which of
    the stems are numbers."""

    lead: Counter[str]
    full: Counter[str]
    weekdays: frozenset[int]
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Stem → weight, each of length 1, for title and lead and for the full text."""

    lead: Mapping[str, float]
    full: Mapping[str, float]


def lead_text(article: Article) -> str:
    """Title and first three sentences, the part in which a report says what happened."""
    found: list[str] = []
    for line in article.text[:1500].split("\n"):  # a line ends a sentence, so later ones need not be split
        found += split(line)
        if len(found) >= LEAD_SENTENCES:
            break
    return "\n".join((article.title, *found[:LEAD_SENTENCES]))


def document(article: Article) -> Document:
    """The article as counted stems."""
    lead = lead_text(article)
    words = " ".join(article.text[:4000].split()[:FULL_WORDS])
    found = stems(lead)
    days = frozenset(_DAYS[stem] for stem in found if stem in _DAYS)
    full = Counter(stems(f"{article.title}\n{words}"))
    return Document(Counter(found), full, days, frozenset(stem for stem in full if stem[0] in "0123456789"))


@lru_cache(maxsize=50_000)
def title_stems(title: str) -> tuple[str, ...]:
    """The stems of a title, which several steps ask for."""
    return tuple(stems(title))


class Frequencies:
    """In how many documents each stem stands. Built once over the articles of some days.

    Below LARGE documents a counted share says little, so the missing ones are imagined: common news
    words stand in COMMON_SHARE of them, all else in none. Thirty articles are then weighted like a week's.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.counts: Counter[str] = Counter()
        self.size = 0
        for each in documents:
            self.counts.update(each.full.keys() | each.lead.keys())
            self.size += 1
        self._imagined = max(0, LARGE - self.size)
        self._idf: dict[str, float] = {}

    @property
    def large(self) -> bool:
        """Whether there are enough documents to call a stem rare."""
        return self.size >= LARGE

    def idf(self, stem: str) -> float:
        """Inverse document frequency, smoothed, at least 1."""
        if stem not in self._idf:
            count = self.counts[stem] + (self._imagined * COMMON_SHARE if stem in COMMON else 0)
            self._idf[stem] = math.log((1 + self.size + self._imagined) / (1 + count)) + 1
        return self._idf[stem]

    @cached_property
    def rare(self) -> frozenset[str]:
        """The stems that stand in at most RARE_SHARE of the documents; none in a small set."""
        most = RARE_SHARE * self.size if self.large else 0
        return frozenset(stem for stem, count in self.counts.items() if count <= most)

    def vectors(self, each: Document) -> Vectors:
        """The document's weights: (1 + ln count) · idf, scaled to length 1."""
        return Vectors(self.weigh(each.lead), self.weigh(each.full))

    def weigh(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Stem counts as a vector of length 1; empty for no stems."""
        raw = {stem: (1 + math.log(count)) * self.idf(stem) for stem, count in counts.items()}
        norm = math.sqrt(sum(weight * weight for weight in raw.values()))
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
