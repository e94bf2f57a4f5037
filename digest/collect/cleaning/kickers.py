"""The words before a headline: remove the name of a page or town, and keep a Latin kicker that the headline needs.

`राजनीति: …` loses its first word, `Kamla X2: दाम लीक, 8 फरवरी को आएगा फ़ोन` keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.collect.cleaning.places import PLACES, REGIONS
from digest.hindi.sounds import LETTER_NAMES, sounds_like, spelled
from digest.hindi.text import fold, folded_words, table_rows, words
from digest.hindi.title_tails import LEAST_WORDS
from digest.hindi.tokens import tokens

# Words in kickers.txt: `generic` ones name a topic and no thing, `labels` a joke, `official` ones an exam; the others
# are Hindi.
_LISTS = {
    name: frozenset(words(found.casefold()))
    for name, found in (row.split(": ", 1) for row in table_rows("digest.collect.cleaning", "kickers.txt"))
}
GENERIC, OFFICIAL, LABELS = _LISTS["generic"], _LISTS["official"], _LISTS["labels"]
PRODUCTS, BODIES = (frozenset(map(fold, _LISTS[name])) for name in ("products", "bodies"))

_WORD = re.compile("[A-Za-z][A-Za-z0-9.]*|(?<![0-9])[0-9]{1,5}[A-Za-z]{1,6}")
# A model: `X2`, `40C`, `Platina 110`; not a year, a rank, a quantity, or a name such as `G20`.
_MODEL = re.compile(
    r"\b(?!(?:[GTB]20|[0-9]G|L[0-9])\b)[A-Z][a-z]{0,3}[0-9]{1,5}[A-Za-z]{0,6}\b"
    r"|\b(?![0-9]{1,5}(?:st|nd|rd|th|g|mp|gb|tb|mah|w|km|hz|cc|kmpl|k|x)\b)[0-9]{1,5}[A-Z][A-Za-z]?\b"
    r"|\b[A-Z][A-Za-z]{2,20} (?!(?:19|20)[0-9]{2}\b)[0-9]{1,4}\b(?! ?(?:st|nd|rd|th)\b)",
)
# A shorter number may count something else: `8 इंच`.
_NUMBER = re.compile("[0-9]{2,}")
_YEAR = re.compile("(?:19|20)[0-9]{2}")

# A headline that opens with one of these refers to the kicker: `क्या हैं इससे जुड़े नियम?`
_POINTERS = folded_words("इससे इसके इसकी इसका इसमें इसे इसने इन्हें इनके इनकी इनका इनसे इन्होंने उन्होंने उनके उनकी उनका उसके उसकी उसका")
_POINTS_WITHIN = 3
_THIS = folded_words("यह ये इस इन")
# Words between यह and the thing: `ये धाकड़ सेवन सीटर कार`.
_THING_WITHIN = 3

# First letters of regions that are vowels in Latin spelling, as य of यूक्रेन is.
_VOWELS = "अआइईउऊएऐऑओऔय"
# The most words of a headline that is not clear alone.
_SHORT = 5
_LEAST_ACRONYM = 2
_SPELLED = re.compile(f"(?:{'|'.join(sorted(map(fold, LETTER_NAMES.values()), key=len, reverse=True))}){{2,}}")
_LATIN_ACRONYM = re.compile("[A-Z]{3,}")
# Words that must remain after a page's name.
_AFTER_RUBRIC = 2
# A page's name before a colon.
_RUBRIC = re.compile(
    "^(?:राजनीति|खेल|मनोरंजन|कारोबार|व्यापार|अपराध|क्राइम|देश|विदेश|दुनिया|शिक्षा|सेहत|स्वास्थ्य|विचार|संपादकीय|चर्चा|प्रसंगवश|बिजनेस|टेक"
    "|धर्म|लाइफस्टाइल|समाज|दृष्टिकोण|मुद्दा|आजकल|समाचार|खबर|ताजा खबर|बड़ी खबर"
    "|(?:[^ :|]{2,16} ){0,2}(?:न्यूज ब्रीफ|न्यूज बुलेटिन|न्यूज अपडेट|सुर्खियां)"
    "|[^ :|]{2,16} (?:न्यूज|समाचार|की (?:बड़ी |ताजा |टॉप )?(?:खबर|खबरें|न्यूज)|क्राइम|क्राइम न्यूज))"
    " ?[:|\\\\ः] ?(?=\\S)|^बात खरी है[:|]? "
)
# A dispute may be known by its town: `अयोध्या: कोर्ट में सुनवाई टली`.
_DISPUTE = re.compile(fold("(?:^| )(?:sc|hc|सुप्रीम|हाईकोर्ट|कोर्ट|सुनवाई|विवाद|केस|कांड|फैसला|फैसले|मुद्दे)(?: |$)"), re.IGNORECASE)
_PLACE = re.compile("^([^ :|।/\\\\]{2,20}(?: [^ :|।/\\\\]{2,20}){0,2}) ?[:।|\\\\ः] ?(?=\\S)")


def is_needed(kicker: str, title: str, shown: str) -> bool:
    """Whether `shown` lacks what the Latin kicker tells: a product, an exam, a country, or that it is a joke.

    `title` is the headline with its call for a click, which may tell the same.
    """
    found = _WORD.findall(kicker)
    if not LABELS.isdisjoint(word.casefold() for word in found):
        return True
    names = [
        word for word in found if (word[0].isupper() or kicker.islower()) and word.casefold() not in GENERIC | OFFICIAL
    ]
    own = tokens(shown)
    if not names or own[:1] == []:
        return False
    if _POINTERS & set(own[:_POINTS_WITHIN]):
        return True
    if _names_any(names, shown):
        return False
    # `Punjab: लुधियाना में …` names the town. `Bihar Exam: पटना में …` still needs to say what is meant.
    names_town = not (PLACES - REGIONS).isdisjoint(own) and OFFICIAL.isdisjoint(word.casefold() for word in found)
    if _names_any(names, title) or (not names_town and any(map(_is_region, names))):
        return True
    if len(own) <= _SHORT:
        # `coronavirus: भारत में एक और मौत`
        return True
    is_session = _YEAR.search(kicker) and any(_LATIN_ACRONYM.fullmatch(word) for word in names)
    if is_session or any(word.casefold() in OFFICIAL for word in found):
        return not _names_body(own, shown)
    if any(each.group().split()[0].casefold() not in GENERIC for each in _MODEL.finditer(kicker)):
        return {number for number in _NUMBER.findall(kicker) if not _YEAR.fullmatch(number)}.isdisjoint(
            _NUMBER.findall(shown)
        )
    return any(
        word in _THIS and not PRODUCTS.isdisjoint(own[at + 1 : at + 1 + _THING_WITHIN]) for at, word in enumerate(own)
    )


def _is_region(name: str) -> bool:
    """Whether a Latin word may be the name of a state or country: `Canada`."""
    is_vowel = name[0] in "AEIOU"
    return not name.isupper() and any(
        is_vowel == (region[0] in _VOWELS) and sounds_like(name, region) for region in REGIONS
    )


def _names_any(names: Iterable[str], shown: str) -> bool:
    """Whether the headline has one of the names, in Latin or in Devanagari letters."""
    folded = fold(shown)
    for name in names:
        if name.casefold() in folded:
            return True
        is_acronym = name.isupper() and name.isalpha() and len(name) >= _LEAST_ACRONYM
        if is_acronym and spelled(name) in folded.replace(" ", "").replace("-", ""):
            return True
        if any(sounds_like(name, word) for word in folded.split()):
            return True
    return False


def _names_body(own: list[str], shown: str) -> bool:
    """Whether a headline names the body behind an exam or vacancy: a place, a spelled acronym, an institution."""
    is_place = any(word in PLACES or word in BODIES for word in own)
    return is_place or any(_SPELLED.fullmatch(word) for word in own) or bool(_LATIN_ACRONYM.search(shown))


def without_rubric(title: str) -> tuple[str, str | None]:
    """Split the name of a page or town off the front of a headline. Return the rest, and the name or None.

    A state or country stays, because it tells where the news is.
    """
    found = _RUBRIC.match(title)
    if found is None:
        place = _PLACE.match(title)
        is_town = place and fold(place[1]) in PLACES - REGIONS and not _DISPUTE.search(fold(title))
        found = place if is_town else None
    least = LEAST_WORDS if found and found.re is _PLACE else _AFTER_RUBRIC
    if found is None or len(title[found.end() :].split()) < least:
        return title, None
    return title[found.end() :].strip(), found.group().strip(" :|।\\")
