"""`python -m evaluation.section_stems`: learn what words say of sections; write digest/curate/section_stems.txt.

A logistic regression over labelled headlines: the logarithm of a section's odds is the sum of the points of a
headline's keys (`sections.headline_keys`), and of those in section_words.txt. Where several sections are right for a
label, it may be any of them. NOISE is the share of labels that say nothing, so that a wrong label counts little. The
table has only keys of at least four headlines, so it reveals no text. `evaluation.sections` measures on headlines that
were not learned from.
"""

from __future__ import annotations

import argparse
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from digest.curate.importance.matching import find_rows
from digest.curate.importance.places import is_abroad
from digest.curate.rules import SECTIONS
from digest.curate.section_words import EVERY
from digest.curate.sections import find_words, headline_keys, word_points
from digest.hindi.tokens import tokens
from evaluation.material import Material, make_article

SETS = {
    "L3Cube": "articles/l3cube-headlines-hi/l3cube_hi_headlines.jsonl",
    "BBC 2025": "articles/bbc-hindi-headlines-2025/bbc_hindi_headlines.jsonl",
}

# A corpus's category → our sections that are right for it.
LABELS: dict[str, frozenset[str]] = {
    "international": frozenset({"दुनिया"}),
    "india": frozenset({"देश", "राजनीति"}),
    "national": frozenset({"देश", "राजनीति"}),
    "india & world": frozenset({"देश", "दुनिया", "राजनीति"}),
    "politics": frozenset({"राजनीति"}),
    "sport": frozenset({"खेल"}),
    "sports": frozenset({"खेल"}),
    "khel": frozenset({"खेल"}),
    "entertainment": frozenset({"मनोरंजन"}),
    "business": frozenset({"व्यापार"}),
    "science": frozenset({"विज्ञान", "टेक"}),
    "technology-news": frozenset({"विज्ञान", "टेक"}),
    "automobile": frozenset({"विज्ञान", "टेक", "व्यापार"}),
    "health": frozenset({"स्वास्थ्य"}),
    "health-news-hindi": frozenset({"स्वास्थ्य"}),
    "education": frozenset({"शिक्षा"}),
    "education & career": frozenset({"शिक्षा"}),
    "crime": frozenset({"देश", "अपराध"}),
    "crime-news-hindi": frozenset({"देश", "अपराध"}),
}

LEAST_HEADLINES = 4
# Points below this are left out.
LEAST = 0.1
# The weight of a point of section_words.txt while learning. `sections.WORD_WEIGHT` is higher, so that the words still
# decide in newspapers that were not learned from.
WORD_WEIGHT = 1.5
# The share of the points of every headline that is kept. A newsroom's sections are not as common as in the sets.
COMMONNESS = 0.3
# The share of labels that are taken to be at random. A quarter of the titles that the BBC set lists twice have labels
# of different sections.
NOISE = 0.15
# The penalty for the square of a point.
RIDGE = 2.0
EPOCHS, RATE = 12, 0.3
TABLE = Path(__file__).resolve().parents[1] / "digest" / "curate" / "section_stems.txt"

Points = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled headline."""

    title: str
    right: frozenset[str]
    # Its keys in the table.
    keys: tuple[str, ...]
    # The points of section_words.txt by section, in the order of SECTIONS.
    words: tuple[float, ...]

    @property
    def letters(self) -> str:
        """The same for titles that differ in spaces and marks only."""
        return re.sub(r"\W+", "", self.title)


def examples(material: Material, name: str) -> list[Example]:
    """Return the labelled headlines of a set."""
    found = []
    for entry in material.lines(SETS[name]):
        title, label = make_article("x", entry["title"], []).title, entry["category"].lower()
        if label in LABELS:
            of_title = tokens(title)
            matched = find_rows(of_title)
            points = word_points(find_words(title), abroad=is_abroad(title, of_title, matched))
            words = tuple(WORD_WEIGHT * points.get(section, 0.0) for section in SECTIONS)
            found.append(Example(title, LABELS[label], tuple(headline_keys(of_title, matched)), words))
    return found


def learn(headlines: Sequence[Example]) -> Points:
    """Return the points of each key, by stochastic gradient descent with a rate for each point (AdaGrad)."""
    counts = Counter(key for each in headlines for key in each.keys)
    size = range(len(SECTIONS))
    keys = (EVERY, *(key for key, count in counts.items() if count >= LEAST_HEADLINES))
    points = {key: [0.0] * len(SECTIONS) for key in keys}
    squares = {key: [1e-6] * len(SECTIONS) for key in points}
    ridge = {key: 0.0 if key == EVERY else RIDGE / counts[key] for key in points}
    rows = [
        ([key for key in each.keys if key in points], each.words, [section in each.right for section in SECTIONS])
        for each in headlines
    ]
    shuffled = random.Random(1)  # noqa: S311 - the order must be the same each time
    for epoch in range(EPOCHS):
        shuffled.shuffle(rows)
        rate = RATE * (1 - epoch / EPOCHS)
        for found, words, right in rows:
            vectors = [points[key] for key in found]
            odds = [math.exp(value) for value in map(sum, zip(words, *vectors, strict=True))]
            whole = sum(odds)
            shares = [value / whole for value in odds]
            good = sum(shares[at] for at in size if right[at])
            # How much the headline counts: little if its label is improbable.
            trust = (1 - NOISE) / ((1 - NOISE) * good + NOISE * sum(right) / len(SECTIONS))
            slopes = [trust * shares[at] * (good - right[at]) for at in size]
            for key, vector in zip(found, vectors, strict=True):
                seen, pull = squares[key], ridge[key]
                for at, slope in enumerate(slopes):
                    slope += pull * vector[at]
                    seen[at] += slope * slope
                    vector[at] -= rate * slope / math.sqrt(seen[at])
    common = sum(points[EVERY]) / len(SECTIONS)
    points[EVERY] = [COMMONNESS * (value - common) for value in points[EVERY]]
    kept = {
        key: {section: round(value, 1) for section, value in zip(SECTIONS, vector, strict=True) if abs(value) >= LEAST}
        for key, vector in points.items()
    }
    return {key: values for key, values in kept.items() if values}


def rows(points: Points) -> Iterator[str]:
    """Yield the rows of the table: a section, points, and the keys that have as many for it."""
    yield "# What stems, words (after `=`), rows of importance/words.txt (after `@`) and every headline (`*`) say of"
    yield "# sections: `section points | keys`. They count beside section_words.txt. Learned from labelled headlines of"
    yield "# L3Cube-IndicNews and BBC Hindi by `python -m evaluation.section_stems`; see there and docs/adr/0031."
    groups: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
    for key, values in points.items():
        for section, value in values.items():
            groups[section, value].append(key)
    for (section, value), keys in sorted(groups.items(), key=lambda group: (group[0][0], -group[0][1])):
        yield f"{section} {value} | {' '.join(sorted(keys))}"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="evaluation.section_stems", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    material = Material(parser.parse_args().data)
    points = learn([each for name in SETS for each in examples(material, name)])
    TABLE.write_text("\n".join(rows(points)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
