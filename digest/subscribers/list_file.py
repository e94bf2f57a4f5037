"""Read `subscribers.yaml` and the files it includes: every subscriber, or every error with its line."""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

from digest.errors import ConfigProblem, ConfigurationError, quoted
from digest.messages import Message, joined
from digest.models import Subscriber
from digest.subscribers import address, frequency, includes
from digest.utils.clock import time_zones
from digest.utils.files import real_path
from digest.yamlio import reader
from digest.yamlio.reader import LocatedDict, LocatedList

FILE_NAME = "subscribers.yaml"
KEYS = ("defaults", "include", "subscribers")
STATUSES = ("active", "paused")
FORMATS = ("html", "text")
FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "status", "format", "editions")
DEFAULTABLE = ("timezone", "frequency", "hour", "topics", "format", "editions")
# Fields with several names.
LISTS = ("topics", "editions")
_CHOICES: Mapping[str, tuple[str, ...]] = {"status": STATUSES, "format": FORMATS}
_CONTROL = re.compile(r"[\x00-\x1f]")
# Characters of a mistyped word that are compared with the known words.
_MAX_COMPARED = 100
# A row of a spreadsheet: one of its cells is an address, and it has neither a key nor a dash, as lines of a list have.
_CSV_ROW = re.compile(
    rb"""^[ ]*(?:[^\s:#\[{-][^:\n\[{]*[,;\t])?["']?[^\s"'@,;:#-][^\s"'@,;:]*@[^\s"'@,;:]+["']?[ ]*(?:[,;\t\r]|$)""",
    re.MULTILINE,
)
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


ListedSubscriber = tuple[str, Subscriber]
"""The normalised address and the subscriber."""


def read_list(
    path: Path, *, topics: Collection[str] | None, editions: Collection[str] | None = None
) -> tuple[Subscriber, ...]:
    """Like `read_files`, without the normalised addresses."""
    return tuple(subscriber for _address, subscriber in read_files(path, topics=topics, editions=editions))


def read_files(
    path: Path,
    *,
    topics: Collection[str] | None,
    editions: Collection[str] | None = None,
    may_be_empty: bool = False,
    edited: Mapping[Path, bytes] = {},
) -> list[ListedSubscriber]:
    """Return the subscribers of the file and of all files it includes, in their order.

    `topics` and `editions` are the names a subscriber may choose; None allows any. `may_be_empty` allows a missing or
    empty list, for newsletters whose subscribers are imported. `edited` are contents of files that are about to be
    written.

    Raises ConfigurationError with all errors: missing or empty file, invalid YAML, unknown keys and values, and
    duplicate addresses (also with other case or IDN form, or in another file).
    """
    if not path.exists():
        if may_be_empty:
            return []
        hint = "file not found; list your subscribers in it, or create a newsletter folder with `digest init`"
        raise ConfigurationError.at(path.name, hint)
    walk = includes.IncludeWalk(path)
    subscribers: list[ListedSubscriber] = []
    problems: list[ConfigProblem] = []
    readings: list[_FileReading] = []
    seen: set[Path] = set()

    def visit(file: Path, parents: tuple[Path, ...], defaults: Mapping[str, Any]) -> None:
        seen.add(file)
        reading = _FileReading(walk.name(file), topics, editions, previous=tuple(readings), may_be_empty=may_be_empty)
        readings.append(reading)
        try:
            data = b""
            data = edited[file] if file in edited else reader.file_bytes(file)
            raw = reader.read_bytes(data, reading.name, each={"subscribers": reading.add_row})
        except ConfigurationError as error:
            found = [ConfigProblem(reading.name, problem.line, problem.message) for problem in error.problems]
            problems.extend(_pasted_rows(reading.name, data) or found)
            return
        subscribers.extend(reading.finish(raw, defaults))
        if reading.problems:
            found = sorted(reading.problems, key=lambda problem: problem.line)
            problems.extend(_pasted_rows(reading.name, data) or found)
        for included in walk.included_files(raw, file, parents):
            if included not in seen:
                visit(included, (*parents, file), reading.defaults)

    visit(real_path(path), (), {})
    problems += walk.problems
    if problems:
        raise ConfigurationError(problems)
    return subscribers


def _pasted_rows(name: str, data: bytes) -> list[ConfigProblem]:
    """Return the error of a faulty file with rows of a spreadsheet in it. [] if there are none."""
    found = _CSV_ROW.search(data)
    if not found:
        return []
    message = "this looks like CSV; save it as a file of its own, then: digest subscribers import FILE.csv"
    return [ConfigProblem(name, data.count(b"\n", 0, found.start()) + 1, message)]


