"""`python -m evaluation.section_stems`: learn what words say of sections; write digest/curate/section_stems.txt.

A logistic regression over labelled headlines: the logarithm of a section's odds is the sum of the points of a
headline's stems and words, and of those in section_words.txt. Points of stems and words are never negative, because
what a word says against a section depends on the newspaper. The table has only keys of at least four headlines, so it
reveals no text. `--folds 5` measures headlines that were not learned from, `--across` each set by the other one.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from digest.curate.importance.places import is_abroad
from digest.curate.rules import SECTIONS
from digest.curate.section_words import EVERY, counted_keys, set_counted_points
from digest.curate.sections import find_words, section_of, word_points
from digest.hindi.tokens import tokens
from evaluation.material import Material, make_article, percent
from evaluation.sections import DEFAULT, HEADLINES, LABELS, OTHER_HEADLINES

# Categories of headlines that are learned from as one of our sections only, though others are right too.
NARROWER = {
    "automobile": frozenset({"व्यापार"}),
    "national": frozenset({"देश"}),
    "india": frozenset({"देश"}),
    "india & world": frozenset({"देश", "दुनिया"}),
}
# The share by which headlines of ambiguous categories count.
AMBIGUOUS = {"india & world": 0.5}
LEAST_HEADLINES = 4
# Points below this are left out.
LEAST = 0.1
# The weight of a point of section_words.txt while learning. `sections.WORD_WEIGHT` is higher, so that the words still
# decide in newspapers that were not learned from.
WORD_WEIGHT = 1.5
# The share of the points of every headline that is kept. A newsroom's sections are not as common as in the sets.
COMMONNESS = 0.4
# The penalty for the square of a point.
RIDGE = 1.0
EPOCHS, RATE = 12, 0.3
TABLE = Path(__file__).resolve().parents[1] / "digest" / "curate" / "section_stems.txt"

Points = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled headline."""

    title: str
    label: str
    # Its keys in the table.
    keys: tuple[str, ...]
    # The points of section_words.txt by section, in the order of SECTIONS.
    words: tuple[float, ...]

    @property
    def right(self) -> frozenset[str]:
        return NARROWER.get(self.label, LABELS[self.label])


def examples(material: Material, name: str) -> list[Example]:
    """Return the labelled headlines of a set."""
    found = []
    for entry in material.lines(name):
        title, label = make_article("x", entry["title"], []).title, entry["category"].lower()
        if label in LABELS:
            keys = dict.fromkeys((EVERY, *(key for token in tokens(title) for key in counted_keys(token))))
            found.append(Example(title, label, tuple(keys), _words(title)))
    return found


def _words(title: str) -> tuple[float, ...]:
    points = word_points(find_words(title), abroad=is_abroad(title, tokens(title)))
    return tuple(WORD_WEIGHT * points.get(section, 0.0) for section in SECTIONS)


def learn(headlines: Sequence[Example]) -> Points:
    """Return the points of each key, by stochastic gradient descent with a rate for each point (AdaGrad)."""
    counts = Counter(key for each in headlines for key in each.keys)
    keys = [key for key, count in counts.items() if count >= LEAST_HEADLINES]
    size = range(len(SECTIONS))
    points = {key: [0.0] * len(SECTIONS) for key in keys}
    squares = {key: [1e-6] * len(SECTIONS) for key in keys}
    ridge = {key: 0.0 if key == EVERY else RIDGE / counts[key] for key in keys}
    rows = [
        (
            [key for key in each.keys if key in points],
            each.words,
            [section in each.right for section in SECTIONS],
            AMBIGUOUS.get(each.label, 1.0),
        )
        for each in headlines
    ]
    shuffled = random.Random(1)  # noqa: S311 - the order must be the same each time
    for epoch in range(EPOCHS):
        shuffled.shuffle(rows)
        rate = RATE * (1 - epoch / EPOCHS)
        for found, words, right, weight in rows:
            vectors = [points[key] for key in found]
            odds = [math.exp(value) for value in map(sum, zip(words, *vectors, strict=True))]
            whole, good = sum(odds), sum(odds[at] for at in size if right[at])
            slopes = [weight * (odds[at] / whole - (odds[at] / good if right[at] else 0.0)) for at in size]
            for key, vector in zip(found, vectors, strict=True):
                seen, pull = squares[key], ridge[key]
                for at, slope in enumerate(slopes):
                    value = vector[at]
                    if slope >= 0 and not value and key != EVERY:
                        continue
                    slope += pull * value
                    seen[at] += slope * slope
                    value -= rate * slope / math.sqrt(seen[at])
                    vector[at] = value if value > 0 or key == EVERY else 0.0
    points[EVERY] = [COMMONNESS * value for value in points[EVERY]]
    kept = {
        key: {section: round(value, 1) for section, value in zip(SECTIONS, vector, strict=True) if abs(value) >= LEAST}
        for key, vector in points.items()
    }
    return {key: values for key, values in kept.items() if values}


