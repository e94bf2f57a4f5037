"""How many died by what a title says. Reads stems; weighs nothing.

The dead grow from paper to paper and from hour to hour, 25 in one and 65 in the next; that 219 died in one storm and
three in another is said of two storms. Leads are no witness: they tell the day's dead and the year's side by side.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from digest.hindi.tables import words
from digest.hindi.tokens import stems

ALIKE = 1.3
"""Times that one count may be the other where two papers tell the same."""
APART = 5
"""Times from which two counts are of two events: among labelled reports of one event none were five times others."""
BEFORE, BEHIND = 4, 3
"""Stems within which a number stands before the word that says what it counts, or after `मरने वालों की संख्या`."""

_DEAD = frozenset(stem for name in words("मौत मरे मारे मृत मृतक हत्या") for stem in stems(name))
(_COUNT,) = stems("संख्या")


def tolls(found: Sequence[str]) -> frozenset[int]:
    """The counts of dead that a title names (`25 लोगों की मौत`, `मरने वालों की संख्या 219`); no years."""
    if _DEAD.isdisjoint(found):
        return frozenset()
    counted: set[int] = set()
    for at, stem in enumerate(found):
        if stem in _DEAD:
            behind = found[at + 1 : at + 1 + BEHIND]
            if before := _numbers(found[max(0, at - BEFORE) : at]):
                counted.add(before[-1])
            elif _COUNT in behind:
                counted.update(_numbers(behind)[:1])
    return frozenset(counted)


def _numbers(found: Sequence[str]) -> list[int]:
    plain = (int(stem) for stem in found if stem.isascii() and stem.isdigit() and len(stem) < 6)
    return [number for number in plain if number and not 1900 <= number < 2100]


def compared(one: Collection[int], other: Collection[int]) -> str:
    """'same' when two titles name much the same count, 'conflict' when each of one's is many times or a small part of
    each of the other's, else ''."""
    times = min((max(a, b) / min(a, b) for a in one for b in other), default=0)
    return "same" if 0 < times <= ALIKE else "conflict" if times >= APART else ""
