"""Cut from headlines what only names a page or town: `राजनीति: …`, `दिल्ली: …`."""

from __future__ import annotations

import re

from digest.collect.cleaning.places import PLACES, REGIONS
from digest.hindi.text import fold
from digest.hindi.title_tails import LEAST_WORDS

# Words that must remain after a page's name.
_AFTER_RUBRIC = 2
# A page's name before a colon.
_RUBRIC = re.compile(
    "^(?:राजनीति|खेल|मनोरंजन|कारोबार|व्यापार|अपराध|क्राइम|देश|विदेश|दुनिया|शिक्षा|सेहत|स्वास्थ्य|विचार|संपादकीय|चर्चा|प्रसंगवश|बिजनेस|टेक"
    "|धर्म|लाइफस्टाइल|समाज|दृष्टिकोण|मुद्दा|आजकल|समाचार|खबर|ताजा खबर|बड़ी खबर"
    "|(?:[^ :|]{2,16} ){0,2}(?:न्यूज ब्रीफ|न्यूज बुलेटिन|न्यूज अपडेट|सुर्खियां)"
    "|[^ :|]{2,16} (?:न्यूज|समाचार|की (?:बड़ी |ताजा |टॉप )?(?:खबर|खबरें|न्यूज)|क्राइम|क्राइम न्यूज))"
    " ?[:|\\\\] ?(?=\\S)|^बात खरी है[:|]? "
)
# A dispute may be known by its town: `अयोध्या: कोर्ट में सुनवाई टली`.
_DISPUTE = re.compile(fold("(?:^| )(?:sc|hc|सुप्रीम|हाईकोर्ट|कोर्ट|सुनवाई|विवाद|केस|कांड|फैसला|फैसले|मुद्दे)(?: |$)"), re.IGNORECASE)
_PLACE = re.compile("^([^ :|।/\\\\]{2,20}(?: [^ :|।/\\\\]{2,20}){0,2}) ?[:।|\\\\] ?(?=\\S)")


def without_rubric(title: str) -> tuple[str, str]:
    """Return the headline without the name of a page or town before it, and that name; ('…', '') if it has none.

    A state or country stays, because it tells where the news is.
    """
    found = _RUBRIC.match(title)
    if found is None:
        place = _PLACE.match(title)
        is_town = place and fold(place[1]) in PLACES - REGIONS and not _DISPUTE.search(fold(title))
        found = place if is_town else None
    least = LEAST_WORDS if found and found.re is _PLACE else _AFTER_RUBRIC
    if found is None or len(title[found.end() :].split()) < least:
        return title, ""
    return title[found.end() :].strip(), found.group().strip(" :|।\\")
