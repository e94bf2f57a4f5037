"""How alike two articles are, with every term of the score. Pure arithmetic over counted stems.

The score of a pair is a mean of three cosines (title and lead; first 250 words; one's title and the other's lead), plus
a little per rare stem and number shared, for like titles and for the same weekday, clock, place and count of dead; less
for weekdays, clocks, places or stages of a case that contradict each other, and for many times as many dead. Other
numbers never count against: the dead are 16 in one paper and 17 in the next.

The weights follow a logistic regression with signs held, over judged pairs of an epidemic in five papers, of disaster
reports and of two papers' headlines; each lies on a wide plateau. A regression that never saw the epidemic has an
average precision of .90 there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from digest.curate.moments import close
from digest.curate.places import Relation, relation
from digest.curate.tfidf import Document, Frequencies, cosine
from digest.curate.tolls import compared

LEAD, FULL, HEADLINE = 0.4, 0.4, 0.2
RARE_LEAD, RARE_LEAD_MOST = 0.03, 4
RARE_FULL, RARE_FULL_MOST = 0.015, 6
NUMBER, NUMBER_MOST = 0.03, 3
TITLES, TITLES_MEAN, TITLES_LEAST = 0.12, 0.35, 3
"""Share of the shorter title's stems, of at least so many, that the other has; a mean share neither costs nor gains."""
WEEKDAY = {"same": 0.05, "conflict": -0.1, "": 0.0}
CLOCK = {"same": 0.05, "conflict": -0.1, "": 0.0}
TOLL = {"same": 0.03, "conflict": -0.1, "": 0.0}
STAGE = {"same": 0.0, "conflict": -0.08, "": 0.0}
PLACE = {"same": 0.05, "near": -0.05, "conflict": -0.25, "": 0.0}
SMALL_SET = 0.03
"""Added to a pair while rare stems are not trusted at all: stands for the bonus that it can't get."""
TWIN, TWIN_NUMBERS, TWIN_SHARED = 0.6, 3, 0.34
"""Two pages of different days whose words are this alike while of at least three numbers in each hardly any is
shared are one form filled in twice, whatever its title."""


class Known:
    """An article as counts and, from when they are asked for, as weights; which of its stems are rare.

    `norm`: the length of its lead's vector, where it was measured before.
    """

    def __init__(self, document: Document, frequencies: Frequencies, norm: float | None = None) -> None:
        self.document = document
        self._frequencies, self._norm = frequencies, norm

    @cached_property
    def title(self) -> Mapping[str, float]:
        return self._frequencies.weigh(self.document.title)

    @cached_property
    def lead(self) -> Mapping[str, float]:
        return self._frequencies.weigh(self.document.lead, self.lead_norm)

    @cached_property
    def lead_norm(self) -> float:
        """The length of the lead's vector before it is brought to 1."""
        return self._norm if self._norm is not None else self._frequencies.norm(self.document.lead)

    def leads(self, wanted: frozenset[str]) -> Iterable[tuple[str, float]]:
        """Those of the lead's stems that are wanted, each with its weight; of few, without weighing the others."""
        if self._norm is None:
            return [(stem, weight) for stem, weight in self.lead.items() if stem in wanted]
        told = self.document.told
        found = {stem: told.count(stem) for stem in wanted.intersection(told)}
        return self._frequencies.weigh(found, self._norm).items()

    @cached_property
    def full(self) -> Mapping[str, float]:
        return self._frequencies.weigh(self.document.full)

    @cached_property
    def rare_lead(self) -> frozenset[str]:
        return self._frequencies.rare.intersection(self.document.lead)

    @cached_property
    def rare_full(self) -> frozenset[str]:
        return self._frequencies.rare.intersection(self.document.full)


