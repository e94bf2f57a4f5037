"""Cues that distinguish two events: places, clock times, court stages, death tolls and results of matches.

Two earthquakes in one town, two hearings of one case, or two matches of one team share nearly all their words; these
cues differ. The gazetteer is data (`places.txt`): states, countries and their towns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

from digest.hindi.dates import WEEKDAYS
from digest.hindi.text import fold, table_rows, words
from digest.hindi.tokens import stems

# The result of comparing one cue of two texts; None if a text lacks the cue.
Agreement = Literal["same", "conflict"] | None
PlaceAgreement = Literal["same", "near", "conflict"] | None


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Place names by stem, and the regions that towns belong to."""

    # First stem -> (all stems of the name, place), longest first.
    names: dict[str, tuple[tuple[tuple[str, ...], str], ...]]
    # Town -> the regions that have a town of this name.
    regions: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """Load `places.txt` once."""
    names: dict[str, dict[tuple[str, ...], str]] = {}
    regions: dict[str, set[str]] = {}
    for line in table_rows("digest.curate.similarity", "places.txt"):
        region, _, towns = line.partition(" | ")
        home = region.split("=")[0]
        for entry in (region, *towns.split()):
            place = entry.split("=")[0]
            if entry is not region:
                regions.setdefault(place, set()).add(home)
            for name in entry.split("="):
                if found := tuple(stems(name.replace("_", " "))):
                    names.setdefault(found[0], {}).setdefault(found, place)
    ordered = {first: tuple(sorted(values.items(), key=lambda one: -len(one[0]))) for first, values in names.items()}
    return Gazetteer(ordered, {town: frozenset(values) for town, values in regions.items()})


@dataclass(frozen=True, slots=True)
class Places:
    """The towns that a text names, and the regions that it names or that contain its towns."""

    towns: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()


NO_PLACES = Places()


def find_places(text_stems: Sequence[str]) -> Places:
    """Return the places that the stems name, in the gazetteer's spelling."""
    table = gazetteer()
    found = set()
    for at in [at for at, stem in enumerate(text_stems) if stem in table.names]:
        for name, place in table.names[text_stems[at]]:
            if len(name) == 1 or tuple(text_stems[at : at + len(name)]) == name:
                found.add(place)
                break
    if not found:
        return NO_PLACES
    towns = frozenset(place for place in found if place in table.regions)
    regions = {region for town in towns for region in table.regions[town]}
    return Places(towns, frozenset(regions | (found - towns)))


def compare_places(one: Places, other: Places) -> PlaceAgreement:
    """Compare the places of two texts: 'same' if they share a town, or share a region and one of them names no town.

    'near' for different towns of one region; 'conflict' if they share nothing; None if either names no place.
    """
    if not one.regions or not other.regions:
        return None
    if not one.regions.isdisjoint(other.regions):
        return "near" if one.towns and other.towns and one.towns.isdisjoint(other.towns) else "same"
    return "conflict"


_WEEKDAYS = {
    stem: number
    for name, number in WEEKDAYS.items()
    # Without its ending, मंगल and शनि are planets and सोम is a man's name.
    if name.endswith(("वार", "day"))
    for stem in stems(name)
}


def weekdays(lead_stems: Collection[str]) -> frozenset[int]:
    """Return the weekdays that the stems name, Monday being 0."""
    return frozenset(_WEEKDAYS[stem] for stem in _WEEKDAYS.keys() & lead_stems)


def compare_sets(one: frozenset[Any], other: frozenset[Any]) -> Agreement:
    """Return 'same' if the cues of two texts have anything in common, else 'conflict'."""
    if not one or not other:
        return None
    return "conflict" if one.isdisjoint(other) else "same"


# The times that two papers give for one event may be this many minutes apart.
_SAME_MINUTES = 3
_HALF_DAY = 720

_AT, _MINUTES = stems("बजे मिनट")
_CLOCK_WORDS = frozenset((_AT, _MINUTES))
# Matches stems joined by spaces; a colon splits a clock time into two stems.
_CLOCK = re.compile(
    rf"(?<![^ ])(?:([0-9]{{1,2}})[. ]([0-5][0-9]) (?:{_AT}|{_MINUTES})"
    rf"|([0-9]{{1,2}}) {_AT} ([0-5]?[0-9]) {_MINUTES})(?![^ ])"
)


def clock_times(text_stems: Sequence[str]) -> frozenset[int]:
    """Return the clock times with minutes (`8.57 बजे`), as minutes of a 12-hour clock. Ignores full hours."""
    if _CLOCK_WORDS.isdisjoint(text_stems):
        return frozenset()
    matches = (match.groups() for match in _CLOCK.finditer(" ".join(text_stems)))
    times = ((int(hour or other_hour), int(minute or other)) for hour, minute, other_hour, other in matches)
    return frozenset((hour * 60 + minute) % _HALF_DAY for hour, minute in times if hour <= 24)