def version(data: bytes, topics: Collection[str], editions: Collection[str] = ()) -> str:
    """Return a hash of the files' content, the topics and editions, and the code that reads the list."""
    digest = hashlib.blake2b(_code_hash() + repr((sorted(topics), sorted(editions))).encode(), digest_size=32)
    digest.update(data)
    return digest.hexdigest()


@cache
def _code_hash() -> bytes:
    files = (__file__, reader.__file__, address.__file__, includes.__file__)
    return b"".join(hashlib.blake2b(Path(file).read_bytes()).digest() for file in files)


class _FileReading:
    """Collects the rows of one file while it is parsed; `finish` returns its subscribers."""

    def __init__(
        self,
        name: str,
        topics: Collection[str] | None,
        editions: Collection[str] | None = None,
        *,
        previous: tuple[_FileReading, ...] = (),
        may_be_empty: bool = False,
    ) -> None:
        self.name = name
        self.topics = topics
        self.editions = editions
        # All files read so far, in which an address must be unique.
        self.readings = (self, *previous)
        self.may_be_empty = may_be_empty
        self.defaults: dict[str, Any] = {}
        self.zones = time_zones()
        self.problems: list[ConfigProblem] = []
        self.row_count = 0
        # Normalised address -> line and values.
        self.rows: dict[str, tuple[int, dict[str, Any]]] = {}

    def finish(self, raw: Any, inherited: Mapping[str, Any]) -> list[ListedSubscriber]:
        """Return the file's subscribers. `inherited` are the defaults of the file that includes it."""
        if raw is None and self.may_be_empty:
            return []
        if not isinstance(raw, LocatedDict):
            found = "is empty" if raw is None else "has no keys"
            self._problem(1 if raw is not None else 0, f"{found}; expected a list under `subscribers:`")
            return []
        for key in raw:
            if key not in KEYS:
                self._problem(
                    raw.lines[key], joined("", Message("unknown key %(name)s", name=f"'{key}'"), nearest(key, KEYS))
                )
        defaults = self.defaults = {**inherited, **self._defaults(raw)}
        rows = raw.get("subscribers")
        # A list behind an anchor or alias is not streamed to `add_row`.
        if isinstance(rows, LocatedList):
            for row, line in zip(rows, rows.lines, strict=True):
                self.add_row(row, line)
        if not self.row_count and not (rows in (None, []) and ("include" in raw or self.may_be_empty)):
            line = raw.lines.get("subscribers", raw.line)
            self._problem(line, "the list has no subscribers; expected entries such as `- email: asha@example.com`")
        return [
            (address, Subscriber(line=line, file=self.name, **(defaults | values if defaults else values)))
            for address, (line, values) in self.rows.items()
        ]

    def add_row(self, row: Any, line: int) -> None:
        """Check one row of the list and keep it."""
        self.row_count += 1
        if isinstance(row, str) and "@" in row:
            self._problem(line, f"expected `- email: {row}`, found `- {row}`")
            return
        if not isinstance(row, LocatedDict):
            self._problem(line, f"expected a subscriber such as `- email: asha@example.com`, found {quoted(row)}")
            return
        values = self._values(row, FIELDS, line)
        if "email" not in row:
            self._problem(line, "this subscriber has no email")
        email = values.get("email")
        if email is None:
            return
        normalised = address.normalise(email)
        for other in self.readings:
            if normalised in other.rows:
                first_line = other.rows[normalised][0]
                place = f"on line {first_line}" if other is self else f"in {other.name}:{first_line}"
                self._problem(line, f"{email} is listed twice; the first is {place}")
                return
        # Reuse one string object where both forms are equal: most are, and lists are long.
        self.rows[email if normalised == email else normalised] = line, values

    def _defaults(self, raw: Any) -> Mapping[str, Any]:
        defaults = raw.get("defaults")
        if defaults is None:
            return {}
        if not isinstance(defaults, LocatedDict):
            self._problem(
                raw.lines["defaults"], f"'defaults': expected keys such as timezone:, found {quoted(defaults)}"
            )
            return {}
        return self._values(defaults, DEFAULTABLE, defaults.line)

    def _values(self, row: LocatedDict, allowed: Collection[str], line: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in row.items():
            if key not in allowed:
                self._problem(
                    row.lines.get(key, line),
                    joined("", Message("unknown key %(name)s", name=f"'{key}'"), nearest(key, allowed)),
                )
                continue
            try:
                parsed = parse_field(key, value, topics=self.topics, editions=self.editions, zones=self.zones)
            except ValueError as error:
                self._problem(row.lines.get(key, line), Message("'%(field)s': %(why)s", field=key, why=error))
                continue
            if parsed is not None:
                values[key] = parsed
        return values

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(ConfigProblem(self.name, line, message))


def parse_field(
    key: str,
    value: Any,
    *,
    topics: Collection[str] | None,
    editions: Collection[str] | None = None,
    zones: Collection[str] | None = None,
) -> str | tuple[str, ...] | time | None:
    """Convert one field to Subscriber's type; None if it is empty. Raises ValueError with what was expected."""
    if value is None and key != "email":
        return None
    if key == "topics":
        return _names(value, topics, _topic_unknown, "[देश, खेल]")
    if key == "editions":
        if editions is not None and not editions and value:
            raise ValueError("the newsletter has one edition; name several in schedule.editions of digest.yaml first")
        return _names(value, editions, _edition_unknown, "[subah, shaam]")
    if not isinstance(value, str):
        if key == "hour" and isinstance(value, int | float):
            raise ValueError(f'expected a time such as "08:30" in quotes, found the number {quoted(value)}')
        raise ValueError(Message("expected text, found %(name)s", name=quoted(value)))
    if not value.isprintable() and _CONTROL.search(value):
        raise ValueError(Message("expected one line of text"))
    if key == "email":
        return _parse_email(value)
    if key == "hour":
        return _parse_hour(value)
    if key == "timezone":
        return _parse_zone(value, time_zones() if zones is None else zones)
    if key == "frequency":
        return frequency.parse(value)
    if key == "name":
        address.refuse_tags(value)
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        hint = nearest(value, choices, list_known=False)
        raise ValueError(f"expected {', '.join(choices[:-1])} or {choices[-1]}, found {quoted(value)}{hint}")
    return value


def _parse_email(value: str) -> str:
    try:
        normalised = address.normalise(value)
    except ValueError as error:
        raise ValueError(
            Message("%(email)s is not a valid email address: %(why)s", email=quoted(value), why=error)
        ) from None
    address.refuse_tags(value)
    # Headers and envelopes take only ASCII.
    return value.strip() if value.isascii() else normalised


def _parse_hour(value: str) -> time:
    match = _HOUR.match(value)
    if not match:
        wrong = Message('expected a time of day such as "07:00", found %(name)s', name=quoted(value))
        raise ValueError(joined("", wrong, _nearest_hour(value)))
    return time(int(match[1]), int(match[2]))


def _parse_zone(value: str, zones: Collection[str]) -> str:
    if value not in zones:
        # Every abbreviation resembles another, such as IST and MST.
        hint = nearest(value, zones, list_known=False, cutoff=0.8)
        hint = hint or Message("; use a name such as Asia/Kolkata")
        raise ValueError(joined("", Message("unknown time zone %(name)s", name=quoted(value)), hint))
    return value


def _nearest_hour(value: str) -> str:
    suggestion = hour_from_words(value)
    return Message("; did you mean %(name)s?", name=f"'{suggestion}'") if suggestion else ""


def hour_from_words(value: str) -> str:
    """Return the time that `०७:००`, `7.30`, `8` or `“8:30”` mean (other digits or separators, no minutes); else ''."""
    plain = "".join(str(unicodedata.digit(char, "")) or char for char in value.strip(" “”‘’"))
    parts = re.match(r"([0-9]{1,2})(?:\s*[:.,h\u0903]\s*([0-9]{2}))?\Z", plain)
    suggestion = f"{int(parts[1]):02}:{parts[2] or '00'}" if parts else ""
    return suggestion if _HOUR.match(suggestion) else ""


def _topic_unknown(name: str) -> Message:
    return Message("unknown topic %(name)s", name=quoted(name))


def _edition_unknown(name: str) -> Message:
    return Message("unknown edition %(name)s", name=quoted(name))


def _names(
    value: Any, known: Collection[str] | None, unknown: Callable[[str], Message], example: str
) -> tuple[str, ...]:
    items = [item.strip() for item in value.split(",")] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"expected a list such as {example}, found {quoted(value)}")
    for item in items:
        if known is not None and item not in known:
            raise ValueError(joined("", unknown(item), nearest(item, known)))
    return tuple(dict.fromkeys(items))


def nearest(word: str, known: Collection[str], *, list_known: bool = True, cutoff: float = 0.6) -> str:
    """Return the end of an error message that suggests the most similar known word, or lists all of them."""
    close = difflib.get_close_matches(word[:_MAX_COMPARED], list(known), n=1, cutoff=cutoff)
    if close:
        return Message("; did you mean %(name)s?", name=f"'{close[0]}'")
    return Message("; known: %(names)s", names=", ".join(known)) if list_known else ""
