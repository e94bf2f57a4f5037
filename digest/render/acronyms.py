"""Latin acronyms in Devanagari, for subject lines. Must not touch words that have a small letter.

Devanagari has no case, so one `RBI` makes a whole Hindi subject count as "all capitals" for mail filters
(SpamAssassin SUBJ_ALL_CAPS, 0.5 points, measured); `आरबीआई` does not, and is what a reader says anyway.
"""

from __future__ import annotations

import re

SPOKEN = {
    "AFSPA": "अफ़्स्पा",
    "AIDS": "एड्स",
    "AIIMS": "एम्स",
    "ASEAN": "आसियान",
    "BRICS": "ब्रिक्स",
    "COVID": "कोविड",
    "FIFA": "फ़ीफ़ा",
    "GAGAN": "गगन",
    "ISRO": "इसरो",
    "NASA": "नासा",
    "NATO": "नाटो",
    "NEET": "नीट",
    "NITI": "नीति",
    "OPEC": "ओपेक",
    "PAN": "पैन",
    "RAW": "रॉ",
    "SAARC": "सार्क",
    "SEBI": "सेबी",
    "SIM": "सिम",
    "UNESCO": "यूनेस्को",
    "UNICEF": "यूनिसेफ़",
}
"""Acronyms that Hindi speaks as a word."""

_NAMES = (
    *("ए", "बी", "सी", "डी", "ई", "एफ", "जी", "एच", "आई", "जे", "के", "एल", "एम"),
    *("एन", "ओ", "पी", "क्यू", "आर", "एस", "टी", "यू", "वी", "डब्ल्यू", "एक्स", "वाई", "ज़ेड"),
)
LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _NAMES, strict=True))
"""Every other acronym is spelled by its letters' names: RBI → आरबीआई."""

SPELLED = 4
"""An unknown run of more capitals is a word in capitals (KISAN), which nobody spells: it becomes `Kisan`."""

_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])")


def in_devanagari(text: str) -> str:
    """`text` with its runs of capitals in Devanagari (`G20` → `जी20`); words with a small letter stay as they are."""
    return _CAPITALS.sub(lambda hit: _said(hit[0]), text)


def _said(capitals: str) -> str:
    if capitals in SPOKEN:
        return SPOKEN[capitals]
    if len(capitals) > SPELLED:
        return capitals.capitalize()
    return "".join(LETTERS[letter] for letter in capitals)
