"""What a piece of a dateline is: a place, a date, an agency, a desk, or perhaps a name. Sees a few words."""

from __future__ import annotations

from functools import lru_cache

from digest.collect.places import AGENCIES, BUREAUS, COUNTED, MONTHS, PLACES
from digest.hindi.text import fold
from digest.hindi.tokens import STOP_WORDS


def is_name(part: str) -> bool:
    """Whether an unknown part may be a person's or a place's name: no number, no word of a sentence."""
    folded = fold(part).strip(" .")
    words = folded.replace("-", " ").split()
    return (
        bool(words)
        and not any(char.isdigit() for char in folded)
        and not any(word in STOP_WORDS or word.endswith(("ेगा", "ेगी", "ेंगे")) for word in words)
    )


def goes_on(rest: str) -> bool:
    """Whether a sentence goes on: its next word is a postposition or an auxiliary."""
    return fold(rest.split()[0]).strip(",") in STOP_WORDS


@lru_cache(maxsize=20_000)  # the same few words open most paragraphs, and each is asked about many times
def kind_of(part: str) -> str:
    """`place`, `date`, `agency`, `desk` (a paper's own people); '' for what is none of them."""
    key = fold(part).replace("आइ", "आई").strip(" .")
    if key in PLACES or key.replace("-", " ") in PLACES:
        return "place"
    if _is_date(key):
        return "date"
    plain = key.replace(".", "")
    if key in AGENCIES or plain in AGENCIES:
        return "agency"
    return "desk" if key.rpartition(" ")[2] in BUREAUS and is_name(part) else ""


def _is_date(key: str) -> bool:
    """`23 नवंबर`, `दो मार्च`, `nov 23`, `23 नवंबर 2026`."""
    words = key.split()
    months = [word for word in words if word.strip(".") in MONTHS]
    numbers = [word for word in words if (word.isdigit() and len(word) in (1, 2, 4)) or word in COUNTED]
    return len(months) == 1 and 0 < len(numbers) == len(words) - 1
