"""The days on which a subscriber gets the newsletter: `daily`, `weekdays`, `weekly:sun` or `weekly:mon,wed,fri`."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection
from datetime import date

from digest.messages import Message, joined

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

PATTERN = "^(daily|weekdays|weekly:({0})(,({0}))*)$".format("|".join(WEEKDAYS))
"""The regular expression of a frequency, for the JSON Schema."""

_WEEKLY = "weekly:"
# Monday to Friday.
_OFFICE = WEEKDAYS[:5]
_MAX_COMPARED = 60
# Words that people write for days, for messages that suggest the right one.
_DAYS = {
    "mon": ("monday", "सोमवार", "सोम", "somvar"),
    "tue": ("tuesday", "tues", "मंगलवार", "मंगल", "mangalvar"),
    "wed": ("wednesday", "बुधवार", "बुध", "budhvar"),
    "thu": ("thursday", "thur", "thurs", "गुरुवार", "बृहस्पतिवार", "गुरु", "guruvar"),
    "fri": ("friday", "शुक्रवार", "शुक्र", "shukravar"),
    "sat": ("saturday", "शनिवार", "शनि", "shanivar"),
    "sun": ("sunday", "रविवार", "इतवार", "रवि", "ravivar"),
}
DAY_OF_WORD = {word: day for day, words in _DAYS.items() for word in (day, *words)}
DAILY_WORDS = (
    "everyday",
    "every day",
    "all",
    "day",
    "रोज़",
    "रोज",
    "रोज़ाना",
    "रोजाना",
    "प्रतिदिन",
    "दैनिक",
    "हर दिन",
    "हर रोज़",
)
WEEKDAYS_WORDS = ("weekday", "workdays", "mon-fri", "business days", "monday to friday", "सोमवार से शुक्रवार")
_AND = ("and", "और", "व")


ADD_DAY = Message("; add the day, such as weekly:sun")
"""The end of the error message about a frequency without a day."""


def parse(text: str) -> str:
    """Return a frequency in its usual form: days in order, each once. Raises ValueError with what was expected."""
    if text in ("daily", "weekdays"):
        return text
    days = [day.strip() for day in text.removeprefix(_WEEKLY).split(",")] if text.startswith(_WEEKLY) else []
    if not days or not set(days) <= set(WEEKDAYS):
        hint = _hint(text)
        wrong = Message(
            "expected daily, weekdays, weekly:mon … weekly:sun, or several days such as weekly:mon,wed,fri, "
            "found %(name)s",
            name=f"{text[:_MAX_COMPARED]!r}",
        )
        raise ValueError(joined("", wrong, hint))
    return of_days(days)


def of_days(days: Collection[str]) -> str:
    """Return the frequency of these days. Raises ValueError without any."""
    chosen = tuple(day for day in WEEKDAYS if day in days)
    if not chosen:
        raise ValueError("expected at least one day")
    if chosen == WEEKDAYS:
        return "daily"
    return "weekdays" if chosen == _OFFICE else _WEEKLY + ",".join(chosen)


def days(frequency: str) -> tuple[str, ...]:
    """Return the days of a frequency, Monday first."""
    if frequency == "daily":
        return WEEKDAYS
    if frequency == "weekdays":
        return _OFFICE
    return tuple(frequency.removeprefix(_WEEKLY).split(","))


def is_due_on(frequency: str, day: date) -> bool:
    """Whether a subscriber with this frequency gets an edition on this day."""
    return WEEKDAYS[day.weekday()] in days(frequency)


def _hint(text: str) -> str:
    """Return the end of an error message: the suggestion for `weekly:sunday`, `mon,wed`, `every day` or `रविवार`."""
    word = unicodedata.normalize("NFC", text).strip().casefold()
    if is_without_day(word):
        return ADD_DAY
    if word in ("weekend", "weekends"):
        return "; choose weekly:sat, weekly:sun or weekly:sat,sun"
    close = difflib.get_close_matches(word[:_MAX_COMPARED], ["daily", "weekdays", "weekly:sun"], n=1)
    likely = from_words(word) or (close[0] if close and not any(each in DAY_OF_WORD for each in _words(word)) else "")
    return Message("; did you mean %(name)s?", name=f"'{likely}'") if likely else ""


def is_without_day(word: str) -> bool:
    """Whether words in lower case mean once a week, without a day: `weekly`, `साप्ताहिक`."""
    return word in ("weekly", "weekly:", "साप्ताहिक") or word.startswith(("हफ़्ते में एक", "सप्ताह में एक"))


def from_words(word: str) -> str:
    """Return the frequency that words in lower case mean, such as `every day` or `सोम और गुरु`; else ''."""
    if word in ("daily", "weekdays"):
        return word
    if word in DAILY_WORDS:
        return "daily"
    if word in WEEKDAYS_WORDS:
        return "weekdays"
    named = [DAY_OF_WORD.get(each, "") for each in _words(word)]
    return of_days(named) if named and all(named) else ""


def _words(text: str) -> list[str]:
    return [
        each for each in re.split(r"[\s,;:/-]+", text.removeprefix(_WEEKLY.rstrip(":"))) if each and each not in _AND
    ]
