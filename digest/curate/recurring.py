"""Recurring pages, in nearly the same words every day: horoscopes, prices. Nearly all false merges are such pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from digest.curate.similarity.cues import Places, compare_places, find_places
from digest.curate.similarity.tfidf import document_shares
from digest.hindi.text import fold, words
from digest.hindi.tokens import stems
from digest.models import Article

# A title skeleton is a series once one source has used it on this many days.
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of recurring page."""

    kind: str
    pattern: re.Pattern[str]
    # 0..1, scales what the score of a story loses.
    penalty: float = 1.0
    # Whether pages of this kind never enter an edition, unless an editor pins them.
    excluded: bool = False


def _row(kind: str, pattern: str, penalty: float = 1.0, *, excluded: bool = False) -> Series:
    return Series(kind, re.compile(fold(pattern)), penalty, excluded)


# The pattern is searched in the folded title; the first match wins.
TABLE = (
    _row("horoscope", "राशिफल|राशि वाल|राशियों|इन राशि|टैरो|अंक ज्योतिष|horoscope|rashifal|numerology", excluded=True),
    _row("almanac", "पंचांग|शुभ मुहूर्त|राहुकाल|चौघड़िया|panchang", excluded=True),
    _row("photo", "^फोटो ?[:|-]|photos?[ :|]|तस्वीरों में|देखें तस्वीरें|फोटो गैलरी|in pics", excluded=True),
    _row("video", "^वीडियो ?[:|-]|^video[ :|]|play video$|देखें वीडियो|watch video", excluded=True),
    _row("quiz", "वर्ग पहेली|सुडोकु|क्विज|quiz", excluded=True),
    _row("fuel", "^(?=.*(पेट्रोल|डीजल|petrol|diesel))(?=.*(दाम|कीमत|भाव|रेट|सस्ता|महंगा|रुपये लीटर|price))"),
    _row("gold", "^(?=.*(सोना|सोने|चांदी|gold|silver))(?=.*(दाम|कीमत|भाव|रेट|सस्ता|महंगा|सस्ती|महंगी|price|rate))"),
    _row("market", "सेंसेक्स|निफ्टी|sensex|nifty|शेयर बाजार (आज|खुला|बंद)", 0.4),
    _row("tally", "^(?=.*(कोरोना|कोविड|डेंगू))(?=.*(नए मामले|नये मामले|नए केस|नए मरीज|आंकड़े))|^(?=.*covid)(?=.*cases)", 0.5),
    _row(
        "weather",
        "मौसम (का हाल|अपडेट|पूर्वानुमान|समाचार)|आज का मौसम|aaj ka mausam|weather (update|today)|^मौसम ?[:|-]",
        0.5,
    ),
    _row(
        "jobs",
        "^(?=.*(पदों|पद|आवेदन))(?=.*भर्ती)|वैकेंसी|vacancy|recruitment|सरकारी नौकरी|admit card|sarkari nauk",
        0.7,
    ),
    _row("scorecard", "स्कोरकार्ड|scorecard|लाइव स्कोर|live score", 0.5),
    _row("produce", "^(?=.*मंडी)(?=.*(भाव|दाम|रुपये किलो))|सब्जियों के (दाम|भाव)", 0.7),
    _row("air", "एक्यूआई|वायु गुणवत्ता सूचकांक", 0.3),
    _row("level", "जलस्तर आज|आज का जलस्तर", 0.5),
    _row("currency", "रुपया .*पैसे (चढ़ा|गिरा|मजबूत|कमजोर|टूटा)|बिटकॉइन .*(दाम|भाव|कीमत)", 0.4),
    _row("lottery", "लॉटरी.*(परिणाम|रिजल्ट|संबाद|नतीज)|lottery (result|sambad)", excluded=True),
    _row("takings", "बॉक्स ऑफिस.*(कलेक्शन|दिन|कमाई)|box office (collection|day)", 0.5),
    _row("ratings", "टीआरपी (रिपोर्ट|लिस्ट|रेटिंग)|trp (report|list|rating|week)", 0.5),
    _row("round-up", "(आज की|सुबह की|शाम की) (बड़ी|मुख्य|टॉप|ताजा) (खबर|खबरें)|टॉप 10 न्यूज|top 10 news", 0.7),
    _row("live", "^live[ :|]|[ :]live[ :]|लाइव अपडेट|live updates?|ताजा समाचार|breaking news:", 0.0),
    _row("column", "की कहानी-|ब्लॉग:|'s blog|’s blog|आज का इतिहास|आज का विचार|सुविचार"),
)

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
LEARNED = Series("repeated title", re.compile("(?!)"))

_NUMBER = re.compile("[0-9०-९]+(?:[.,:/-][0-9०-९]+)*")


class TitleForm(NamedTuple):
    """What the form of a title says about its page."""

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
    """What a recurring page is about, by its title."""

    signs: frozenset[int]
    places: Places
    # Words that general news does not have: perhaps a small place, a film or an authority.
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
    """Return whether two titles of one kind and day are about two zodiac signs, places or other subjects."""
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
    """Return whether two titles share most of their words, numbers aside. What differs is then their subject."""
    mine, theirs = ({word for word in stems(title) if not word[0].isdigit()} for title in (one, other))
    return len(mine & theirs) >= FORM * max(1, len(mine | theirs))


def find_series(articles: Iterable[Article], timezone: str = "Asia/Kolkata") -> dict[str, Series]:
    """Map the ids of recurring pages to their series, found by the table or by a title that one source repeats."""
    zone = ZoneInfo(timezone)
    found: dict[str, Series] = {}
    days: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for article in articles:
        form = title_form(article.title)
        if form.series:
            found[article.id] = form.series
            continue
        key = (article.source, form.skeleton)
        days[key].add(article.published.astimezone(zone).toordinal())
        members[key].append(article.id)
    for key, on in days.items():
        if len(on) >= REPEATS:
            found.update(dict.fromkeys(members[key], LEARNED))
    return found
