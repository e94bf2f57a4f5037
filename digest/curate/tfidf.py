"""Articles as weighted stems, and how alike two of them are, with the reasons.

Pure Python, no numpy: 5,000 articles a day fit in seconds. Decides nothing; thresholds are the caller's.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple, Protocol

from digest.curate import moments
from digest.curate.commonness import UNSEEN, shares
from digest.curate.places import Places, named
from digest.curate.tolls import tolls
from digest.hindi import sentences
from digest.hindi.dates import WEEKDAYS
from digest.hindi.tokens import stems, word_stems
from digest.models import Article

LEAD_SENTENCES = 3
FULL_WORDS = 250
LARGE = 500
"""So many articles of general news count beside one's own, from a table (`commonness`): two articles alone are then
weighted much like a week's. From so many of one's own on, a stem that is rare among them is trusted fully."""
RARE_SHARE = 0.009

_DAYS = {
    stem: number
    for name, number in WEEKDAYS.items()
    if name.endswith(("वार", "day"))  # without it मंगल and शनि are planets, and सोम a man
    for stem in stems(name)
}
_WORD = re.compile("[\u0900-\u0963\u0966-\u096f\u0971-\u097f\u200c\u200d]+|[A-Za-z\u00c0-\u024f]+|[0-9][0-9.,]*")


class Spelt(Protocol):
    """An article's stems in order: of the title, of the first sentences, and of the words that follow; `joined` is
    false where the words do not begin with those sentences, and stand for themselves."""

    @property
    def title(self) -> Sequence[str]: ...
    @property
    def opening(self) -> Sequence[str]: ...
    @property
    def rest(self) -> Sequence[str]: ...
    @property
    def joined(self) -> bool: ...
    @property
    def numbers(self) -> frozenset[str]: ...


class Stems(NamedTuple):
    """The stems of an article as they were found (see `Spelt`)."""

    title: Sequence[str]
    opening: Sequence[str]
    rest: Sequence[str]
    joined: bool

    @property
    def numbers(self) -> frozenset[str]:
        """Which of the stems are numbers."""
        return frozenset(stem for stem in (*self.title, *self.opening, *self.rest) if is_number(stem))


def is_number(stem: str) -> bool:
    """Whether a stem is a number."""
    return stem[0] in "0123456789"


class Document:
    """An article's stems as counts, each counted when it is first asked for."""

    def __init__(self, spelt: Spelt) -> None:
        self.spelt = spelt

    @cached_property
    def title(self) -> Counter[str]:
        return Counter(self.spelt.title)

    @property
    def told(self) -> tuple[str, ...]:
        """The stems of the title and the first sentences, in order."""
        return (*self.spelt.title, *self.spelt.opening)

    @cached_property
    def lead(self) -> Counter[str]:
        """Of the title and the first sentences."""
        return Counter(self.told)

    @cached_property
    def full(self) -> Counter[str]:
        """Of the title and the first 250 words."""
        full = Counter(self.lead if self.spelt.joined else self.title)
        full.update(self.spelt.rest)
        return full

    @cached_property
    def places(self) -> Places:
        """The places that the lead names."""
        return named(self.told)

    @cached_property
    def weekdays(self) -> frozenset[int]:
        """The weekdays that the lead names, Monday 0."""
        return frozenset(_DAYS[stem] for stem in _DAYS.keys() & self.lead.keys())

    @cached_property
    def clocks(self) -> frozenset[int]:
        """The moments that the text names to the minute (see `moments.clocks`)."""
        spelt = self.spelt
        return moments.clocks((*spelt.title, *spelt.opening, *spelt.rest))

    @cached_property
    def stages(self) -> frozenset[str]:
        """How far a case in court has come by the title."""
        return moments.stages(self.spelt.title)

    @cached_property
    def tolls(self) -> frozenset[int]:
        """How many died by the title (see `tolls.tolls`)."""
        return tolls(self.spelt.title)

    @cached_property
    def lead_numbers(self) -> frozenset[str]:
        """Which of the stems of `lead` are numbers."""
        return frozenset(filter(is_number, self.lead))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Which of the stems of `full` are numbers."""
        return self.spelt.numbers if self.spelt.joined else frozenset(filter(is_number, self.full))


def lead_text(article: Article) -> str:
    """Title and first three sentences, the part in which a report says what happened."""
    opening = _opening(article.text)
    return f"{article.title}\n{opening}" if opening else article.title


def _opening(text: str) -> str:
    return "\n".join(islice(sentences.each(text[:1500]), LEAD_SENTENCES))


def document(article: Article) -> Document:
    """The article as counted stems; finding them is what costs.

    Where the title is only the report's first sentence again, its first paragraph stands in the title's place: so
    a report without a headline is compared by as much as one that has one.
    """
    text = article.text
    if _is_repeated(article.title, text):
        first, _, after = text.partition("\n")
        rest = stems(" ".join(text[len(first) : 4000].split()[:FULL_WORDS]))
        return Document(Stems(stems(first[:1500]), stems(" ".join(_opening(after).split())), rest, False))
    lead, words = " ".join(_opening(text).split()), " ".join(text[:4000].split()[:FULL_WORDS])
    # The lead is nearly always how the words begin.
    joined = words.startswith(lead)
    rest = stems(words[len(lead) :] if joined else words)
    return Document(Stems(title_stems(article.title), stems(lead), rest, joined))


def _is_repeated(title: str, text: str) -> bool:
    title = title.rstrip(" ।.…")
    return len(text) > len(title) + 1 and len(title) > 0 and text.startswith(title[:60])


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

    @classmethod
    def of(cls, counts: Mapping[str, int], size: int) -> Frequencies:
        """What was counted before, in `size` documents."""
        found = cls(())
        found.counts.update(counts)
        found.size = size
        return found

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

    def weigh(self, counts: Mapping[str, int], norm: float | None = None) -> dict[str, float]:
        """Stem counts as a vector of length 1, (1 + ln count) · idf; empty for no stems. Of a part of a vector, `norm`
        is the whole one's.

        Weights are whole multiples of 2^-26, so that a sum of products is exact, and the same in any order.
        """
        raw = self._raw(counts)
        norm = math.hypot(*raw.values()) if norm is None else norm
        return {stem: weight / norm + _ROUND - _ROUND for stem, weight in raw.items()} if norm else {}

    def norm(self, counts: Mapping[str, int]) -> float:
        """The length of the vector before it is brought to 1."""
        return math.hypot(*self._raw(counts).values())

    def _raw(self, counts: Mapping[str, int]) -> dict[str, float]:
        idf, known = self.idf, self._idf
        return {
            stem: (known.get(stem) or idf(stem)) * (1.0 if count == 1 else 1 + math.log(count))
            for stem, count in counts.items()
        }


_ROUND = 1.5 * 2.0**26
"""Added and taken off again, it leaves a number below 1 rounded to 26 binary digits (a float has 53 in all)."""


def cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Cosine of two vectors of length 1."""
    if len(b) < len(a):
        a, b = b, a
    return sum([weight * b[stem] for stem, weight in a.items() if stem in b])  # a list: half the time of a generator


def surfaces(text: str) -> dict[str, str]:
    """Stem → the word as it first stands in the text; what an explanation shows."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        for stem in word_stems(word):
            found.setdefault(stem, word)
    return found