@dataclass(frozen=True, slots=True)
class Link:
    """Why two articles (by id) are alike. `shared`: the weightiest stems, each with both surface forms.

    `weekday`, `clock`, `stage` and `toll` are 'same', 'conflict' or ''; `place` may be 'near' as well. `barred` says
    why they can't be one story, or is ''.
    """

    a: str
    b: str
    score: float
    lead_cosine: float
    full_cosine: float
    rare: int = 0
    weekday: str = ""
    barred: str = ""
    place: str = ""
    headline_cosine: float = 0.0
    titles: float = 0.0
    numbers: int = 0
    clock: str = ""
    stage: str = ""
    toll: str = ""
    shared: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        shared = ", ".join(one if one == other else f"{one}/{other}" for _, one, other in self.shared)
        text = f"{self.score:.2f} = lead {self.lead_cosine:.2f}, full {self.full_cosine:.2f}"
        text += f", headline {self.headline_cosine:.2f}, titles {self.titles:.2f}"
        text += f", {self.rare} rare stems" if self.rare else ""
        text += f", {self.numbers} numbers" if self.numbers else ""
        for name in ("weekday", "clock", "place", "stage", "toll"):
            text += f", {name} {said}" if (said := getattr(self, name)) else ""
        return text + f"; shared: {shared}" + (f"; kept apart: {self.barred}" if self.barred else "")


def score(one: Known, other: Known, *, trust: float) -> Link:
    """The pair's score with its terms; without ids, bars and shared words. `trust` 0..1: how far rare stems count."""
    terms = _terms(one, other, trust)
    headline, titles = _headline(one, other), _titles(one, other)
    total = terms.total + HEADLINE * headline + TITLES * (titles - TITLES_MEAN)
    return Link(
        "",
        "",
        total,
        terms.lead,
        terms.full,
        terms.rare,
        terms.weekday,
        place=terms.place,
        headline_cosine=headline,
        titles=titles,
        numbers=terms.numbers,
        clock=terms.clock,
        stage=terms.stage,
        toll=terms.toll,
    )


def value(one: Known, other: Known, *, trust: float, least: float) -> float:
    """The pair's score alone; where it can't reach `least`, some lower number."""
    total = _terms(one, other, trust).total
    if total + HEADLINE + TITLES * (1 - TITLES_MEAN) < least:
        return total - TITLES * TITLES_MEAN
    return total + HEADLINE * _headline(one, other) + TITLES * (_titles(one, other) - TITLES_MEAN)


class _Terms(NamedTuple):
    """`total` lacks what comes of the titles, which no pair of low total needs."""

    total: float
    lead: float
    full: float
    rare: int
    weekday: str
    place: Relation
    numbers: int
    clock: str
    stage: str
    toll: str


def _terms(one: Known, other: Known, trust: float) -> _Terms:
    a, b = one.document, other.document
    lead, full = cosine(one.lead, other.lead), cosine(one.full, other.full)
    rare_lead, rare_full = len(one.rare_lead & other.rare_lead), len(one.rare_full & other.rare_full)
    weekday, stage = _agreed(a.weekdays, b.weekdays), _agreed(a.stages, b.stages)
    clock = ("same" if close(a.clocks, b.clocks) else "conflict") if a.clocks and b.clocks else ""
    place, toll = relation(a.places, b.places), compared(a.tolls, b.tolls)
    total = LEAD * lead + FULL * full + WEEKDAY[weekday] + PLACE[place] + CLOCK[clock] + STAGE[stage] + TOLL[toll]
    numbers = len(a.lead_numbers & b.lead_numbers)
    total += NUMBER * min(NUMBER_MOST, numbers)
    total += (1 - trust) * SMALL_SET + trust * (
        RARE_LEAD * min(RARE_LEAD_MOST, rare_lead) + RARE_FULL * min(RARE_FULL_MOST, rare_full)
    )
    return _Terms(total, lead, full, rare_full, weekday, place, numbers, clock, stage, toll)


def _agreed(one: frozenset[Any], other: frozenset[Any]) -> str:
    return ("conflict" if one.isdisjoint(other) else "same") if one and other else ""


def _headline(one: Known, other: Known) -> float:
    return max(cosine(one.title, other.lead), cosine(other.title, one.lead))


def _titles(one: Known, other: Known) -> float:
    a, b = one.document.title.keys(), other.document.title.keys()
    return len(a & b) / max(TITLES_LEAST, min(len(a), len(b)))


def twins(one: Document, other: Document) -> bool:
    """Whether two texts are one form filled in with other numbers."""
    numbers, others = one.numbers, other.numbers
    if min(len(numbers), len(others)) < TWIN_NUMBERS:
        return False
    if len(numbers & others) > TWIN_SHARED * min(len(numbers), len(others)):
        return False
    words, rest = one.full.keys() - numbers, other.full.keys() - others
    return len(words & rest) >= TWIN * max(1, len(words | rest))
