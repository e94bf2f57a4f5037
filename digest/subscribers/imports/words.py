"""The words of people for headings and values of an imported list, in Hindi and English, and what they mean."""

from __future__ import annotations

import re
import unicodedata

from digest.subscribers import frequency, list_file

# As `plain` returns them.
_FORMATS = {
    **dict.fromkeys(("text only", "plain", "plain text", "सिर्फ़ टेक्स्ट", "टेक्स्ट", "सादा"), "text"),
    **dict.fromkeys(("designed", "पूरे डिज़ाइन में", "डिज़ाइन"), "html"),
}
_ALL_TOPICS = ("all", "all topics", "everything", "सब", "सभी", "सब विषय", "सभी विषय", "सब कुछ")
# “8 बजे”, “सुबह 8:30 बजे”, “8 am”; an hour of the evening is written in several ways.
_MORNING = re.compile(r"(?:सुबह\s+)?(.+?)(?:\s*(?:बजे|am))?\Z")


def plain(text: str) -> str:
    """Return a heading or value for comparison: in lower case, single spaces, a nukta as its own character."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def meant(key: str, text: str) -> str:
    """Return the value that a word means for a field; the text itself if it is no such word."""
    if key == "frequency":
        return frequency.meant(plain(text)) or text
    if key == "hour":
        found = _MORNING.match(plain(text))
        return (found and list_file.hour_meant(found[1])) or text
    return _FORMATS.get(plain(text), text) if key == "format" else text


def means_all_topics(name: str) -> bool:
    return plain(name) in _ALL_TOPICS
