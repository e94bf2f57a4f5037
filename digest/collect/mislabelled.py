"""Tells a feed whose Indian clock is labelled +00:00, by what lies in the future. Judges whole feeds, parses no format.

Such a feed's newest items seem 5½ hours younger than they are, and would stand on top of every edition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from digest.collect.feeddates import INDIA, parse_date
from digest.collect.parsed import Item
from digest.models import Source

INDIAN_OFFSET = timedelta(hours=5, minutes=30)
CLOCK_DRIFT = timedelta(minutes=30)
"""So far ahead a good clock may be, or an editor who sets the next half hour."""

NEARLY_ALL = timedelta(hours=4, minutes=30)
"""A newest item that is so far ahead was published within the last hour, if its label is wrong."""

SLACK = timedelta(minutes=10)
FEWEST = 3
"""Dated items that a feed must have for one item's date to say something of all."""

_ZERO = re.compile(r"(?:[+-]00:?00|(?<![A-Za-z])(?:Z|GMT|UTC|UT))\s*$")
_DEVANAGARI = re.compile("[\u0904-\u0939]")


def is_mislabelled(items: Sequence[Item], source: Source, now: datetime, *, hint: str = "", built: str = "") -> bool:
    """Whether the dates of this feed that say +00:00 (or GMT) are Indian time.

    Two items far ahead of `now` are needed, or one that is ahead by nearly the whole offset, or the feed's own date
    of building, `built`; none may be further ahead than the offset; and the feed must be Indian: a host in .in, Hindi
    by its own word (`hint`) or titles in Devanagari.
    """
    dates = [date for item in items if (date := zero_labelled(item.date)) is not None]
    ahead = sorted(date - now for date in dates if date - now > CLOCK_DRIFT)
    made = zero_labelled(built)
    fresh = made is not None and NEARLY_ALL <= made - now <= INDIAN_OFFSET + SLACK
    if not dates or (ahead and ahead[-1] > INDIAN_OFFSET + SLACK):
        return False
    shown = len(ahead) >= 2 or (bool(ahead) and ahead[-1] >= NEARLY_ALL and len(dates) >= FEWEST)
    return (shown or fresh) and _is_indian(items, source, hint)


def zero_labelled(raw: str) -> datetime | None:
    """The moment of a date that says that its zone is UTC; None for all others."""
    return parse_date(raw) if _ZERO.search(raw[-40:]) else None


def as_indian(date: datetime) -> datetime:
    """The same time of day on the Indian clock."""
    return date.replace(tzinfo=INDIA)


def _is_indian(items: Sequence[Item], source: Source, hint: str) -> bool:
    hosts = [(urlsplit(url).hostname or "") for url in (source.url, *(item.url for item in items[:20])) if url]
    hindi = sum(bool(_DEVANAGARI.search(item.title)) for item in items)
    return any(host.endswith(".in") for host in hosts) or hint.lower().startswith("hi") or 2 * hindi > len(items)
