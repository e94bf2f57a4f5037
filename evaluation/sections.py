"""Sections of texts and headlines by their words alone, of headlines with points that were not learned from them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from digest.curate.sections import section_of, use_learned_points
from digest.hindi.cut import shorten
from digest.hindi.sentences import split
from digest.models import Article
from evaluation.material import Material, Row, make_article, percent
from evaluation.section_stems import LABELS, SETS, Example, examples, learn

TEXTS = "articles/bbc-hindi-categories/bbc_hindi_test.jsonl"
DEFAULT = "देश"
FOLDS = 5
BAR = ">= .92 of >= .75"


def texts(material: Material) -> list[Row]:
    """Measure whole texts. Their first words are the headline, as for an untitled item."""
    labelled = []
    for entry in material.lines(TEXTS):
        article = make_article(entry["id"], "", [entry["article"]])
        opening = next(iter(split(article.text)), "")
        labelled.append((replace(article, title=shorten(opening, 90)), LABELS[entry["category"]]))
    return [Row("sections, texts (BBC): by words", len(labelled), _Count().add(labelled).told(), BAR)]


def headlines(material: Material) -> list[Row]:
    """Measure labelled headlines: in folds, each set by the other one, and titles with two labels."""
    sets = {name: examples(material, name) for name in SETS}
    try:
        return [*_in_folds(sets), *_across(sets), *_twice(sets)]
    finally:
        use_learned_points({})


class _Count:
    """How many articles get a section, and for how many it is right."""

    def __init__(self) -> None:
        self.count = self.decided = self.right = self.right_of_all = 0

    def add(self, labelled: Iterable[tuple[Article, frozenset[str]]]) -> _Count:
        for article, wanted in labelled:
            section, evidence = section_of([article], DEFAULT)
            decided = evidence != "no evidence"
            self.count += 1
            self.decided += decided
            self.right += decided and section in wanted
            self.right_of_all += section in wanted
        return self

    def told(self) -> str:
        decisions = f"{percent(self.right, self.decided)} of the {percent(self.decided, self.count)} with evidence"
        return f"{decisions}; {percent(self.right_of_all, self.count)} of all"


def _articles(found: Iterable[Example]) -> Iterable[tuple[Article, frozenset[str]]]:
    return ((make_article("x", each.title, []), each.right) for each in found)


def _fold(example: Example) -> int:
    """Return the fold of a headline. A title that is in the sets twice has one fold."""
    return hashlib.sha256(example.letters.encode()).digest()[0] % FOLDS


def _in_folds(sets: dict[str, list[Example]]) -> list[Row]:
    counts = {name: _Count() for name in sets}
    for fold in range(FOLDS):
        use_learned_points(learn([each for found in sets.values() for each in found if _fold(each) != fold]))
        for name, found in sets.items():
            counts[name].add(_articles(each for each in found if _fold(each) == fold))
    return [
        Row(f"sections, headlines ({name}): {FOLDS} folds", count.count, count.told(), BAR)
        for name, count in counts.items()
    ]


def _across(sets: dict[str, list[Example]]) -> list[Row]:
    rows = []
    for name, found in sets.items():
        use_learned_points(learn([each for other, listed in sets.items() if other != name for each in listed]))
        count = _Count().add(_articles(found))
        rows.append(Row(f"sections, headlines ({name}): learned from the other set", count.count, count.told()))
    return rows


def _twice(sets: dict[str, list[Example]]) -> list[Row]:
    """Count the titles with labels that no section fits: no method can be right on all of them."""
    rows = []
    for name, found in sets.items():
        labels: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
        for each in found:
            labels[each.letters].append(each.right)
        repeated = [right for right in labels.values() if len(right) > 1]
        apart = sum(not frozenset.intersection(*right) for right in repeated)
        rows.append(
            Row(f"sections, headlines ({name}): titles listed twice", len(repeated), f"{apart} with labels that differ")
        )
    return rows
