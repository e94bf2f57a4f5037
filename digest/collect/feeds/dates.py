"""Parse dates as feeds and pages write them. A date without a time zone is Indian time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import urlsplit

from digest.collect.types import FeedInfo, RawItem
from digest.hindi.dates import MONTHS
from digest.hindi.numbers import latin_digits
from digest.hindi.text import fold, words
from digest.models import Source

# Time zone names, as minutes east of UTC. IST is India here: feedparser reads it as UTC, others as Israel.

_ZONES = words(
    "Z:0 UT:0 UTC:0 GMT:0 WET:0 WEST:60 IST:330 Kolkata:330 Calcutta:330 NPT:345 PKT:300 BDT:360 BST:60 CET:60",
    "CEST:120 MET:60 MEST:120 SAST:120 EET:120 EEST:180 MSK:180 GST:240 SGT:480 HKT:480 JST:540 KST:540 WIB:420",
    "ICT:420 PHT:480 AWST:480 ACST:570 AEST:600 AEDT:660 NZST:720 NZDT:780 AKST:-540 AKDT:-480 HST:-600 AST:-240",
    "ADT:-180 BRT:-180 EST:-300 EDT:-240 CST:-360 CDT:-300 MST:-420 MDT:-360 PST:-480 PDT:-420",
)
ZONES = {name: int(minutes) for name, _, minutes in (zone.partition(":") for zone in _ZONES)}

# Zones whose names are also words. They count only at the end of a date.
LAST_WORDS: dict[str, int] = {"AT": -240, "ET": -300, "CT": -360, "MT": -420, "PT": -480}


INDIA = timezone(timedelta(hours=5, minutes=30), "IST")

_ISO = re.compile(
    r"(?<![0-9])([0-9]{4})(?:-0(?=[0-9]{2}-)|[-/.])?([0-9]{2})[-/.]?([0-9]{2})"
    r"(?:[T ,]+([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,][0-9]+)?)?)?(?![0-9])"
)
_NUMERIC = re.compile(r"(?<![0-9:])([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})(?![0-9])")
_CLOCK = re.compile(
    r"(?<![0-9+\-−])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?(?![0-9:])"
    r"|(?<![0-9])([0-9]{1,2}) ?(?=बजे)"
)
_SHORT_YEAR = re.compile(r"(?<![0-9:.-])([0-9]{1,2})([/.])([0-9]{1,2})\2([0-9]{2})(?![0-9:.-])")
_HALF = re.compile(r"(?<![A-Za-z])([ap])\.? ?m(?![A-Za-z])\.?|(पूर्वाह्न|अपराह्न)", re.I)
_PART = re.compile("सुबह|तड़के|दोपहर|शाम|रात")
_OFFSET = re.compile(r"(?:(?:GMT|UTC) ?|(?<![0-9A-Za-z\u0900-\u097f]))([+\-−])([0-9]{1,2}):?([0-9]{2})?(?![0-9])")
_WORD = re.compile("[A-Za-z\u00c0-\u024f]+|[\u0900-\u0963\u0971-\u097f]+")
_NUMBER = re.compile("[0-9]+")
# Some feeds write `202510:50:41`.
_GLUED = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})([0-9]{2}:[0-9]{2})")
_EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?(?:\.[0-9]{0,9})?")


# Each date is parsed up to four times.
@lru_cache(maxsize=4_096)
def parse_date(raw: str) -> datetime | None:
    """Return the time that a string states, with its zone; None if no day can be read from it.

    Understands `Wed, 13 Sep 2023 18:21:00 IST`, `Friday, January 29, 2021 04:42 PM`, `30Mar 2025 12:41:13 +0530`,
    ISO forms with and without zone, `23 नवंबर 2026, शाम 6:05 बजे`, day first in `23/11/2026`, POSIX seconds or
    milliseconds. A day without a time is midnight in India.
    """
    text = " ".join(latin_digits(raw[:200]).replace("\u200b", "").split())
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    text = _GLUED.sub(r"\1 \2", text)
    try:
        return _iso(text) or _parse_words(text)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    match = _ISO.search(text)
    if match is None:
        return None
    year, month, day = (int(match[n]) for n in (1, 2, 3))
    if match[4] is None:
        hour, minute, second = _clock(text[match.end() :])
    else:
        hour, minute, second = int(match[4]), int(match[5]), int(match[6] or 0)
        hour = _half_day(text[match.end() :], hour)
    return _make_date(year, month, day, hour, minute, second, _zone(text[match.end() :]))


def _parse_words(text: str) -> datetime | None:
    rest, clock = _CLOCK.sub(" ", text), _clock(text)
    numeric = _NUMERIC.search(text) or _SHORT_YEAR.search(text)
    if numeric:
        day, month, year = (int(numeric[n]) for n in ((1, 2, 3) if numeric.re is _NUMERIC else (1, 3, 4)))
        year += 2000 if year < 100 else 0
        # Only the American order is possible.
        if month > 12 >= day:
            day, month = month, day
        return _make_date(year, month, day, *clock, _zone(numeric.re.sub(" ", rest)))
    named = _month(rest)
    if named is None:
        return None
    month, at = named
    numbers = list(_NUMBER.finditer(_OFFSET.sub(lambda zone: " " * len(zone.group()), rest)))
    years = [int(found.group()) for found in numbers if len(found.group()) == 4]
    days = [found for found in numbers if len(found.group()) <= 2]
    # RFC 822 with a two-digit year: the day comes first.
    if not years and len(days) >= 2:
        short = int(days[1].group())
        years = [short + (2000 if short < 70 else 1900)]
    if not years or not days:
        return None
    nearest = min(days, key=lambda found: min(abs(found.end() - at[0]), abs(found.start() - at[1])))
    return _make_date(years[0], month, int(nearest.group()), *clock, _zone(rest))


def _month(text: str) -> tuple[int, tuple[int, int]] | None:
    """Return the last month that the text names, and where. Some feeds write `January, 29 Jan 2021`."""
    found = None
    for word in _WORD.finditer(text):
        number = MONTHS.get(fold(word.group()))
        if number is not None:
            found = number, word.span()
    return found


def _clock(text: str) -> tuple[int, int, int]:
    """Return the hour, minute and second in the text; midnight if there is no time."""
    match = _CLOCK.search(text)
    if match is None:
        return 0, 0, 0
    hour = int(match[1] or match[4])
    return _half_day(text, hour), int(match[2] or 0), int(match[3] or 0)


def _half_day(text: str, hour: int) -> int:
    """Return the hour on the 24-hour clock, from AM/PM or the Hindi part of the day."""
    if not 1 <= hour <= 12:
        return hour
    half, part = _HALF.search(text), _PART.search(text)
    if half:
        afternoon = (half[1] or "").lower() == "p" or half[2] == "अपराह्न"
        return hour % 12 + (12 if afternoon else 0)
    match part.group() if part else "":
        case "सुबह" | "तड़के":
            return hour % 12
        case "दोपहर":
            return hour if hour >= 10 else hour + 12
        case "शाम":
            return hour % 12 + 12
        # Until four it is the second half of the night.
        case "रात":
            return hour % 12 + (12 if 4 <= hour < 12 else 0)
    return hour


def _zone(text: str) -> timezone:
    """Return the zone that the text names. `text` is the date without its time."""
    if offset := _OFFSET.search(text):
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        if hours <= 14 and minutes < 60:
            span = timedelta(hours=hours, minutes=minutes)
            return timezone(span if offset[1] == "+" else -span)
    for word in _WORD.finditer(text):
        if word.group() in ZONES:
            return timezone(timedelta(minutes=ZONES[word.group()]))
    if (last := text.rpartition(" ")[2]) in LAST_WORDS:
        return timezone(timedelta(minutes=LAST_WORDS[last]))
    return INDIA


def _make_date(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: timezone) -> datetime | None:
    if not (1 <= year <= 9998 and hour <= 24):
        return None
    midnight = datetime(year, month, day, tzinfo=zone)
    moment = midnight + timedelta(hours=hour, minutes=min(minute, 59), seconds=min(second, 59))
    # Year 1 in an eastern zone has no UTC form, and later comparisons would raise.
    return moment if 2 <= moment.year <= 9998 else moment.replace(tzinfo=UTC)


# Detects feeds that label Indian time as +00:00. Their newest items would look 5½ hours younger, and come first in
# every edition.

INDIAN_OFFSET = timedelta(hours=5, minutes=30)

# How far ahead a correct clock may be, or an editor who schedules for the next half hour.
CLOCK_DRIFT = timedelta(minutes=30)

# If the label is wrong, a newest item that is so far ahead was published within the last hour.
NEARLY_ALL = timedelta(hours=4, minutes=30)

SLACK = timedelta(minutes=10)

# With fewer dated items, the date of one says nothing about the feed.
MIN_DATED = 3

_ZERO = re.compile(r"(?:[+-]00:?00|(?<![A-Za-z])(?:Z|GMT|UTC|UT))\s*$")
_DEVANAGARI = re.compile("[\u0904-\u0939]")


def is_mislabelled(items: Sequence[RawItem], source: Source, now: datetime, feed: FeedInfo) -> bool:
    """Whether the feed's dates that say +00:00 (or GMT) are Indian time.

    The feed must be Indian, and have two items far ahead of `now`, or one item or its build date ahead by nearly the
    whole offset. No item may be further ahead than the offset.
    """
    dates = [date for item in items if (date := zero_labelled(item.date))]
    ahead = sorted(date - now for date in dates if date - now > CLOCK_DRIFT)
    built = zero_labelled(feed.built)
    is_fresh = built is not None and NEARLY_ALL <= built - now <= INDIAN_OFFSET + SLACK
    if not dates or (ahead and ahead[-1] > INDIAN_OFFSET + SLACK):
        return False
    is_shown = len(ahead) >= 2 or (bool(ahead) and ahead[-1] >= NEARLY_ALL and len(dates) >= MIN_DATED)
    return (is_shown or is_fresh) and _is_indian(items, source, feed.language)


def zero_labelled(raw: str | None) -> datetime | None:
    """Return the date, if it says that its zone is UTC; otherwise None."""
    return parse_date(raw) if raw and _ZERO.search(raw[-40:]) else None


def as_indian(date: datetime) -> datetime:
    """Return the same time of day in Indian time."""
    return date.replace(tzinfo=INDIA)


def _is_indian(items: Sequence[RawItem], source: Source, language: str | None) -> bool:
    hosts = [(urlsplit(url).hostname or "") for url in (source.url, *(item.url for item in items[:20])) if url]
    hindi = sum(bool(_DEVANAGARI.search(item.title)) for item in items)
    is_declared = language is not None and language.lower().startswith("hi")
    return any(host.endswith(".in") for host in hosts) or is_declared or 2 * hindi > len(items)
