"""Reads `subscribers.yaml`: every reader, or every fault at once with its line. Nobody is mailed from a faulty list.

Pure but for reading the files; edits are `editing`'s, and which files there are is `including`'s.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from digest import marked_yaml
from digest.errors import ConfigurationError, Fault, quoted
from digest.marked_yaml import LocatedDict, LocatedList
from digest.models import Subscriber
from digest.subscribers import address, including

FILE_NAME = "subscribers.yaml"
KEYS = ("defaults", "include", "subscribers")
FREQUENCIES = (
    "daily",
    "weekdays",
    *(f"weekly:{day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
)
STATUSES = ("active", "paused")
FORMATS = ("html", "text")
FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "status", "format")
DEFAULTABLE = ("timezone", "frequency", "hour", "topics", "format")
_CHOICES = {"frequency": FREQUENCIES, "status": STATUSES, "format": FORMATS}
_OWN = ("email", "name")  # what hardly two readers share
_CONTROL = re.compile(r"[\x00-\x1f]")
_LONGEST_WORD = 100  # letters that are compared with what may have been meant
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


ListedSubscriber = tuple[str, Subscriber]
"""A reader behind the comparable form of the address."""


def read_list(path: Path, *, topics: Collection[str] | None) -> tuple[Subscriber, ...]:
    """Like `read_files`, without addresses."""
    return tuple(reader for _address, reader in read_files(path, topics=topics))


def read_files(path: Path, *, topics: Collection[str] | None, may_be_empty: bool = False) -> list[ListedSubscriber]:
    """The readers of the file and of those that it includes, in their order, with comparable addresses. `topics` are
    the names a reader may choose; None allows any. `may_be_empty` where others are mailed besides.

    Raises ConfigurationError with every fault: no file, empty file, broken YAML, unknown keys and values, an address
    twice (also in other case or IDN form, or in another file).
    """
    if not path.exists():
        if may_be_empty:
            return []
        hint = "there is no such file; list your readers in it, or make a folder with `digest init`"
        raise ConfigurationError([Fault(path.name, 0, hint)])
    walk = including.Including(path.parent)
    readers: list[ListedSubscriber] = []
    faults: list[Fault] = []
    readings: list[_Reading] = []
    seen: set[Path] = set()

    def visit(file: Path, above: tuple[Path, ...], defaults: Mapping[str, Any]) -> None:
        seen.add(file)
        reading = _Reading(walk.name(file), topics, before=tuple(readings), may_be_empty=may_be_empty)
        readings.append(reading)
        try:
            raw = marked_yaml.read_bytes(marked_yaml.file_bytes(file), reading.name, each={"subscribers": reading.take})
        except ConfigurationError as error:
            faults.extend(Fault(reading.name, fault.line, fault.message) for fault in error.faults)
            return
        readers.extend(reading.document(raw, defaults))
        faults.extend(sorted(reading.faults, key=lambda fault: fault.line))
        for inner in walk.named_in(raw, file, above):
            if inner not in seen:
                visit(inner, (*above, file), reading.defaults)

    visit(path.resolve(), (), {})
    faults += walk.faults
    if faults:
        raise ConfigurationError(faults)
    return readers


def read_bytes(data: bytes, name: str, *, topics: Collection[str] | None) -> list[ListedSubscriber]:
    """Like `read_files`, from what a single file holds."""
    reading = _Reading(name, topics)
    raw = marked_yaml.read_bytes(data, name, each={"subscribers": reading.take})
    readers = reading.document(raw, {})
    if reading.faults:
        raise ConfigurationError(sorted(reading.faults, key=lambda fault: fault.line))
    return readers


def version(data: bytes, topics: Collection[str]) -> str:
    """What is the same as long as reading `data` again would give the same readers: its hash, with what it was checked
    against and the code that read it."""
    told = hashlib.blake2b(_code() + repr(sorted(topics)).encode(), digest_size=32)
    told.update(data)
    return told.hexdigest()


@cache
def _code() -> bytes:
    files = (
        __file__,
        marked_yaml.__file__,
        address.__file__,
        including.__file__,
    )
    return b"".join(hashlib.blake2b(Path(file).read_bytes()).digest() for file in files)


class _Reading:
    """Takes the rows one by one while the file is being read, and gives readers when all of it is known."""

    def __init__(
        self,
        name: str,
        topics: Collection[str] | None,
        *,
        before: tuple[_Reading, ...] = (),
        may_be_empty: bool = False,
    ) -> None:
        self.name = name
        self.topics = topics
        self.all = (self, *before)  # files of the same list
        self.may_be_empty = may_be_empty
        self.defaults: dict[str, Any] = {}
        self.zones = available_timezones()
        self.faults: list[Fault] = []
        self.rows = 0
        self.taken: dict[str, tuple[int, dict[str, Any]]] = {}  # comparable address → line and values
        self.seen: dict[Collection[str], dict[tuple[str, Any], Any]] = {FIELDS: {}, DEFAULTABLE: {}}
        """Under the keys that may be: what readers have in common is checked once."""

    def fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(self.name, line, message))

    def document(self, raw: Any, above: Mapping[str, Any]) -> list[ListedSubscriber]:
        """The readers of the file; `above` are the defaults of the file that includes it."""
        if raw is None and self.may_be_empty:
            return []
        if not isinstance(raw, LocatedDict):
            found = "is empty" if raw is None else "holds no keys"
            self.fault(1 if raw is not None else 0, f"{found}; expected a list under `subscribers:`")
            return []
        for key in raw:
            if key not in KEYS:
                self.fault(raw.lines[key], f"there is no key '{key}'{nearest(key, KEYS)}")
        defaults = self.defaults = {**above, **self._defaults(raw)}
        rows = raw.get("subscribers")
        if isinstance(rows, LocatedList):  # those of a list under an anchor or alias come all at once
            for row, line in zip(rows, rows.lines, strict=True):
                self.take(row, line)
        if not self.rows and not (rows in (None, []) and ("include" in raw or self.may_be_empty)):
            line = raw.lines.get("subscribers", raw.line)
            self.fault(line, "lists no readers; expected entries such as `- email: asha@example.com`")
        return [
            (address, Subscriber(line=line, file=self.name, **(defaults | values if defaults else values)))
            for address, (line, values) in self.taken.items()
        ]

    def take(self, row: Any, line: int) -> None:
        """One row of the list."""
        self.rows += 1
        if isinstance(row, str) and "@" in row:
            self.fault(line, f"expected `- email: {row}`, found `- {row}`")
            return
        if not isinstance(row, LocatedDict):
            self.fault(line, f"expected a reader such as `- email: asha@example.com`, found {quoted(row)}")
            return
        values = self._values(row, FIELDS, line)
        if "email" not in row:
            self.fault(line, "this reader has no email")
        email = values.get("email")
        if email is None:
            return
        comparable = address.normalise(email)
        for other in self.all:
            if comparable in other.taken:
                at = other.taken[comparable][0]
                where = f"on line {at}" if other is self else f"in {other.name}:{at}"
                self.fault(line, f"{email} is listed twice; the first is {where}")
                return
        self.taken[email if comparable == email else comparable] = line, values

    def _defaults(self, raw: Any) -> Mapping[str, Any]:
        given = raw.get("defaults")
        if given is None:
            return {}
        if not isinstance(given, LocatedDict):
            self.fault(raw.lines["defaults"], f"'defaults': expected keys such as timezone:, found {quoted(given)}")
            return {}
        return self._values(given, DEFAULTABLE, given.line)

    def _values(self, row: LocatedDict, known: Collection[str], line: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        seen = self.seen[known]
        for key, value in row.items():
            held = None
            if key not in _OWN:
                held = key, tuple(value) if type(value) is LocatedList else value
                try:
                    values[key] = seen[held]
                    continue
                except KeyError:
                    pass
                except TypeError:  # a mapping, or a list that holds more than words
                    held = None
            if key not in known:
                self.fault(row.lines.get(key, line), f"there is no key '{key}'{nearest(key, known)}")
                continue
            try:
                parsed = parse_field(key, value, topics=self.topics, zones=self.zones)
            except ValueError as error:
                self.fault(row.lines.get(key, line), f"'{key}': {error}")
                continue
            if parsed is not None:
                values[key] = parsed
                if held:
                    seen[held] = parsed
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
        raise ValueError(f"expected text, found {quoted(value)}")
    if not value.isprintable() and _CONTROL.search(value):
        raise ValueError("expected one line of text")
    if key == "email":
        try:
            comparable = address.normalise(value)
        except ValueError as error:
            raise ValueError(f"{quoted(value)} is no address that can be mailed: {error}") from None
        return value.strip() if value.isascii() else comparable  # headers and envelopes take ASCII alone
    if key == "hour":
        match = _HOUR.match(value)
        if not match:
            raise ValueError(f'expected a time of day such as "07:00", found {quoted(value)}{_hour_meant(value)}')
        return time(int(match[1]), int(match[2]))
    if key == "timezone":
        zones = available_timezones() if zones is None else zones
        if value not in zones:
            raise ValueError(f"there is no time zone {quoted(value)}{nearest(value, zones, listed=False)}")
        return value
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        hint = nearest(value, choices, listed=False)
        raise ValueError(f"expected {', '.join(choices[:-1])} or {choices[-1]}, found {quoted(value)}{hint}")
    return value


def _hour_meant(value: str) -> str:
    """`०७:००`, `7.30`, `8`: digits of another script, another sign between, no minutes."""
    plain = "".join(str(unicodedata.digit(sign, "")) or sign for sign in value.strip())
    parts = re.match(r"([0-9]{1,2})(?:\s*[:.,h\u0903]\s*([0-9]{2}))?\Z", plain)
    meant = f"{int(parts[1]):02}:{parts[2] or '00'}" if parts else ""
    return f"; did you mean '{meant}'?" if _HOUR.match(meant) else ""


def _topics(value: Any, known: Collection[str] | None) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"expected a list such as [देश, खेल], found {quoted(value)}")
    for item in items:
        if known is not None and item not in known:
            raise ValueError(f"there is no topic {quoted(item)}{nearest(item, known)}")
    return tuple(dict.fromkeys(items))


def nearest(word: str, known: Collection[str], *, listed: bool = True) -> str:
    """The end of a sentence that says what was probably meant."""
    close = difflib.get_close_matches(word[:_LONGEST_WORD], list(known), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if listed else ""
