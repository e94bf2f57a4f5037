"""`python -m evaluation.section_stems`: weigh stems for sections; write digest/curate/section_stems.txt.

A stem's points for a section are the logarithm of how much more often labelled headlines of the section have it than
others, rounded. The table has only stems of at least four headlines, so it reveals no text. `--folds 5` instead
measures them on headlines in which they were not counted.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from digest.curate.section_words import look_up, set_stem_points
from digest.curate.sections import section_of
from digest.hindi.text import table_rows
from digest.models import Article
from evaluation.material import Material, make_article, percent
from evaluation.sections import DEFAULT, HEADLINES, LABELS, OTHER_HEADLINES

# A corpus's category → the section that its headlines count for. Others, like `india & world`, are ambiguous.
COUNTS_FOR = {
    "technology-news": "विज्ञान",
    "automobile": "व्यापार",
    "crime-news-hindi": "देश",
    "crime": "देश",
    "national": "देश",
    "politics": "देश",
    "international": "दुनिया",
    "khel": "खेल",
    "sports": "खेल",
    "entertainment": "मनोरंजन",
    "business": "व्यापार",
    "health-news-hindi": "स्वास्थ्य",
    "health": "स्वास्थ्य",
    "education": "शिक्षा",
    "education & career": "शिक्षा",
}
LEAST_HEADLINES = 4
# Documents per thousand from which on a stem is left out.
COMMON = 90
# Points of a stem that headlines of its section have e times as often as others, the most, and the least that counts.
SCALE, MOST, LEAST = 0.35, 1.0, 0.2
_SMOOTH = 0.4
TABLE = Path(__file__).resolve().parents[1] / "digest" / "curate" / "section_stems.txt"

Labelled = tuple[Article, str]


def labelled(material: Material) -> list[Labelled]:
    """Return the headlines of both sets with their categories."""
    entries = (entry for name in (HEADLINES, OTHER_HEADLINES) for entry in material.lines(name))
    pairs = ((make_article("x", entry["title"], []), entry["category"].lower()) for entry in entries)
    return [(article, label) for article, label in pairs if label in LABELS]


def weigh(headlines: Sequence[Labelled]) -> dict[str, dict[str, float]]:
    """Return the points of each stem for the sections that it speaks for."""
    sizes: Counter[str] = Counter()
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for article, label in headlines:
        if (section := COUNTS_FOR.get(label)) is not None:
            sizes[section] += 1
            for stem in {word.stem for piece in article.title.split() for word in look_up(piece)}:
                found[stem][section] += 1
    total = sizes.total()
    common = _common()
    points: dict[str, dict[str, float]] = {}
    for stem, counts in found.items():
        if counts.total() >= LEAST_HEADLINES and stem not in common and not any(mark.isdigit() for mark in stem):
            chosen = {
                section: round(min(MOST, SCALE * _odds(counts, section, size, total)), 1)
                for section, size in sizes.items()
            }
            points[stem] = {section: value for section, value in chosen.items() if value >= LEAST}
    return {stem: values for stem, values in points.items() if values}


def _common() -> frozenset[str]:
    """Return the stems of a tenth of all news: समय says nothing about a section."""
    rows = (row.split() for row in table_rows("digest.curate.similarity", "commonness.txt"))
    return frozenset(stem for count, *stems in rows if int(count) >= COMMON for stem in stems)


def _odds(counts: Counter[str], section: str, size: int, total: int) -> float:
    inside = (counts[section] + _SMOOTH) / (size + 2 * _SMOOTH)
    outside = (counts.total() - counts[section] + 3 * _SMOOTH) / (total - size + 6 * _SMOOTH)
    return math.log(inside / outside)


def rows(points: dict[str, dict[str, float]]) -> Iterator[str]:
    """Yield the rows of the table: a section, points, and the stems that have as many for it."""
    yield "# Stems that headlines of a section have more often than others: `section points | stems`. They count beside"
    yield "# the words of section_words.txt. Counted by `python -m evaluation.section_stems`; see there."
    groups: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
    for stem, values in points.items():
        for section, value in values.items():
            groups[section, value].append(stem)
    for (section, value), stems in sorted(groups.items(), key=lambda group: (group[0][0], -group[0][1])):
        yield f"{section} {value} | {' '.join(sorted(stems))}"


def cross_check(headlines: Sequence[Labelled], folds: int) -> str:
    """Return accuracy and coverage with weights that the headlines were not counted in."""
    order = list(headlines)
    random.Random(1).shuffle(order)  # noqa: S311 - the order must be the same each time
    decided = right = 0
    for fold in range(folds):
        set_stem_points(weigh([each for at, each in enumerate(order) if at % folds != fold]))
        for article, label in order[fold::folds]:
            section, evidence = section_of([article], DEFAULT)
            decided += evidence != "no evidence"
            right += evidence != "no evidence" and section in LABELS[label]
    return f"{percent(right, decided)} right of the {percent(decided, len(order))} with evidence"


def main() -> None:
    """Write the table, or measure."""
    parser = argparse.ArgumentParser(prog="evaluation.section_stems", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--folds", type=int, default=0)
    given = parser.parse_args()
    headlines = labelled(Material(given.data))
    if given.folds:
        sys.stdout.write(f"{cross_check(headlines, given.folds)}\n")
    else:
        TABLE.write_text("\n".join(rows(weigh(headlines))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
