"""Dates and times of day in words: formatting, and the tables of month and weekday names for whoever parses.

Hindi and English are own tables (what Babel's 'hi' gives, without its 33 MB on the way in); other languages
go through Babel. Must not convert time zones: every datetime given is already the reader's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from digest.hindi.tables import words
from digest.hindi.text import fold

_HI_MONTHS = words("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर")
_HI_DAYS = words("सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार")
_EN_MONTHS = words("January February March April May June July August September October November December")
_EN_DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_JOINT = dict.fromkeys(("ur", "ar", "fa", "ks", "ps", "sd"), "، ")
"""Between a date and a time, where it is not ', '."""

_BANDS = ((4, "रात"), (12, "सुबह"), (16, "दोपहर"), (20, "शाम"), (24, "रात"))
"""Part of the day by the hour it lasts to, as in CLDR 'hi'."""

_MONTH_VARIANTS = (
    "जनवरी जन जनव January Jan",
    "फ़रवरी फरवरी फर फ़र फरव February Feb",
    "मार्च मार March Mar",
    "अप्रैल अप्रेल अप्र April Apr",
    "मई May",
    "जून जुन June Jun",
    "जुलाई जुल July Jul",
    "अगस्त अग August Aug",
    "सितंबर सितम्बर सितंम्बर सित September Sep Sept",
    "अक्टूबर अक्तूबर अक्टू अक्तू अक्टुबर October Oct",
    "नवंबर नवम्बर नव November Nov",
    "दिसंबर दिसम्बर दिस December Dec",
)
_DAY_VARIANTS = (
    "सोमवार सोम Monday Mon",
    "मंगलवार मंगल Tuesday Tue Tues",
    "बुधवार बुध Wednesday Wed",
    "गुरुवार गुरूवार बृहस्पतिवार वीरवार गुरु Thursday Thu Thur Thurs",
    "शुक्रवार शुक्र Friday Fri",
    "शनिवार शनि शनिचर Saturday Sat",
    "रविवार इतवार रवि Sunday Sun",
)


def _table(rows: tuple[str, ...], first: int) -> dict[str, int]:
    table: dict[str, int] = {}
    for number, row in enumerate(rows, first):
        for name in row.split():
            table[name] = table[fold(name)] = number
    return table


MONTHS: dict[str, int] = _table(_MONTH_VARIANTS, 1)
"""Name or variant (as written, and folded) → 1..12."""

WEEKDAYS: dict[str, int] = _table(_DAY_VARIANTS, 0)
"""Name or variant (as written, and folded) → 0 for Monday .. 6, as `date.weekday`."""


def day(d: date, language: str = "hi") -> str:
    """A date in full: 'सोमवार, 23 नवंबर 2026'; English 'Monday, 23 November 2026'."""
    if language in ("hi", "en"):
        names = _HI_DAYS if language == "hi" else _EN_DAYS
        return f"{names[d.weekday()]}, {_short(d, language)} {d.year}"
    from babel.dates import format_date

    return format_date(d, "full", locale=language)


def long(d: date, language: str = "hi") -> str:
    """A date without its weekday: '23 नवंबर 2026'."""
    if language in ("hi", "en"):
        return f"{_short(d, language)} {d.year}"
    from babel.dates import format_date

    return format_date(d, "long", locale=language)


def short(d: date, language: str = "hi") -> str:
    """Day and month: '23 नवंबर'."""
    return _short(d, language)


def clock(t: datetime, language: str = "hi") -> str:
    """A time of day: 'शाम 6:05 बजे'; English '6:05 PM'."""
    hour = t.hour % 12 or 12
    if language == "hi":
        band = next(name for until, name in _BANDS if t.hour < until)
        return f"{band} {hour}:{t.minute:02d} बजे"
    if language == "en":
        return f"{hour}:{t.minute:02d} {'AM' if t.hour < 12 else 'PM'}"
    from babel.dates import format_time

    return format_time(t.time(), "short", locale=language)


def moment(t: datetime, now: datetime, language: str = "hi") -> str:
    """When something was: 'आज सुबह 9:20 बजे', 'कल रात 9:40 बजे', '21 नवंबर, शाम 6:05 बजे'.

    Never relative hours: a letter is read later than it is made. 'कल' also means tomorrow, so only yesterday
    gets it. The year stands there when it isn't this year's. `t` and `now` are in the reader's zone.
    """
    days = {"hi": ("आज", "कल"), "en": ("today", "yesterday")}.get(language)
    if days and t.date() == now.date():
        return f"{days[0]} {clock(t, language)}"
    if days and t.date() == now.date() - timedelta(days=1):
        return f"{days[1]} {clock(t, language)}"
    told = _short(t.date(), language) if t.year == now.year else long(t.date(), language)
    return f"{told}{_JOINT.get(language, ', ')}{clock(t, language)}"


def _short(d: date, language: str) -> str:
    if language in ("hi", "en"):
        return f"{d.day} {(_HI_MONTHS if language == 'hi' else _EN_MONTHS)[d.month - 1]}"
    from babel.dates import format_skeleton

    return format_skeleton("MMMMd", d, locale=language)
