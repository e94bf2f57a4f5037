"""Average-link merging of scored pairs, with pairs that must never end up together. Knows no articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush

Pair = tuple[int, int]

_UNIT = 2**40
"""Scores are summed as whole numbers of 2^-40, so that a sum is the same in whatever order groups have grown."""


def average_link(
    size: int,
    scores: Mapping[Pair, float],
    barred: Collection[Pair],
    threshold: float,
    *,
    apart: Callable[[Sequence[int], Sequence[int]], bool] | None = None,
) -> list[list[int]]:
    """Groups of 0..size-1, each ascending, ordered by their first member.

    The two groups with the highest mean score over all their pairs merge first, while it is >= `threshold`;
    a pair without a score counts 0. Groups that hold a barred pair between them never merge; `apart`
    is asked of two groups just before a merge. Single link would chain on busy days and complete link loses recall.
    Ties go to the lower numbers.
    """
    members: dict[int, list[int]] = {each: [each] for each in range(size)}
    sums: defaultdict[int, dict[int, int]] = defaultdict(dict)  # of the scores between two groups
    foes: defaultdict[int, set[int]] = defaultdict(set)
    for (i, j), score in scores.items():
        sums[i][j] = sums[j][i] = round(score * _UNIT)
    for i, j in barred:
        foes[i].add(j)
        foes[j].add(i)
    least = round(threshold * _UNIT)
    heap = [(-float(sums[i][j]), min(i, j), max(i, j)) for i, j in scores if sums[i][j] >= least]
    heapify(heap)
    while heap:
        negative, i, j = heappop(heap)
        if i not in members or j not in members or j in foes[i]:
            continue
        a, b = len(members[i]), len(members[j])
        if sums[i][j] / (a * b) != -negative:
            continue  # told by an older state of the groups
        if apart and apart(members[i], members[j]):
            foes[i].add(j)
            foes[j].add(i)
            continue
        near = sums[i]
        del near[j]
        for other, between in sums.pop(j).items():
            if other != i:
                del sums[other][j]
                near[other] = near.get(other, 0) + between
        members[i] = members[i] + members.pop(j)
        for foe in foes.pop(j, ()):
            foes[foe].discard(j)
            foes[foe].add(i)
            foes[i].add(foe)
        for other, between in near.items():
            sums[other][i] = between
            mean = between / ((a + b) * len(members[other]))
            if mean >= least and other not in foes[i]:
                heappush(heap, (-mean, min(i, other), max(i, other)))
    return sorted(sorted(group) for group in members.values())
