"""Pages that come again every day under nearly the same words: horoscopes, prices, tallies, photo pages.

They are the real false merges (6-7 % of headlines): two days' horoscopes are more alike than two papers'
reports of one event. Says what is a series; what follows from it is for `cluster` and `rank`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.curate.commonness import shares
from digest.curate.places import Places, named, relation
from digest.hindi.tables import words
from digest.hindi.text import fold
from digest.hindi.tokens import stems
from digest.models import Article

REPEATS = 3
"""Days on which one source must have used the same title skeleton before it counts as a series."""


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of series. `penalty` 0..1 scales what the score loses; `off` kinds never enter an edition."""

    kind: str
    pattern: re.Pattern[str]
    penalty: float = 1.0
    off: bool = False


def _row(kind: str, pattern: str, penalty: float = 1.0, *, off: bool = False) -> Series:
    return Series(kind, re.compile(fold(pattern)), penalty, off)


TABLE = (  # the pattern is matched in the folded title; first match wins
    _row("horoscope", "राशिफल|राशि वाल|राशियों|इन राशि|टैरो|अंक ज्योतिष|horoscope|rashifal|numerology", off=True),
    _row("almanac", "पंचांग|शुभ मुहूर्त|राहुकाल|चौघड़िया|panchang", off=True),
    _row("photo", "^फोटो ?[:|-]|photos?[ :|]|तस्वीरों में|देखें तस्वीरें|फोटो गैलरी|in pics", off=True),
    _row("video", "^वीडियो ?[:|-]|^video[ :|]|play video$|देखें वीडियो|watch video", off=True),
    _row("quiz", "वर्ग पहेली|सुडोकु|क्विज|quiz", off=True),
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
    _row("lottery", "लॉटरी.*(परिणाम|रिजल्ट|संबाद|नतीज)|lottery (result|sambad)", off=True),
    _row("takings", "बॉक्स ऑफिस.*(कलेक्शन|दिन|कमाई)|box office (collection|day)", 0.5),
    _row("ratings", "टीआरपी (रिपोर्ट|लिस्ट|रेटिंग)|trp (report|list|rating|week)", 0.5),
    _row("round-up", "(आज की|सुबह की|शाम की) (बड़ी|मुख्य|टॉप|ताजा) (खबर|खबरें)|टॉप 10 न्यूज|top 10 news", 0.7),
    _row("live", "^live[ :|]|[ :]live[ :]|लाइव अपडेट|live updates?|ताजा समाचार|breaking news:", 0.0),
    _row("column", "की कहानी-|ब्लॉग:|'s blog|’s blog|आज का इतिहास|आज का विचार|सुविचार"),
)

FORM = 0.5
"""Share of the words of two titles that are common to both when they are one form filled in."""
OPEN = frozenset({"live"})
"""Kinds that say how a page is made and not what it is about: they may be one story with a page of another kind."""

SIGNS = tuple(
    frozenset(stems(names.replace("_", " ")))
    for names in words(
        "मेष_aries वृष_वृषभ_taurus मिथुन_gemini कर्क_cancer सिंह_leo कन्या_virgo तुला_libra वृश्चिक_scorpio "
        "धनु_sagittarius मकर_capricorn कुंभ_aquarius मीन_pisces"
    )
)
_ALL_SIGNS = frozenset().union(*SIGNS)

LEARNED = Series("repeated title", re.compile("(?!)"))
"""The kind for titles that one source repeats, with other numbers, on three days."""

_NUMBER = re.compile("[0-9०-९]+(?:[.,:/-][0-9०-९]+)*")


_folded = lru_cache(maxsize=50_000)(fold)


@lru_cache(maxsize=50_000)
def skeleton(title: str) -> str:
    """The folded title with every number as 0: what stays of a daily page from day to day."""
    return " ".join(_NUMBER.sub("0", _folded(title)).split())


@lru_cache(maxsize=50_000)
def of_title(title: str) -> Series | None:
    """The series that the title's words name, or None."""
    folded = _folded(title)
    return next((row for row in TABLE if row.pattern.search(folded)), None)


@lru_cache(maxsize=50_000)
def subject(title: str) -> tuple[frozenset[int], Places, frozenset[str]]:
    """Whose page of its kind the title names: zodiac signs, places, and words that general news does not know, which
    may be a small place, a film or a board."""
    found = stems(title)
    signs = frozenset(number for number, names in enumerate(SIGNS) if not names.isdisjoint(found))
    strange = frozenset(
        word for word in found if word not in shares() and word[0] > "\u0900" and word not in _ALL_SIGNS
    )
    return signs, named(found), strange


def differ(one: str, other: str) -> bool:
    """Whether two titles of one kind and day are pages of two signs, places or other subjects."""
    signs, places, strange = subject(one)
    its_signs, its_places, its_strange = subject(other)
    if signs != its_signs and signs and its_signs:
        return True
    its_words = set(stems(other))
    if named([word for word in stems(one) if word in its_words]).regions:
        return False  # both name the place: what else they name is how they tell it
    where = relation(places, its_places)
    if where:
        return where != "same"
    own, its_own = strange | places.regions, its_strange | its_places.regions
    if one_form(one, other):
        own, its_own = own - its_own, its_own - own
    return bool(own and its_own and own.isdisjoint(its_own))


def one_form(one: str, other: str) -> bool:
    """Whether two titles have most words in common, numbers aside: what differs is then what each is about."""
    mine, its = ({word for word in stems(title) if not word[0].isdigit()} for title in (one, other))
    return len(mine & its) >= FORM * max(1, len(mine | its))


def find(articles: Iterable[Article], timezone: str = "Asia/Kolkata") -> dict[str, Series]:
    """Article id → its series, for those that are one: by the table, or by a title that REPEATS."""
    zone = ZoneInfo(timezone)
    found: dict[str, Series] = {}
    days: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for article in articles:
        if series := of_title(article.title):
            found[article.id] = series
            continue
        key = (article.source, skeleton(article.title))
        days[key].add(article.published.astimezone(zone).toordinal())
        members[key].append(article.id)
    for key, on in days.items():
        if len(on) >= REPEATS:
            found.update(dict.fromkeys(members[key], LEARNED))
    return found
