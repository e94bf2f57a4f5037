"""Kinds of pages that recur every day, and the policies of a newsroom for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class RecurringPolicy(StrEnum):
    """The policy for a kind of recurring page."""

    # It competes with the news, with the row's penalty.
    NEWS = "news"
    # It appears in the section of daily columns at the end.
    SECTION = "section"
    # It enters no edition, unless an editor pins it.
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of recurring page."""

    kind: str
    # A regular expression, which is searched in the folded title.
    expression: str
    # 0..1, scales the penalty of the row.
    penalty: float = 1.0
    # Whether pages of this kind never enter an edition, unless an editor pins them.
    excluded: bool = False

    @property
    def name(self) -> str:
        """The name of the kind in the settings. There, all prices are one kind."""
        return "prices" if self.kind in PRICES else self.kind

    @property
    def pattern(self) -> re.Pattern[str]:
        return _compile(self.expression)


PRICES = frozenset({"fuel", "gold", "produce", "currency"})


@cache
def _compile(expression: str) -> re.Pattern[str]:
    """Compile on first use: the settings need only the names of the kinds."""
    from digest.hindi.text import fold

    return re.compile(fold(expression))


# The pattern is searched in the folded title; the first match wins.
TABLE = (
    Series("horoscope", "राशिफल|राशि वाल|राशियों|इन राशि|टैरो|अंक ज्योतिष|horoscope|rashifal|numerology", excluded=True),
    Series("almanac", "पंचांग|शुभ मुहूर्त|राहुकाल|चौघड़िया|panchang", excluded=True),
    Series("photo", "^फोटो ?[:|-]|photos?[ :|]|तस्वीरों में|देखें तस्वीरें|फोटो गैलरी|in pics", excluded=True),
    Series("video", "^वीडियो ?[:|-]|^video[ :|]|play video$|देखें वीडियो|watch video", excluded=True),
    Series("quiz", "वर्ग पहेली|सुडोकु|क्विज|quiz", excluded=True),
    Series("fuel", "^(?=.*(पेट्रोल|डीजल|petrol|diesel))(?=.*(दाम|कीमत|भाव|रेट|सस्ता|महंगा|रुपये लीटर|price))"),
    Series("gold", "^(?=.*(सोना|सोने|चांदी|gold|silver))(?=.*(दाम|कीमत|भाव|रेट|सस्ता|महंगा|सस्ती|महंगी|price|rate))"),
    Series("market", "सेंसेक्स|निफ्टी|sensex|nifty|शेयर बाजार (आज|खुला|बंद)", 0.4),
    Series("tally", "^(?=.*(कोरोना|कोविड|डेंगू))(?=.*(नए मामले|नये मामले|नए केस|नए मरीज|आंकड़े))|^(?=.*covid)(?=.*cases)", 0.5),
    Series(
        "weather",
        "मौसम (का हाल|अपडेट|पूर्वानुमान|समाचार)|आज का मौसम|aaj ka mausam|weather (update|today)|^मौसम ?[:|-]",
        0.5,
    ),
    Series(
        "jobs",
        "^(?=.*(पदों|पद|आवेदन))(?=.*भर्ती)|वैकेंसी|vacancy|recruitment|सरकारी नौकरी|admit card|sarkari nauk",
        0.7,
    ),
    Series("scorecard", "स्कोरकार्ड|scorecard|लाइव स्कोर|live score", 0.5),
    Series("produce", "^(?=.*मंडी)(?=.*(भाव|दाम|रुपये किलो))|सब्जियों के (दाम|भाव)", 0.7),
    Series("air", "एक्यूआई|वायु गुणवत्ता सूचकांक", 0.3),
    Series("level", "जलस्तर आज|आज का जलस्तर", 0.5),
    Series("currency", "रुपया .*पैसे (चढ़ा|गिरा|मजबूत|कमजोर|टूटा)|बिटकॉइन .*(दाम|भाव|कीमत)", 0.4),
    Series("lottery", "लॉटरी.*(परिणाम|रिजल्ट|संबाद|नतीज)|lottery (result|sambad)", excluded=True),
    Series("takings", "बॉक्स ऑफिस.*(कलेक्शन|दिन|कमाई)|box office (collection|day)", 0.5),
    Series("ratings", "टीआरपी (रिपोर्ट|लिस्ट|रेटिंग)|trp (report|list|rating|week)", 0.5),
    Series("round-up", "(आज की|सुबह की|शाम की) (बड़ी|मुख्य|टॉप|ताजा) (खबर|खबरें)|टॉप 10 न्यूज|top 10 news", 0.7),
    Series("live", "^live[ :|]|[ :]live[ :]|लाइव अपडेट|live updates?|ताजा समाचार|breaking news:", 0.0),
    Series("column", "की कहानी-|ब्लॉग:|'s blog|’s blog|आज का इतिहास|आज का विचार|सुविचार"),
)

# A comment is a column, by the folder of its URL. `blog` is left out, because some papers have all articles there.
COLUMN = next(row for row in TABLE if row.kind == "column")
COLUMN_FOLDERS = frozenset({"editorial", "editorials", "opinion", "opinions"})

# The kinds that `edition.recurring` may name. A live page is news.
KINDS = tuple(dict.fromkeys(row.name for row in TABLE if row.kind != "live"))
# What newsrooms call them.
ALIASES = {"rashifal": "horoscope", "panchang": "almanac", "mausam": "weather", "bhav": "prices"}
