"""How alike two articles are, with every term of the score. Pure arithmetic over counted stems.

The score of a pair is the mean of two cosines (title and lead; first 250 words), plus a little per rare stem
shared, less a little when both leads name weekdays and share none. Against labelled pairs it equals a trained
classifier (average precision .78), and every term can be read. Numbers explain, never decide: the dead
are 16 in one paper and 17 in the next.
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.curate.tfidf import Document, Vectors, cosine

RARE_LEAD, RARE_LEAD_MOST = 0.03, 4
RARE_FULL, RARE_FULL_MOST = 0.015, 6
WEEKDAY_CONFLICT = 0.06
SMALL_SET = 0.025
"""Added to every pair while there are too few articles to know a rare stem: stands for the bonus they can't get
(days of some 30: precision .98 and recall .95 with it, .98 and .73 without)."""
TWIN, TWIN_NUMBERS, TWIN_SHARED = 0.6, 3, 0.34
"""Two pages of different days whose words are this alike while of at least three numbers in each hardly any is
shared are one form filled in twice, whatever its title."""


@dataclass(frozen=True, slots=True)
class Known:
    """An article as counts and weights; which of its stems are rare."""

    document: Document
    vectors: Vectors
    rare_lead: frozenset[str]
    rare_full: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """Why two articles (by id) are alike. `shared`: the weightiest stems, each with both surface forms.

    `weekday` is 'same', 'conflict' or ''. `barred` says why they can't be one story, or is ''.
    """

    a: str
    b: str
    score: float
    lead_cosine: float
    full_cosine: float
    rare: int = 0
    weekday: str = ""
    barred: str = ""
    shared: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        shared = ", ".join(one if one == other else f"{one}/{other}" for _, one, other in self.shared)
        text = f"{self.score:.2f} = lead {self.lead_cosine:.2f}, full {self.full_cosine:.2f}"
        text += f", {self.rare} rare stems" if self.rare else ""
        text += f", weekday {self.weekday}" if self.weekday else ""
        return text + f"; shared: {shared}" + (f"; kept apart: {self.barred}" if self.barred else "")


def score(one: Known, other: Known, *, large: bool) -> Link:
    """The pair's score with its terms; without ids, bars and shared words. `large`: rare stems are known."""
    lead = cosine(one.vectors.lead, other.vectors.lead)
    full = cosine(one.vectors.full, other.vectors.full)
    rare_lead, rare_full = len(one.rare_lead & other.rare_lead), len(one.rare_full & other.rare_full)
    total = (lead + full) / 2
    total += RARE_LEAD * min(RARE_LEAD_MOST, rare_lead) + RARE_FULL * min(RARE_FULL_MOST, rare_full)
    total += 0 if large else SMALL_SET
    days, others = one.document.weekdays, other.document.weekdays
    weekday = ("same" if days & others else "conflict") if days and others else ""
    total -= WEEKDAY_CONFLICT if weekday == "conflict" else 0
    return Link("", "", total, lead, full, rare_full, weekday)


def twins(one: Document, other: Document) -> bool:
    """Whether two texts are one form filled in with other numbers."""
    numbers, others = one.numbers, other.numbers
    if min(len(numbers), len(others)) < TWIN_NUMBERS:
        return False
    if len(numbers & others) > TWIN_SHARED * min(len(numbers), len(others)):
        return False
    words, rest = one.full.keys() - numbers, other.full.keys() - others
    return len(words & rest) >= TWIN * max(1, len(words | rest))
