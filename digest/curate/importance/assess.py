"""Sum up the evidence: the points of a headline, and their largest contributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from digest.curate.importance.evidence import find_evidence
from digest.curate.importance.rows import BASE, LEAST, ROWS
from digest.i18n import translator

# The most reasons of a story that are shown one by one.
SHOWN = 4
# A smaller contribution would be shown as 0.
LEAST_SHOWN = 0.05


@dataclass(frozen=True, slots=True)
class Contribution:
    """The points that a row adds to a score. `reason` is a message id; `found` is inserted into it."""

    reason: str
    points: float
    found: str = ""


@dataclass(frozen=True, slots=True)
class Importance:
    """The points of a headline, LEAST or more, and the contributions that add up to its difference from BASE."""

    points: float
    contributions: tuple[Contribution, ...]


def weight_of(row: str, weights: Mapping[str, float]) -> float:
    """Return the weight of a row; `weights` override the table's."""
    return weights.get(row, ROWS[row].weight)


def assess(headline: str, lead: str, weights: Mapping[str, float]) -> Importance:
    """Judge the importance of a headline and the paragraph that follows it. `weights` override the weights of rows."""
    contributions = tuple(
        Contribution(ROWS[name].reason, weight_of(name, weights) * each.share, each.found)
        for name, each in find_evidence(headline, lead).items()
    )
    points = BASE + sum(each.points for each in contributions)
    return Importance(max(LEAST, points), contributions)


def explain(score: float, contributions: Iterable[Contribution], language: str) -> tuple[str, ...]:
    """Return the largest contributions as sentences in the language, the sum of the others, and BASE. They add up."""
    gettext = translator(language).gettext
    largest = sorted(contributions, key=lambda each: -abs(each.points))[:SHOWN]
    shown = [each for each in largest if abs(each.points) >= LEAST_SHOWN]
    lines = [f"{gettext(each.reason) % {'found': each.found}}: {each.points:+.2f}" for each in shown]
    rest = score - BASE - sum(each.points for each in shown)
    if abs(rest) >= LEAST_SHOWN:
        lines.append(f"{gettext('Everything else')}: {rest:+.2f}")
    return (*lines, f"{gettext('Every story starts with')}: {BASE:+.2f}")
