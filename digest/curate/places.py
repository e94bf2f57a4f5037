"""Where an article's lead plays: the places it names, and whether two leads can speak of one place.

The gazetteer is data (`places.txt`): states, countries and their towns. It knows no villages and no streets, and says
nothing of articles that name none of its places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from digest.hindi.tokens import stems

Relation = Literal["same", "near", "conflict", ""]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """`names`: first stem → (the whole name's stems, place), longest first; `regions`: town → where it may be."""

    names: dict[str, tuple[tuple[tuple[str, ...], str], ...]]
    regions: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The table, read once."""
    names: dict[str, dict[tuple[str, ...], str]] = {}
    regions: dict[str, set[str]] = {}
    text = resources.files("digest.curate").joinpath("places.txt").read_text(encoding="utf-8")
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        region, _, towns = line.partition(" | ")
        home = region.split("=")[0]
        for entry in (region, *towns.split()):
            place = entry.split("=")[0]
            if entry is not region:
                regions.setdefault(place, set()).add(home)
            for name in entry.split("="):
                if found := tuple(stems(name.replace("_", " "))):
                    names.setdefault(found[0], {}).setdefault(found, place)
    ordered = {first: tuple(sorted(held.items(), key=lambda one: -len(one[0]))) for first, held in names.items()}
    return Gazetteer(ordered, {town: frozenset(held) for town, held in regions.items()})


@dataclass(frozen=True, slots=True)
class Places:
    """The towns that a text names, and the regions that it names or that its towns lie in."""

    towns: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()


NOWHERE = Places()


def named(words: Sequence[str]) -> Places:
    """The places that the stems of a text name, in the gazetteer's spelling."""
    table = gazetteer()
    found = set()
    first = table.names
    for at in [at for at, word in enumerate(words) if word in first]:
        for name, place in first[words[at]]:
            if len(name) == 1 or tuple(words[at : at + len(name)]) == name:
                found.add(place)
                break
    if not found:
        return NOWHERE
    towns = frozenset(place for place in found if place in table.regions)
    regions = {region for town in towns for region in table.regions[town]}
    return Places(towns, frozenset(regions | (found - towns)))


def relation(one: Places, other: Places) -> Relation:
    """'same' when a town is shared, or a region where one side names nothing closer; 'near' for other towns of one
    region; 'conflict' when nothing is shared; '' when a side names no place."""
    if not one.regions or not other.regions:
        return ""
    if not one.regions.isdisjoint(other.regions):
        return "near" if one.towns and other.towns and one.towns.isdisjoint(other.towns) else "same"
    return "conflict"
