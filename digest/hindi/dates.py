"""Dates and times in words, and tables of month and weekday names for parsers.

Hindi and English have their own tables, equal to Babel's but without 33 MB of memory for its locale data; other
languages use Babel. Datetimes are expected in the recipient's time zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from digest.hindi.text import fold, words

_HI_MONTHS = words("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर")
_HI_DAYS = words("सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार")
_EN_MONTHS = words("January February March April May June July August September October November December")
_EN_DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_SEPARATORS = dict.fromkeys(("ur", "ar", "fa", "ks", "ps", "sd"), "، ")
"""Between a date and a time, if it is not ', '."""

_DAY_PARTS = ((4, "रात"), (12, "सुबह"), (16, "दोपहर"), (20, "शाम"), (24, "रात"))
"""Parts of the day with the hour at which each ends, as in CLDR 'hi'."""

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
"""Name or spelling variant (as written, and folded) to 1..12."""

WEEKDAYS: dict[str, int] = _table(_DAY_VARIANTS, 0)
"""Name or spelling variant (as written, and folded) to 0 (Monday) .. 6, as `date.weekday`."""


def day(d: date, language: str = "hi") -> str:
    """Return a full date: 'सोमवार, 23 नवंबर 2026'; in English 'Monday, 23 November 2026'."""
    if language in ("hi", "en"):
        names = _HI_DAYS if language == "hi" else _EN_DAYS
        return f"{names[d.weekday()]}, {short(d, language)} {d.year}"
    from babel.dates import format_date

    return format_date(d, "full", locale=language)


def long(d: date, language: str = "hi") -> str:
    """Return a date without its weekday: '23 नवंबर 2026'."""
    if language in ("hi", "en"):
        return f"{short(d, language)} {d.year}"
    from babel.dates import format_date

    return format_date(d, "long", locale=language)


def month(d: date, language: str = "hi") -> str:
    """Return the month and year: 'नवंबर 2026'."""
    if language in ("hi", "en"):
        return f"{(_HI_MONTHS if language == 'hi' else _EN_MONTHS)[d.month - 1]} {d.year}"
    from babel.dates import format_skeleton

    return format_skeleton("yMMMM", d, locale=language)


def weekday(d: date, language: str = "hi") -> str:
    """Return the name of the day of the week: 'सोमवार'."""
    if language in ("hi", "en"):
        return (_HI_DAYS if language == "hi" else _EN_DAYS)[d.weekday()]
    from babel.dates import format_date

    return format_date(d, "EEEE", locale=language)


def short(d: date, language: str = "hi") -> str:
    """Return the day and month: '23 नवंबर'."""
    if language in ("hi", "en"):
        return f"{d.day} {(_HI_MONTHS if language == 'hi' else _EN_MONTHS)[d.month - 1]}"
    from babel.dates import format_skeleton

    return format_skeleton("MMMMd", d, locale=language)


def clock(t: datetime, language: str = "hi") -> str:
    """Return a time of day, without minutes if there are none: 'शाम 6:05 बजे', 'सुबह 7 बजे'; '6:05 PM', '7 AM'."""
    hour = f"{t.hour % 12 or 12}" + (f":{t.minute:02d}" if t.minute else "")
    if language == "hi":
        return f"{_part_of_day(t)} {hour} बजे"
    if language == "en":
        return f"{hour} {'AM' if t.hour < 12 else 'PM'}"
    from babel.dates import format_time

    return format_time(t.time(), "short", locale=language)


def hour(t: time, language: str = "hi") -> str:
    """Return a planned time of day: 'सुबह 7 बजे'; in English '7 AM'."""
    return clock(datetime.combine(date.min, t), language).replace(":00", "", 1)


def _part_of_day(t: datetime) -> str:
    return next(name for end, name in _DAY_PARTS if t.hour < end)


def moment(t: datetime, now: datetime, language: str = "hi") -> str:
    """Return when something happened: 'आज सुबह 9:20 बजे', 'कल रात 9:40 बजे', '21 नवंबर, शाम 6:05 बजे'.

    No relative hours, because an email is read later than it is made. 'कल' also means tomorrow, so it is used for
    yesterday only. The year is added if it is not the current one.
    """
    days = {"hi": ("आज", "कल"), "en": ("today", "yesterday")}.get(language)
    if days and t.date() == now.date():
        return f"{days[0]} {clock(t, language)}"
    if days and t.date() == now.date() - timedelta(days=1):
        return f"{days[1]} {clock(t, language)}"
    return absolute(t, now.year, language)


def absolute(t: datetime, year: int, language: str = "hi") -> str:
    """Return a moment that reads the same on every day: '21 नवंबर, शाम 6:05 बजे'.

    The year is added if it is not `year`.
    """
    day_text = short(t.date(), language) if t.year == year else long(t.date(), language)
    return f"{day_text}{_SEPARATORS.get(language, ', ')}{clock(t, language)}"
