"""The news agencies whose reports many papers print, by the names that bylines and credits give them."""

from __future__ import annotations

from collections import Counter

from digest.hindi.text import fold
from digest.hindi.tokens import tokens

# Name of a credit, folded → the agency. भाषा and वार्ता are the Hindi services of PTI and UNI.
_AGENCIES = {
    fold(name): agency
    for agency, names in {
        "pti": ("pti", "पीटीआई", "पीटीआइ", "प्रेट्र", "भाषा", "bhasha"),
        "ani": ("ani", "एएनआई", "एएनआइ"),
        "ians": ("ians", "आईएएनएस", "आइएएनएस"),
        "uni": ("uni", "यूएनआई", "यूएनआइ", "वार्ता", "यूनीवार्ता", "यूनिवार्ता"),
        "reuters": ("reuters", "रॉयटर्स", "रॉयटर", "रायटर"),
        "afp": ("afp", "एएफपी"),
    }.items()
    for name in names
}


def agency_of(byline: str) -> str | None:
    """Return the agency that a byline or credit names, as a lower-case English abbreviation; None if it names none."""
    return next((_AGENCIES[name] for name in tokens(byline) if name in _AGENCIES), None)


def removed_credit(before: str, after: str) -> str | None:
    """Return the agency that a text names less often after its datelines and credits were removed."""
    left = Counter(name for name in tokens(after) if name in _AGENCIES)
    for name, count in Counter(name for name in tokens(before) if name in _AGENCIES).items():
        if count > left[name]:
            return _AGENCIES[name]
    return None
