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

from digest.hindi.text import fold
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
    _row("horoscope", "राशिफल|राशि वाले|राशियों|इन राशि|horoscope", off=True),
    _row("almanac", "पंचांग|शुभ मुहूर्त|राहुकाल|चौघड़िया", off=True),
    _row("photo", "^फोटो ?[:|-]|photos?[ :|]|तस्वीरों में|देखें तस्वीरें|फोटो गैलरी|in pics", off=True),
    _row("video", "^वीडियो ?[:|-]|^video[ :|]|play video$|देखें वीडियो|watch video", off=True),
    _row("quiz", "वर्ग पहेली|सुडोकु|quiz:", off=True),
    _row("fuel", "^(?=.*(पेट्रोल|डीजल))(?=.*(दाम|कीमत|भाव|रेट))"),
    _row("gold", "^(?=.*(सोना|सोने|चांदी))(?=.*(दाम|कीमत|भाव|रेट))"),
    _row("market", "सेंसेक्स|निफ्टी|sensex|nifty", 0.4),
    _row("tally", "^(?=.*कोरोना)(?=.*(नए मामले|नए केस|आंकड़े))|^(?=.*covid)(?=.*cases)", 0.5),
    _row("weather", "मौसम (का हाल|अपडेट|पूर्वानुमान|समाचार)|आज का मौसम|aaj ka mausam|weather (update|today)", 0.5),
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
    _row("lottery", "लॉटरी (परिणाम|रिजल्ट|संबाद)|lottery result", off=True),
    _row("takings", "बॉक्स ऑफिस कलेक्शन|box office collection", 0.5),
    _row("round-up", "(आज की|सुबह की|शाम की) (बड़ी|मुख्य|टॉप|ताजा) (खबर|खबरें)|टॉप 10 न्यूज|top 10 news", 0.7),
    _row("live", "^live[ :|]|[ :]live[ :]|लाइव अपडेट|live updates?|ताजा समाचार|breaking news:", 0.0),
    _row("column", "की कहानी-|ब्लॉग:|'s blog|’s blog|आज का इतिहास|आज का विचार|सुविचार"),
)

LEARNED = Series("repeated title", re.compile("(?!)"))
"""The kind for titles that one source repeats, with other numbers, on three days."""

_NUMBER = re.compile("[0-9०-९]+(?:[.,:/-][0-9०-९]+)*")


@lru_cache(maxsize=50_000)
def skeleton(title: str) -> str:
    """The folded title with every number as 0: what stays of a daily page from day to day."""
    return " ".join(_NUMBER.sub("0", fold(title)).split())


@lru_cache(maxsize=50_000)
def of_title(title: str) -> Series | None:
    """The series that the title's words name, or None."""
    folded = fold(title)
    return next((row for row in TABLE if row.pattern.search(folded)), None)


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
