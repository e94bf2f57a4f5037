"""ROUGE-1, -2 and -L (F1) of tokens that keep Devanagari whole.

The usual package drops all letters but ASCII, so that two identical Hindi sentences score 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from digest.hindi.tokens import tokens

# ROUGE-1, ROUGE-2 and ROUGE-L, each an F1 from 0 to 1.
Scores = tuple[float, float, float]


def rouge(candidate: str, reference: str) -> Scores:
    """Return how much of the reference's words, word pairs and order the candidate has."""
    ours, theirs = tokens(candidate), tokens(reference)
    return overlap(ours, theirs), overlap(_pairs(ours), _pairs(theirs)), _f1(_common(ours, theirs), ours, theirs)


def overlap(ours: Sequence[object], theirs: Sequence[object]) -> float:
    """Return the F1 of two multisets: 0 if one is empty, 1 if both are."""
    if not ours and not theirs:
        return 1.0
    return _f1((Counter(ours) & Counter(theirs)).total(), ours, theirs)


def _f1(shared: int, ours: Sequence[object], theirs: Sequence[object]) -> float:
    return 2 * shared / (len(ours) + len(theirs)) if shared else 0.0


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    return list(pairwise(words))


def _common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(theirs) + 1)
    for one in ours:
        corner = 0
        for at, other in enumerate(theirs, 1):
            corner, row[at] = row[at], corner + 1 if one == other else max(row[at], row[at - 1])
    return row[-1]
