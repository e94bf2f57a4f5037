"""Holidays: days without an edition, from dates in the settings and from calendar files (.ics, RFC 5545).

icalendar parses each event. The file is split into events here, so that errors have their line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import read_regular

if TYPE_CHECKING:
    from dateutil.rrule import rruleset

# Bytes. A calendar of national holidays for ten years has about 100,000.
_MAX_BYTES = 5_000_000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class HolidayCalendar:
    """The holidays. Call it with a day to learn whether it is one."""

    dates: frozenset[date] = frozenset()
    events: tuple[HolidayEvent, ...] = ()

    def __contains__(self, day: date) -> bool:
        return day in self.dates or any(event.covers(day) for event in self.events)


@dataclass(frozen=True)
class HolidayEvent:
    """A whole-day event of `days` days. `repeats` has the starts of a recurring one."""

    start: date
    days: int
    repeats: rruleset | None = None

    def covers(self, day: date) -> bool:
        if self.repeats is None:
            return self.start <= day < self.start + timedelta(days=self.days)
        last = datetime.combine(day, time(0))
        return bool(self.repeats.between(last - timedelta(days=self.days - 1), last, inc=True))


def read_holidays(entries: Iterable[date | str], home: Path) -> HolidayCalendar:
    """Return the holidays of dates and of calendar files in the folder `home`. A file is parsed again if it changed.

    Raises ConfigurationError with every fault of the files.
    """
    dates: set[date] = set()
    events: list[HolidayEvent] = []
    problems: list[ConfigProblem] = []
    for entry in entries:
        if isinstance(entry, date):
            dates.add(entry)
            continue
        try:
            state = (home / entry).stat()
            found, faults = _read_file(home / entry, entry, state.st_mtime_ns, state.st_size)
        except OSError as error:
            why = "file not found" if isinstance(error, FileNotFoundError) else f"can't be read: {error.strerror}"
            problems.append(ConfigProblem(entry, 0, f"{why}; 'schedule.holidays' in digest.yaml names it"))
        else:
            events += found
            problems += faults
    if problems:
        raise ConfigurationError(problems)
    return HolidayCalendar(frozenset(dates), tuple(events))


@lru_cache(maxsize=16)
def _read_file(
    path: Path, name: str, _changed: int, size: int
) -> tuple[tuple[HolidayEvent, ...], tuple[ConfigProblem, ...]]:
    """Return the events of a file, or its faults."""
    if size > _MAX_BYTES:
        return (), (ConfigProblem(name, 0, f"has {size} bytes; expected at most {_MAX_BYTES}"),)
    try:
        return parse_calendar(read_regular(path), name), ()
    except ConfigurationError as error:
        return (), tuple(error.problems)


def parse_calendar(data: bytes, name: str) -> tuple[HolidayEvent, ...]:
    """Return the events of a calendar file. Raises ConfigurationError; `name` is the file's name in errors."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError.at(name, "is not UTF-8 text; save it as UTF-8", line=line) from None
    if not any(line.strip().upper() == "BEGIN:VCALENDAR" for line in lines):
        raise ConfigurationError.at(name, "is not a calendar file; expected BEGIN:VCALENDAR", line=1)
    events: list[HolidayEvent] = []
    problems: list[ConfigProblem] = []
    for first, block in _blocks(lines):
        try:
            if event := _event(block):
                events.append(event)
        except _EventFault as fault:
            problems.append(ConfigProblem(name, first + fault.offset, str(fault)))
    if problems:
        raise ConfigurationError(problems)
    return tuple(events)


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line of each event, from 1, and its lines."""
    first: int | None = None
    for number, line in enumerate(lines):
        word = line.strip().upper()
        if word == "BEGIN:VEVENT":
            if first is not None:
                yield first + 1, lines[first:number]
            first = number
        elif word == "END:VEVENT" and first is not None:
            yield first + 1, lines[first : number + 1]
            first = None
    if first is not None:
        yield first + 1, lines[first:]


class _EventFault(Exception):
    """An error in an event, and the number of its line, from 0."""

    def __init__(self, block: list[str], field: str, message: str) -> None:
        super().__init__(message)
        starts = (f"{field};", f"{field}:")
        self.offset = next((at for at, line in enumerate(block) if line.upper().startswith(starts)), 0)


def _event(block: list[str]) -> HolidayEvent | None:
    """Return the event, or None if it is cancelled. Raises _EventFault."""
    from icalendar import Event

    if block[-1].strip().upper() != "END:VEVENT":
        raise _EventFault(block, "BEGIN", "this event has no END:VEVENT")
    try:
        event: Any = Event.from_ical("\r\n".join(block) + "\r\n")
    except ValueError as error:
        raise _EventFault(block, "BEGIN", f"this event can't be read: {error}") from None
    for field, message in event.errors:
        raise _EventFault(block, field or "BEGIN", f"{field or 'this event'}: {message}")
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    if "DTSTART" not in event:
        raise _EventFault(block, "BEGIN", "this event has no DTSTART")
    start = _whole_day(event["DTSTART"].dt, block, "DTSTART")
    end = _end(event, start, block)
    if end <= start:
        raise _EventFault(block, "DTEND", f"expected an end after the start {start}, found {end}")
    return HolidayEvent(start, (end - start).days, _repeats(event, start, block))


def _end(event: Any, start: date, block: list[str]) -> date:
    """Return the day after the last one."""
    if "DTEND" in event:
        return _whole_day(event["DTEND"].dt, block, "DTEND")
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return start + max(timedelta(days=length.days), _ONE_DAY)
    return start + _ONE_DAY


def _whole_day(found: Any, block: list[str], field: str) -> date:
    """Return the date. Some programs write whole days as midnights."""
    if isinstance(found, datetime):
        if found.time() != time(0):
            raise _EventFault(
                block, field, f"a holiday lasts whole days; expected {field};VALUE=DATE:{found:%Y%m%d}, found a time"
            )
        return found.date()
    if not isinstance(found, date):
        raise _EventFault(block, field, f"expected a date such as {field};VALUE=DATE:20270126")
    return found


def _repeats(event: Any, start: date, block: list[str]) -> rruleset | None:
    """Return the starts of a recurring event; None for a single one."""
    if not {"RRULE", "RDATE", "EXDATE"} & set(event):
        return None
    from dateutil.rrule import rruleset, rrulestr

    first = datetime.combine(start, time(0))
    starts = rruleset(cache=True)
    starts.rdate(first)
    for rule in _several(event.get("RRULE")):
        if "UNTIL" in rule:
            # dateutil accepts no UNTIL with a zone if the start has none.
            rule["UNTIL"] = [each.date() if isinstance(each, datetime) else each for each in _several(rule["UNTIL"])]
        try:
            starts.rrule(rrulestr(rule.to_ical().decode(), dtstart=first))
        except (ValueError, TypeError) as error:
            raise _EventFault(block, "RRULE", f"RRULE: {error}") from None
    for field, add in (("RDATE", starts.rdate), ("EXDATE", starts.exdate)):
        for dates in _several(event.get(field)):
            for each in dates.dts:
                add(datetime.combine(_whole_day(each.dt, block, field), time(0)))
    return starts


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
