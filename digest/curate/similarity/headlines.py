"""Decide whether two headlines without a text can be one story.

A headline has few words, and two reports of one subject share most of them: a product and its rival, two hearings of a
case, the weather of two towns. Therefore similarity alone never merges two headlines. They need two shared names and a
shared event, or one shared name and a shared number, or nearly the same wording.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.curate.importance.matching import find_rows
from digest.curate.rules import REMEMBERED
from digest.curate.similarity.cues import Places, title_numbers
from digest.hindi.text import words
from digest.hindi.tokens import tokens

# Rows of words that name an event. A country at war, an office and an epidemic are not events.
EVENTS = frozenset(
    words("accident change court crash crime death decision disaster police scam space", "terror unrest victory")
)
# Events that make a headline news, even if its kind is worded alike every day.
HARD_EVENTS = frozenset(words("accident crash crime death disaster terror unrest"))
# Rows of headlines that are worded alike every day: products, celebrities, exams, tips.
ALIKE = frozenset(words("advice bait career celebrity gadget healthtip history offer private vague"))
# The share of common stems, of all stems of both, from which two headlines have one wording; for kinds that are worded
# alike every day, it must be higher.
ONE_WORDING, ONE_WORDING_ALIKE = 0.7, 0.9
# The number of names that two headlines of one event share: a place and a word for the event, or two people.
LEAST_NAMES = 2
# The row of won matches.
VICTORY = "victory"
# The row of words that ask, such as क्या and कौन.
QUESTION = "question"
# The row of an epidemic: its deaths are a daily count, not an event.
EPIDEMIC = "outbreak"


# Rows of headlines that tell no event: lists of several news items, and satire.
NO_EVENT = frozenset(words("roundup satire"))
# Rows of headlines that call for a click, comment on the news, or tell no event.
COMMENTS = frozenset(words("advice awaited bait question reaction teaser viral")) | NO_EVENT
# Rows that make a crime matter outside its town.
BEYOND_ONE_TOWN = frozenset(words("agency politics state terror topcourt union unrest war world"))


@dataclass(frozen=True, slots=True)
class HeadlineNames:
    """The names in a headline."""

    stems: frozenset[str]
    # Rare stems and towns.
    names: frozenset[str]
    # States and countries.
    regions: frozenset[str]
    # Rows of event words.
    events: frozenset[str]
    numbers: frozenset[str]
    # Whether it is of a kind that is worded alike every day, or asks a question that any report can answer.
    is_alike: bool


def read_headline(title: str, title_stems: Sequence[str], places: Places, rare: Collection[str]) -> HeadlineNames:
    """Return the names in a headline. `rare`: the stems that few articles have."""
    rows = find_rows(tokens(title)).keys()
    stems = frozenset(title_stems)
    return HeadlineNames(
        stems=stems,
        names=frozenset(stem for stem in stems if stem in rare) | places.towns,
        regions=places.regions,
        events=frozenset(EVENTS & rows),
        numbers=title_numbers(title_stems),
        is_alike="?" in title or QUESTION in rows or (not ALIKE.isdisjoint(rows) and HARD_EVENTS.isdisjoint(rows)),
    )


def tells_event(title: str) -> bool:
    """Whether a title reports an event of EVENTS, such as a disaster, an accident, a crime or a court case."""
    rows = find_rows(tokens(title)).keys()
    return EPIDEMIC not in rows and not EVENTS.isdisjoint(rows)


def tells_no_event(title: str) -> bool:
    """Whether a title belongs to satire, or to a list of several news items."""
    return not NO_EVENT.isdisjoint(find_rows(tokens(title)))


@lru_cache(maxsize=REMEMBERED)
def comments(title: str) -> bool:
    """Whether a title comments on the news or calls for a click: `मंत्री ने दिया जवाब`, `नियम बदले, जानें`."""
    return title.rstrip("\"'”’»)] ").endswith(("?", "!")) or not COMMENTS.isdisjoint(find_rows(tokens(title)))


def is_local_crime(title: str) -> bool:
    """Whether a title reports a crime without a sign that it matters outside its town."""
    rows = find_rows(tokens(title)).keys()
    return "crime" in rows and BEYOND_ONE_TOWN.isdisjoint(rows)


def why_headlines_apart(one: HeadlineNames, other: HeadlineNames) -> str | None:
    """Return why two headlines without a text cannot be one story; None if they can."""
    is_alike = one.is_alike or other.is_alike
    least = ONE_WORDING_ALIKE if is_alike else ONE_WORDING
    if one.numbers == other.numbers and len(one.stems & other.stems) >= least * len(one.stems | other.stems):
        return None
    if is_alike:
        return "headlines without a text, of a kind that is worded alike every day"
    names = len(one.names & other.names)
    if not names and one.regions.isdisjoint(other.regions):
        return "headlines without a text that share no name"
    events = one.events & other.events
    if one.regions != other.regions:
        # A team wins a match in many headlines; the other team tells which match it was.
        events -= {VICTORY}
    has_event = bool(events)
    has_number = not one.numbers.isdisjoint(other.numbers)
    # A state or country has many events a day, so it needs both.
    if (has_number and (names or has_event)) or (has_event and names >= LEAST_NAMES):
        return None
    return "headlines without a text that share too few names, events and numbers"
