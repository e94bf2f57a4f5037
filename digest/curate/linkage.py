"""Average-link merging of scored pairs, with pairs that must never end up together. Knows no articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from heapq import heapify, heappop, heappush

Pair = tuple[int, int]


def average_link(
    size: int,
    scores: Mapping[Pair, float],
    barred: Collection[Pair],
    threshold: float,
    *,
    apart: Callable[[int, int], bool] | None = None,
) -> list[list[int]]:
    """Groups of 0..size-1, each ascending, ordered by their first member.

    The two groups with the highest mean score over all their pairs merge first, while it is >= `threshold`;
    a pair without a score counts 0. Groups that hold a barred pair between them never merge; `apart`
    is asked of pairs without a score, just before a merge. Single link
    would chain on busy days and complete link loses recall. Ties go to the lower numbers.
    """
    members: dict[int, list[int]] = {each: [each] for each in range(size)}
    near: defaultdict[int, dict[int, float]] = defaultdict(dict)
    foes: defaultdict[int, set[int]] = defaultdict(set)
    for (i, j), score in scores.items():
        near[i][j] = near[j][i] = score
    for i, j in barred:
        foes[i].add(j)
        foes[j].add(i)
    heap = [(-score, i, j) for (i, j), score in scores.items() if score >= threshold]
    heapify(heap)
    while heap:
        negative, i, j = heappop(heap)
        if i not in members or j not in members or near[i].get(j) != -negative or j in foes[i]:
            continue  # told by an older state of the groups
        if apart and any(apart(*sorted((x, y))) for x in members[i] for y in members[j]):
            foes[i].add(j)
            foes[j].add(i)
            continue
        a, b = len(members[i]), len(members[j])
        for other in near.pop(j):
            near[other].pop(j, None)
            near[i].setdefault(other, 0.0)
        merged = {}
        for other in near[i]:
            if other != i and other in members and other != j:
                total = _total(scores, members[i] + members[j], members[other])
                merged[other] = total / ((a + b) * len(members[other]))
        members[i] = members[i] + members.pop(j)
        for foe in foes.pop(j, ()):
            foes[foe].discard(j)
            foes[foe].add(i)
            foes[i].add(foe)
        near[i] = merged
        for other, mean in merged.items():
            near[other][i] = mean
            if mean >= threshold and other not in foes[i]:
                low, high = sorted((i, other))
                heappush(heap, (-mean, low, high))
    return sorted(sorted(group) for group in members.values())


def _total(scores: Mapping[Pair, float], one: list[int], other: list[int]) -> float:
    return sum(scores.get((i, j) if i < j else (j, i), 0.0) for i in one for j in other)
