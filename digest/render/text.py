"""Typography of rendered text: sentence endings, digits, and Latin acronyms. Stored articles are not changed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from digest.hindi.numbers import devanagari_digits
from digest.hindi.sentences import DEVA, split

# The last word must be Devanagari alone: an abbreviation such as 'कि.मी.' keeps its full stop.
_SENTENCE_END = re.compile(rf"[\s“‘(][{DEVA}\u200c\u200d]+([।.])\Z")

# Comments (conditional ones contain markup), style sheets, tags, entities.
_MARKUP = re.compile(r"(<!--(?:(?!-->).)*-->|<style\b(?:(?!</style>).)*</style>|<[^>]*>|&#?[0-9A-Za-z]{1,12};)", re.S)
_WORD = re.compile(r"[^\s<>]+")
_LATIN = re.compile(r"[A-Za-z]")

ACRONYMS = {
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
"""Acronyms that Hindi pronounces as a word, and words that headlines write in capitals."""

_LETTER_NAMES = (
    *("ए", "बी", "सी", "डी", "ई", "एफ", "जी", "एच", "आई", "जे", "के", "एल", "एम"),
    *("एन", "ओ", "पी", "क्यू", "आर", "एस", "टी", "यू", "वी", "डब्ल्यू", "एक्स", "वाई", "ज़ेड"),
)
LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTER_NAMES, strict=True))
"""Other acronyms are spelled by the names of their letters: RBI becomes आरबीआई."""

MAX_SPELLED = 4
"""A longer unknown run of capitals is a word (KISAN) and becomes `Kisan`."""

_OTHER_LETTER_NAMES = {"mr": {"I": "आय", "Y": "वाय", "Z": "झेड"}}
_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])")


def unify_sentence_ends(text: str) -> str:
    """End all Hindi sentences of `text` as the first one does, with a danda or a full stop.

    Newspapers differ, and a summary can quote two of them.
    """
    position, end, parts = 0, "", []
    for sentence in split(text):
        start = text.index(sentence, position)
        found = _SENTENCE_END.search(sentence)
        end = end or (found[1] if found else "")
        parts += [text[position:start], sentence[:-1] + end if found else sentence]
        position = start + len(sentence)
    return "".join([*parts, text[position:]])


def devanagari_digits_in_text(text: str) -> str:
    """Plain text with its numbers in Devanagari digits.

    A word with a Latin letter (5G, COVID-19, an address, a placeholder) stays as it is.
    """
    return _WORD.sub(lambda word: word[0] if _LATIN.search(word[0]) else devanagari_digits(word[0]), text)


def devanagari_digits_in_html(html: str) -> str:
    """The same for the visible text of a page. Tags, attributes, styles and comments stay as they are."""
    parts = _MARKUP.split(html)
    parts[::2] = (devanagari_digits_in_text(part) for part in parts[::2])
    return "".join(parts)


def acronyms_in_devanagari(text: str, language: str = "hi") -> str:
    """`text` with its runs of capitals in Devanagari (`G20` becomes `जी20`), for subject lines.

    Devanagari has no case, so one `RBI` makes a Hindi subject count as "all capitals" for spam filters (SpamAssassin
    SUBJ_ALL_CAPS, 0.5 points). Words with a lower-case letter stay as they are.
    """
    names = LETTERS | _OTHER_LETTER_NAMES.get(language, {})
    return _CAPITALS.sub(lambda match: _acronym(match[0], names), text)


def _acronym(capitals: str, names: Mapping[str, str]) -> str:
    if capitals in ACRONYMS:
        return ACRONYMS[capitals]
    if len(capitals) > MAX_SPELLED:
        return capitals.capitalize()
    return "".join(names[letter] for letter in capitals)
