"""Reads `subscribers.yaml`: every reader, or every fault at once with its line. Nobody is mailed from a faulty list.

Pure but for reading the file; edits are `editing`'s.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from digest import marked_yaml
from digest.errors import ConfigurationError, Fault
from digest.marked_yaml import MarkedDict, MarkedList
from digest.models import Subscriber
from digest.subscribers.address import normalise

FILE_NAME = "subscribers.yaml"
FREQUENCIES = (
    "daily",
    "weekdays",
    *(f"weekly:{day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
)
STATUSES = ("active", "paused")
FORMATS = ("html", "text")
FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "status", "format")
DEFAULTABLE = ("timezone", "frequency", "hour", "topics", "format")
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


def read_list(path: Path, *, topics: Collection[str] | None) -> tuple[Subscriber, ...]:
    """The readers of the file, in its order. `topics` are the names a reader may choose; None allows any.

    Raises ConfigurationError with every fault: no file, empty file, broken YAML, unknown keys and values, an address
    twice (also in other case or IDN form).
    """
    if not path.exists():
        hint = "there is no such file; list your readers in it, or make a folder with `digest init`"
        raise ConfigurationError([Fault(path.name, 0, hint)])
    return from_data(marked_yaml.read_file(path), path.name, topics=topics)


def from_data(raw: Any, name: str, *, topics: Collection[str] | None) -> tuple[Subscriber, ...]:
    """Like `read_list`, from parsed YAML."""
    reading = _Reading(name, topics)
    readers = reading.document(raw)
    if reading.faults:
        raise ConfigurationError(sorted(reading.faults, key=lambda fault: fault.line))
    return readers


class _Reading:
    def __init__(self, name: str, topics: Collection[str] | None) -> None:
        self.name = name
        self.topics = topics
        self.zones = available_timezones()
        self.faults: list[Fault] = []

    def fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(self.name, line, message))

    def document(self, raw: Any) -> tuple[Subscriber, ...]:
        if not isinstance(raw, MarkedDict):
            found = "is empty" if raw is None else "holds no keys"
            self.fault(1 if raw is not None else 0, f"{found}; expected a list under `subscribers:`")
            return ()
        for key in raw:
            if key not in ("defaults", "subscribers"):
                self.fault(raw.lines[key], f"there is no key '{key}'{_nearest(key, ('defaults', 'subscribers'))}")
        defaults = self._defaults(raw)
        rows = raw.get("subscribers")
        if not isinstance(rows, MarkedList) or not rows:
            line = raw.lines.get("subscribers", raw.line)
            self.fault(line, "lists no readers; expected entries such as `- email: asha@example.com`")
            return ()
        readers: list[Subscriber] = []
        first_line: dict[str, int] = {}
        for row, line in zip(rows, rows.lines, strict=True):
            reader = self._row(row, line, defaults)
            if reader is None:
                continue
            address = normalise(reader.email)
            if address in first_line:
                self.fault(line, f"{reader.email} is listed twice; the first is on line {first_line[address]}")
                continue
            first_line[address] = line
            readers.append(reader)
        return tuple(readers)

    def _defaults(self, raw: Any) -> Mapping[str, Any]:
        given = raw.get("defaults")
        if given is None:
            return {}
        if not isinstance(given, MarkedDict):
            self.fault(raw.lines["defaults"], f"'defaults': expected keys such as timezone:, found {given!r}")
            return {}
        return self._values(given, DEFAULTABLE, given.line)

    def _row(self, row: Any, line: int, defaults: Mapping[str, Any]) -> Subscriber | None:
        if isinstance(row, str) and "@" in row:
            self.fault(line, f"expected `- email: {row}`, found `- {row}`")
            return None
        if not isinstance(row, dict):
            self.fault(line, f"expected a reader such as `- email: asha@example.com`, found {row!r}")
            return None
        values = self._values(row, FIELDS, line)
        if "email" not in row:
            self.fault(line, "this reader has no email")
        if "email" not in values:
            return None
        return Subscriber(line=line, **{**defaults, **values})

    def _values(self, row: Any, known: Collection[str], line: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in row.items():
            place = row.lines.get(key, line)
            if key not in known:
                self.fault(place, f"there is no key '{key}'{_nearest(key, known)}")
                continue
            try:
                parsed = parse_field(key, value, topics=self.topics, zones=self.zones)
            except ValueError as error:
                self.fault(place, f"'{key}': {error}")
                continue
            if parsed is not None:
                values[key] = parsed
        return values


def parse_field(
    key: str, value: Any, *, topics: Collection[str] | None, zones: Collection[str] | None = None
) -> str | tuple[str, ...] | time | None:
    """One field's value as Subscriber holds it; None where it is left empty. Raises ValueError with the sentence."""
    if value is None and key != "email":
        return None
    if key == "topics":
        return _topics(value, topics)
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {value!r}")
    if any(ord(mark) < 32 for mark in value):
        raise ValueError("expected one line of text")
    if key == "email":
        try:
            comparable = normalise(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is no address that can be mailed: {error}") from None
        return value.strip() if value.isascii() else comparable  # headers and envelopes take ASCII alone
    if key == "hour":
        match = _HOUR.match(value)
        if not match:
            raise ValueError(f'expected a time of day such as "07:00", found {value!r}')
        return time(int(match[1]), int(match[2]))
    if key == "timezone":
        zones = available_timezones() if zones is None else zones
        if value not in zones:
            raise ValueError(f"there is no time zone {value!r}{_nearest(value, zones, listed=False)}")
        return value
    choices = {"frequency": FREQUENCIES, "status": STATUSES, "format": FORMATS}.get(key)
    if choices and value not in choices:
        hint = _nearest(value, choices, listed=False)
        raise ValueError(f"expected {', '.join(choices[:-1])} or {choices[-1]}, found {value!r}{hint}")
    return value


def _topics(value: Any, known: Collection[str] | None) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"expected a list such as [देश, खेल], found {value!r}")
    for item in items:
        if known is not None and item not in known:
            raise ValueError(f"there is no topic {item!r}{_nearest(item, known)}")
    return tuple(dict.fromkeys(items))


def _nearest(word: str, known: Collection[str], *, listed: bool = True) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if listed else ""