def rows(points: Points) -> Iterator[str]:
    """Yield the rows of the table: a section, points, and the keys that have as many for it."""
    yield "# What stems, words (after `=`) and every headline (`*`) say of sections: `section points | keys`."
    yield "# They count beside section_words.txt. Learned by `python -m evaluation.section_stems`; see there."
    groups: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
    for key, values in points.items():
        for section, value in values.items():
            groups[section, value].append(key)
    for (section, value), keys in sorted(groups.items(), key=lambda group: (group[0][0], -group[0][1])):
        yield f"{section} {value} | {' '.join(sorted(keys))}"


def measure(headlines: Sequence[Example]) -> tuple[int, int]:
    """Return how many headlines get a section, and for how many it is right."""
    decided = right = 0
    for each in headlines:
        section, evidence = section_of([make_article("x", each.title, [])], DEFAULT)
        decided += evidence != "no evidence"
        right += evidence != "no evidence" and section in LABELS[each.label]
    return decided, right


def cross_check(sets: dict[str, list[Example]], folds: int) -> Iterator[str]:
    """Yield accuracy and coverage of each set with points that its headlines were not learned for."""
    order = [(name, each) for name, found in sets.items() for each in found]
    random.Random(1).shuffle(order)  # noqa: S311 - the order must be the same each time
    decided: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for fold in range(folds):
        set_counted_points(learn([each for at, (_name, each) in enumerate(order) if at % folds != fold]))
        for name in sets:
            some, good = measure([each for of, each in order[fold::folds] if of == name])
            decided[name] += some
            right[name] += good
    for name, found in sets.items():
        yield _result(name, right[name], decided[name], len(found))
    yield _result("all", right.total(), decided.total(), len(order))


def across(sets: dict[str, list[Example]]) -> Iterator[str]:
    """Yield accuracy and coverage of each set with points learned from the others."""
    for name, found in sets.items():
        set_counted_points(learn([each for other, listed in sets.items() if other != name for each in listed]))
        decided, right = measure(found)
        yield _result(f"{name} by the other set", right, decided, len(found))


def _result(name: str, right: int, decided: int, count: int) -> str:
    return f"{name}: {percent(right, decided)} right of the {percent(decided, count)} with evidence\n"


def main() -> None:
    """Write the table, or measure."""
    parser = argparse.ArgumentParser(prog="evaluation.section_stems", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--across", action="store_true")
    given = parser.parse_args()
    material = Material(given.data)
    sets = {"L3Cube": examples(material, HEADLINES), "BBC 2025": examples(material, OTHER_HEADLINES)}
    if given.folds:
        sys.stdout.writelines(cross_check(sets, given.folds))
    if given.across:
        sys.stdout.writelines(across(sets))
    if not (given.folds or given.across):
        points = learn([each for found in sets.values() for each in found])
        TABLE.write_text("\n".join(rows(points)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