def compare_clock_times(one: Collection[int], other: Collection[int]) -> Agreement:
    """Return 'same' if any two times are within three minutes, 'conflict' if none are."""
    if not one or not other:
        return None
    close = any(min((a - b) % _HALF_DAY, (b - a) % _HALF_DAY) <= _SAME_MINUTES for a in one for b in other)
    return "same" if close else "conflict"


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


def court_stages(title_stems: Collection[str]) -> frozenset[str]:
    """Return the stages of a court case, from arrest to verdict, that a title names."""
    return frozenset(_STAGES[stem] for stem in _STAGES.keys() & title_stems)


# Two counts up to this ratio are the same: 25 dead in one paper and 30 in another.
_SAME_TOLL = 1.3
# Counts from this ratio on belong to two events. Among labelled reports of one event no ratio reached five.
_OTHER_TOLL = 5
# How many stems before the word for the dead its count may be, and after it in `मरने वालों की संख्या 219`.
_STEMS_BEFORE, _STEMS_AFTER = 4, 3

_DEAD = frozenset(stem for name in words("मौत मरे मारे मृत मृतक हत्या") for stem in stems(name))
(_COUNT,) = stems("संख्या")


def death_tolls(title_stems: Sequence[str]) -> frozenset[int]:
    """Return the death tolls in a title (`25 लोगों की मौत`). Leads mix the day's toll with the year's."""
    if _DEAD.isdisjoint(title_stems):
        return frozenset()
    tolls: set[int] = set()
    for at, stem in enumerate(title_stems):
        if stem in _DEAD:
            after = title_stems[at + 1 : at + 1 + _STEMS_AFTER]
            if before := _counts(title_stems[max(0, at - _STEMS_BEFORE) : at]):
                tolls.add(before[-1])
            elif _COUNT in after:
                tolls.update(_counts(after)[:1])
    return frozenset(tolls)


def _counts(found: Sequence[str]) -> list[int]:
    """Return the numbers among the stems, without zero and without years."""
    plain = (int(stem) for stem in found if stem.isascii() and stem.isdigit() and len(stem) < 6)
    return [number for number in plain if number and not 1900 <= number < 2100]


def compare_tolls(one: Collection[int], other: Collection[int]) -> Agreement:
    """Compare two titles' death tolls.

    'same' if two counts are about equal; 'conflict' if every count differs from every other by a factor of five or
    more; None otherwise, because tolls grow from hour to hour.
    """
    ratio = min((max(a, b) / min(a, b) for a in one for b in other), default=0)
    return "same" if 0 < ratio <= _SAME_TOLL else "conflict" if ratio >= _OTHER_TOLL else None


# `3-2 से हराया`, `चार विकेट से जीता`; a range such as `2-3 से ज़्यादा` is no result.
_SCORE = re.compile("(?<![0-9])([0-9]{1,3}) ?[-\u2013] ?([0-9]{1,3}) से (?!ज्यादा|अधिक|कम)")
_MARGINS = frozenset(stems("विकेट रन"))


def match_results(title: str, title_stems: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return the results of matches in a title: scores, and margins of wickets or runs."""
    # One team lost 2-3, so the other won 3-2.
    scores = {(min(score), max(score)) for score in _SCORE.findall(fold(title))}
    margins = {
        (number, unit)
        for number, unit in pairwise(title_stems)
        if unit in _MARGINS and number.isascii() and number.isdigit()
    }
    return frozenset(scores | margins)


# Smaller numbers are too frequent to tell one event from another.
_LEAST_TELLING = 10
# Stems before the number of a format (`टी-20`), and after the number of a class (`12वीं`) or of hours (`24 घंटे`).
_FORMAT = frozenset(stems("टी t अंडर u"))
_ORDINAL_OR_DAY = frozenset(stems("वीं वां वें घंटे"))


def title_numbers(title_stems: Sequence[str]) -> frozenset[str]:
    """Return the telling numbers of a title, without those that many titles have: of formats, classes and days."""
    before, after = ("", *title_stems), (*title_stems[1:], "")
    return telling_numbers(
        [
            stem
            for stem, previous, following in zip(title_stems, before, after, strict=False)
            if previous not in _FORMAT and following not in _ORDINAL_OR_DAY
        ]
    )


def telling_numbers(text_stems: Collection[str]) -> frozenset[str]:
    """Return the numbers that can tell one event from another: neither small nor a year."""
    return frozenset(
        stem
        for stem in text_stems
        if stem.isascii() and stem.isdigit() and int(stem) >= _LEAST_TELLING and not 1900 <= int(stem) < 2100
    )
