"""By which moment an article tells its event: the minute of the clock, and how far a case has come in court.

Two quakes of one town, two hearings of one case share nearly all their words. Reads stems; weighs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from digest.hindi.tables import words
from digest.hindi.tokens import stems

CLOSE = 3
"""Minutes by which two papers' clocks may differ for one moment."""
HALF_DAY = 720

_AT, _MINUTES = stems("बजे मिनट")
_CLOCK = re.compile(  # in stems with blanks between; a colon parts a clock into two of them
    rf"(?<![^ ])(?:([0-9]{{1,2}})[. ]([0-5][0-9]) (?:{_AT}|{_MINUTES})"
    rf"|([0-9]{{1,2}}) {_AT} ([0-5]?[0-9]) {_MINUTES})(?![^ ])"
)
_STAGES = {
    stem: stage
    for stage, names in (
        ("arrest", "गिरफ्तार अरेस्ट"),
        ("custody", "हिरासत रिमांड"),
        ("charge", "चार्जशीट आरोपपत्र"),
        ("hearing", "सुनवाई"),
        ("appeal", "अपील याचिका"),
        ("bail", "जमानत"),
        ("verdict", "सजा फांसी उम्रकैद दोषी दोषमुक्त बरी फैसला"),
    )
    for name in words(names)
    for stem in stems(name)
}


def clocks(found: Sequence[str]) -> frozenset[int]:
    """The moments that a text names to the minute (`8.57 बजे`, `12 बजकर 39 मिनट`), as minutes of half a day.

    A full hour is too rough to tell two events apart and is left out.
    """
    if _AT not in found and _MINUTES not in found:
        return frozenset()
    named = (match.groups() for match in _CLOCK.finditer(" ".join(found)))
    moments = ((int(hour or other), int(minute or its)) for hour, minute, other, its in named)
    return frozenset((hour * 60 + minute) % HALF_DAY for hour, minute in moments if hour <= 24)


def close(one: Collection[int], other: Collection[int]) -> bool:
    """Whether two texts' clocks (see `clocks`) show one moment."""
    return any(min((a - b) % HALF_DAY, (b - a) % HALF_DAY) <= CLOSE for a in one for b in other)


def stages(found: Collection[str]) -> frozenset[str]:
    """The stages of a case, from arrest to verdict, that a title names."""
    return frozenset(_STAGES[stem] for stem in _STAGES.keys() & found)
