"""The days on which a subscriber gets the newsletter: `daily`, `weekdays`, `weekly:sun` or `weekly:mon,wed,fri`."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from datetime import date

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

PATTERN = "^(daily|weekdays|weekly:({0})(,({0}))*)$".format("|".join(WEEKDAYS))
"""The regular expression of a frequency, for the JSON Schema."""

_WEEKLY = "weekly:"
# Monday to Friday.
_OFFICE = WEEKDAYS[:5]
_MAX_COMPARED = 60


def parse(text: str) -> str:
    """Return a frequency in its usual form: days in order, each once. Raises ValueError with what was expected."""
    if text in ("daily", "weekdays"):
        return text
    days = [day.strip() for day in text.removeprefix(_WEEKLY).split(",")] if text.startswith(_WEEKLY) else []
    if not days or not set(days) <= set(WEEKDAYS):
        suggestion = _suggestion(text)
        hint = f"; did you mean '{suggestion}'?" if suggestion else ""
        raise ValueError(
            f"expected daily, weekdays, weekly:mon … weekly:sun, or several days such as weekly:mon,wed,fri, "
            f"found {text[:_MAX_COMPARED]!r}{hint}"
        )
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
    """Return whether a subscriber with this frequency gets an edition on this day."""
    return WEEKDAYS[day.weekday()] in days(frequency)


def _suggestion(text: str) -> str | None:
    """Return the frequency that was probably meant: `weekly:sunday`, `mon,wed`, `Daily`, `weekday`."""
    words = text.lower().removeprefix("weekly").replace(";", ",").replace(" ", ",").strip(":").split(",")
    named = [word[:3] for word in words if word]
    if named and set(named) <= set(WEEKDAYS):
        return of_days(named)
    close = difflib.get_close_matches(text.lower()[:_MAX_COMPARED], ["daily", "weekdays", "weekly:sun"], n=1)
    return close[0] if close else None
