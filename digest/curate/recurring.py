"""Recurring pages with nearly the same words every day, such as horoscopes and prices.

They cause nearly all false merges.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from digest.curate.recurring_kinds import COLUMN, COLUMN_FOLDERS, TABLE, Series
from digest.curate.rules import REMEMBERED
from digest.curate.similarity.cues import Places, compare_places, find_places
from digest.curate.similarity.tfidf import document_shares
from digest.hindi.text import fold, words
from digest.hindi.tokens import stems
from digest.models import Article

# A title skeleton is a series once one source has used it on this many days.
REPEATS = 3

# Two titles are one form, filled in twice, if they share this part of their words.
FORM = 0.5
# Kinds that describe the format of a page, not its subject. Such a page may be one story with a page of another kind.
OPEN = frozenset({"live"})

SIGNS = tuple(
    frozenset(stems(names.replace("_", " ")))
    for names in words(
        "मेष_aries वृष_वृषभ_taurus मिथुन_gemini कर्क_cancer सिंह_leo कन्या_virgo तुला_libra वृश्चिक_scorpio "
        "धनु_sagittarius मकर_capricorn कुंभ_aquarius मीन_pisces"
    )
)
_ALL_SIGNS = frozenset().union(*SIGNS)

# The kind for titles that one source repeats, with other numbers, on three days.
LEARNED = Series("repeated title", "(?!)")

_NUMBER = re.compile("[0-9०-९]+(?:[.,:/-][0-9०-९]+)*")


class TitleForm(NamedTuple):
    """What the form of a title reveals about its page."""

    # The series that the title's words name.
    series: Series | None
    # The folded title with every number as 0: the part of a daily page's title that never changes.
    skeleton: str


@lru_cache(maxsize=50_000)
def title_form(title: str) -> TitleForm:
    folded = fold(title)
    series = next((row for row in TABLE if row.pattern.search(folded)), None)
    return TitleForm(series, " ".join(_NUMBER.sub("0", folded).split()))


class Subject(NamedTuple):
    """The subject of a recurring page, by its title."""

    signs: frozenset[int]
    places: Places
    # Words that are rare in general news: perhaps a small place, a film or an authority.
    unusual: frozenset[str]


@lru_cache(maxsize=50_000)
def subject_of_title(title: str) -> Subject:
    found = stems(title)
    return Subject(
        signs=frozenset(number for number, names in enumerate(SIGNS) if not names.isdisjoint(found)),
        places=find_places(found),
        unusual=frozenset(
            word for word in found if word not in document_shares() and word[0] > "\u0900" and word not in _ALL_SIGNS
        ),
    )


def why_apart(one: Series, other: Series, one_title: str, other_title: str) -> str | None:
    """Return why two recurring pages of one day cannot be one story."""
    kinds = {one.kind, other.kind}
    if kinds & OPEN:
        return None
    if len(kinds) == 2:
        return f"series of two kinds ({one.kind}, {other.kind})"
    if differ(one_title, other_title):
        return f"series ({one.kind}) of two subjects"
    return None


def differ(one: str, other: str) -> bool:
    """Whether two titles of one kind and day are about two zodiac signs, places or other subjects."""
    a, b = subject_of_title(one), subject_of_title(other)
    if a.signs != b.signs and a.signs and b.signs:
        return True
    other_words = set(stems(other))
    if find_places([word for word in stems(one) if word in other_words]).regions:
        # Both titles name the place. Their other words are only wording.
        return False
    places = compare_places(a.places, b.places)
    if places:
        return places != "same"
    mine, theirs = a.unusual | a.places.regions, b.unusual | b.places.regions
    if is_one_form(one, other):
        mine, theirs = mine - theirs, theirs - mine
    return bool(mine and theirs and mine.isdisjoint(theirs))


def is_one_form(one: str, other: str) -> bool:
    """Whether two titles share most of their words, numbers aside. What differs is then their subject."""
    mine, theirs = ({word for word in stems(title) if not word[0].isdigit()} for title in (one, other))
    return len(mine & theirs) >= FORM * max(1, len(mine | theirs))


def find_series(articles: Iterable[Article], timezone: str = "Asia/Kolkata") -> dict[str, Series]:
    """Map the ids of recurring pages to their series.

    It is found by the table, by the folder of the URL, or by a title that one source repeats.
    """
    zone = ZoneInfo(timezone)
    found: dict[str, Series] = {}
    days: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for article in articles:
        form = title_form(article.title)
        if series := form.series or _series_of_folder(article.url):
            found[article.id] = series
            continue
        key = (article.source, form.skeleton)
        days[key].add(article.published.astimezone(zone).toordinal())
        members[key].append(article.id)
    for key, on in days.items():
        if len(on) >= REPEATS:
            found.update(dict.fromkeys(members[key], LEARNED))
    return found


@lru_cache(maxsize=REMEMBERED)
def _series_of_folder(url: str | None) -> Series | None:
    """Return the series of a comment, by the folders of its URL."""
    folders = urlsplit(url or "").path.split("/")[:-1]
    return None if COLUMN_FOLDERS.isdisjoint(folders) else COLUMN
