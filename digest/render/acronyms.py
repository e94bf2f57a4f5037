"""Latin acronyms in Devanagari, for subject lines. Must not touch words that have a small letter.

Devanagari has no case, so one `RBI` makes a whole Hindi subject count as "all capitals" for mail filters
(SpamAssassin SUBJ_ALL_CAPS, 0.5 points, measured); `आरबीआई` does not, and is what a reader says anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SPOKEN = {
    "AAP": "आप",
    "AFSPA": "अफ़्स्पा",
    "AIDS": "एड्स",
    "AIIMS": "एम्स",
    "ASEAN": "आसियान",
    "AUS": "ऑस्ट्रेलिया",
    "BIG": "बड़ी",
    "BRICS": "ब्रिक्स",
    "CAT": "कैट",
    "CLAT": "क्लैट",
    "COVID": "कोविड",
    "ENG": "इंग्लैंड",
    "FIFA": "फ़ीफ़ा",
    "GAGAN": "गगन",
    "GATE": "गेट",
    "IND": "भारत",
    "INDIA": "इंडिया",
    "ISRO": "इसरो",
    "LIVE": "लाइव",
    "NASA": "नासा",
    "NATO": "नाटो",
    "NEET": "नीट",
    "NEWS": "न्यूज़",
    "NITI": "नीति",
    "NZ": "न्यूज़ीलैंड",
    "OPEC": "ओपेक",
    "PAK": "पाकिस्तान",
    "PAN": "पैन",
    "RAW": "रॉ",
    "SAARC": "सार्क",
    "SEBI": "सेबी",
    "SIM": "सिम",
    "TOP": "टॉप",
    "UNESCO": "यूनेस्को",
    "UNICEF": "यूनिसेफ़",
    "VIDEO": "वीडियो",
    "VS": "बनाम",
}
"""Acronyms that Hindi speaks as a word, and words that headlines write in capitals."""

_NAMES = (
    *("ए", "बी", "सी", "डी", "ई", "एफ", "जी", "एच", "आई", "जे", "के", "एल", "एम"),
    *("एन", "ओ", "पी", "क्यू", "आर", "एस", "टी", "यू", "वी", "डब्ल्यू", "एक्स", "वाई", "ज़ेड"),
)
LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _NAMES, strict=True))
"""Every other acronym is spelled by its letters' names: RBI → आरबीआई."""

SPELLED = 4
"""An unknown run of more capitals is a word in capitals (KISAN), which nobody spells: it becomes `Kisan`."""

_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])")


_OTHERWISE = {"mr": {"I": "आय", "Y": "वाय", "Z": "झेड"}}
"""Names of letters that another language than Hindi writes otherwise."""


def in_devanagari(text: str, language: str = "hi") -> str:
    """`text` with its runs of capitals in Devanagari (`G20` → `जी20`); words with a small letter stay as they are."""
    names = LETTERS | _OTHERWISE.get(language, {})
    return _CAPITALS.sub(lambda hit: _said(hit[0], names), text)


def _said(capitals: str, names: Mapping[str, str]) -> str:
    if capitals in SPOKEN:
        return SPOKEN[capitals]
    if len(capitals) > SPELLED:
        return capitals.capitalize()
    return "".join(names[letter] for letter in capitals)
