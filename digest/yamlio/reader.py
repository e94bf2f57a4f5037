"""Read YAML 1.2 (core schema) into values that know the line of every key and item. Rejects duplicate keys.

Errors say in plain words what is wrong with the syntax, and how to correct it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import read_regular, refused_access

ItemCallback = Callable[[Any, int], None]
"""Receives one item of a list and its line."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NUMBER_ENDINGS = frozenset("0123456789.")
_KEYWORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Characters of one value. A longer one is an attack, or a quotation mark in the wrong place.
_MAX_TEXT = 100_000
# Values that aliases may expand to, in addition to one per character of the text. Without a limit, a file of a few
# lines could expand to a billion values ("billion laughs").
_FREE_EXPANSION = 10_000

# Looked up once: the parser creates ten events for each row of a subscriber list.
_Scalar, _Mapping, _Sequence = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
_MappingEnd, _SequenceEnd = yaml.MappingEndEvent, yaml.SequenceEndEvent


class LocatedDict(dict[str, Any]):
    """A mapping with `line` (where it starts) and `lines` (one per key), both counted from 1."""

    __slots__ = ("line", "lines")

    line: int
    lines: dict[str, int]


class LocatedList(list[Any]):
    """A sequence with `line` (where it starts) and `lines` (one per item), both counted from 1."""

    __slots__ = ("line", "lines")

    line: int
    lines: list[int]


def read_file(path: Path) -> Any:
    """Return the file's value, None for an empty file. Raises ConfigurationError if unreadable or not YAML."""
    return read_bytes(file_bytes(path), path.name)


def file_bytes(path: Path) -> bytes:
    """Return the file's content. Raises ConfigurationError if it is missing or unreadable."""
    try:
        return read_regular(path)
    except FileNotFoundError:
        raise ConfigurationError.at(path.name, "file not found") from None
    except OSError as error:
        why = refused_access(path) or error.strerror
        raise ConfigurationError.at(path.name, f"can't be read: {why}") from None


def read_bytes(data: bytes, name: str, *, each: Mapping[str, ItemCallback] | None = None) -> Any:
    """Like `read_file`, from bytes. `name` is the file's name in errors; `each` is that of `read_text`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError.at(name, "is not UTF-8 text; save it as UTF-8", line=line) from None
    if (at := data.find(b"\0")) >= 0:
        message = "contains a NUL character: the file is UTF-16 or damaged; save it as UTF-8"
        raise ConfigurationError.at(name, message, line=data.count(b"\n", 0, at) + 1)
    return read_text(text, name, each=each)


def read_text(text: str, name: str, *, each: Mapping[str, ItemCallback] | None = None) -> Any:
    """Like `read_file`, from text.

    `each` maps top-level keys to callbacks. The items of their lists go to the callback as they are parsed, and the
    returned list is empty, so a long list uses little memory. Ignore the items received if this raises.
    """
    constructor = Constructor(name, each or {}, len(text))
    try:
        value = _construct(constructor, text)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise ConfigurationError([_problem(error, text, name)]) from None
    if constructor.problems:
        raise ConfigurationError(constructor.problems)
    return value


def scalar(text: str) -> Any:
    """Return a plain scalar's value by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    # A number with more digits than any setting needs is text. int() rejects one of more than 4,300.
    if text[-1:] in _NUMBER_ENDINGS:
        if _INT.match(text):
            return int(text) if len(text) < 20 else text
        if _FLOAT.match(text) and len(text) < 40:
            return float(text)
    return text


class Constructor:
    """Builds located values from parser events. Collects problems instead of stopping at the first."""

    next: Callable[[], Any]

    def __init__(self, name: str, each: Mapping[str, ItemCallback], size: int) -> None:
        self.name = name
        self.each = each
        self.depth = 0
        self.problems: list[ConfigProblem] = []
        self.anchors: dict[str, Any] = {}
        # Collections and their values, those behind aliases counted at every use.
        self.weight = 0
        self.weights: dict[str, int] = {}
        self.expanded, self.max_expanded = 0, _FREE_EXPANSION + size

    def document(self, next_event: Callable[[], Any]) -> Any:
        """Return the value of the only document."""
        self.next = next_event
        value: Any = None
        seen = False
        while not isinstance(event := self.next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    self._problem(event, "contains a second document (`---`); expected one")
                    return value
                seen = True
                value = self._value(self.next())
        return value

    def _value(self, event: Any) -> Any:
        kind = type(event)
        value: Any
        if kind is _Scalar:
            text = event.value
            if len(text) > _MAX_TEXT:
                text = self._truncate(event)
            value = scalar(text) if event.implicit[0] else text
        elif kind is _Mapping:
            before = self.weight
            self.depth += 1
            value = self._mapping(event)
            self.depth -= 1
            self.weight += len(value) + 1
        elif kind is _Sequence:
            before = self.weight
            value = self._sequence(event)
            self.weight += len(value) + 1
        else:
            return self._alias(event)
        if event.anchor:
            self.anchors[event.anchor] = value
            self.weights[event.anchor] = 0 if kind is _Scalar else self.weight - before
        return value

    def _alias(self, event: Any) -> Any:
        shown = event.anchor[:60]
        if event.anchor not in self.anchors:
            self._problem(event, f"alias *{shown} has no anchor &{shown}")
        weight = self.weights.get(str(event.anchor), 0)
        self.weight += weight
        self.expanded += weight
        if self.expanded > self.max_expanded:
            self._problem(event, f"aliases such as *{shown} expand to far more than the file contains; write it out")
            raise ConfigurationError(self.problems)
        return self.anchors.get(str(event.anchor))

    def _mapping(self, start: Any) -> LocatedDict:
        value = LocatedDict()
        value.line = _line(start)
        lines: dict[str, int] = {}
        value.lines = lines
        each = self.each if self.depth == 1 else {}
        next_event = self.next
        while type(event := next_event()) is not _MappingEnd:
            line = event.start_mark.line + 1
            if type(event) is _Scalar:
                key = event.value
            else:
                self._value(event)
                key = ""
                self._problem(event, "a key must be a plain word")
            if key in lines:
                self._problem(event, f"duplicate key '{key}'; the first is on line {lines[key]}")
            lines[key] = line
            event = next_event()
            # Nearly all values are short scalars. Handling them here saves a call for each.
            if type(event) is _Scalar and not event.anchor and len(text := event.value) <= _MAX_TEXT:
                value[key] = scalar(text) if event.implicit[0] else text
            elif key in each and type(event) is _Sequence and not event.anchor:
                value[key] = self._sequence(event, each[key])
            else:
                value[key] = self._value(event)
        return value

    def _sequence(self, start: Any, each: ItemCallback | None = None) -> LocatedList:
        value = LocatedList()
        value.line = _line(start)
        value.lines = []
        while type(event := self.next()) is not _SequenceEnd:
            line = event.start_mark.line + 1
            item = self._value(event)
            if each:
                each(item, line)
            else:
                value.lines.append(line)
                value.append(item)
        return value

    def _truncate(self, event: Any) -> str:
        text = str(event.value)
        self._problem(event, f"a text of {len(text):,} characters; expected at most {_MAX_TEXT:,}")
        return text[:_MAX_TEXT]

    def _problem(self, event: Any, message: str) -> None:
        self.problems.append(ConfigProblem(self.name, _line(event), message))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _construct(constructor: Constructor, text: str) -> Any:
    loader = _LOADER(text)
    try:
        return constructor.document(loader.get_event)
    finally:
        loader.dispose()


def _problem(error: Exception, text: str, name: str) -> ConfigProblem:
    if isinstance(error, yaml.reader.ReaderError):
        return character_problem(error, text, name, in_bytes=_LOADER is not yaml.SafeLoader)
    if isinstance(error, yaml.YAMLError):
        return syntax_problem(error, text, name)
    return ConfigProblem(name, 0, "is nested too deeply" if isinstance(error, RecursionError) else "is not UTF-8 text")


# Two pairs of key and value on one line.
_TWO_COLONS = re.compile(r"[^\"'#]*:\s[^\"'#]*:(\s|$)")
# The marks that Git leaves in a file that two people changed.
_CONFLICT = re.compile(r"^(?:<{7} |>{7} |={7}\s*$)", re.MULTILINE)
_TWO_VALUES = "a text that contains a colon and a space needs quotes"
_AFTER_QUOTES = "the text continues after its closing quotation mark; put the other kind of mark around the whole text"
# Message of the parser → our sentence, and whether the fault is where the unfinished part begins. {line} is that line.
# The messages are libyaml's; the first match counts.
_SENTENCES = (
    (
        "mapping values are not allowed",
        "this key does not belong here; align it with the keys of its block, and write the line before as `key: value`",
        False,
    ),
    (
        "did not find expected key",
        "this line is not aligned with its block, which begins on line {line}, or a quotation mark above is not closed",
        False,
    ),
    (
        "did not find expected '-' indicator",
        "expected `- `, aligned with the other items of the list that begins on line {line}",
        False,
    ),
    ("could not find expected ':'", "expected `key: value`, with a space after the colon", True),
    ("found unexpected end of stream", "the quotation mark on this line is not closed", True),
    ("found unknown escape character", "a backslash means something else in double quotes; use single quotes", False),
    ("found character that cannot start any token", "a text that begins with @, % or ` needs quotes", False),
    (
        "did not find expected ',' or",
        "the bracket that opens on line {line} is not closed, or a comma is missing",
        False,
    ),
)


def character_problem(error: yaml.reader.ReaderError, text: str, name: str, *, in_bytes: bool) -> ConfigProblem:
    """Describe an invalid character. libyaml counts bytes of UTF-8, PyYAML's own reader counts characters."""
    before = text.encode()[: error.position] if in_bytes else text[: error.position].encode()
    return ConfigProblem(name, before.count(b"\n") + 1, f"invalid YAML: {error.reason}")


def syntax_problem(error: yaml.YAMLError, text: str, name: str) -> ConfigProblem:
    """Describe a syntax error of the file `name`."""
    if conflict := _CONFLICT.search(text):
        message = (
            "two versions were merged and differ here; keep one, and remove the lines with <<<<<<<, ======= and >>>>>>>"
        )
        return ConfigProblem(name, text.count("\n", 0, conflict.start()) + 1, message)
    found, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    mark = found or start
    if mark is None:
        return ConfigProblem(name, 0, f"invalid YAML: {getattr(error, 'reason', None) or 'cannot be parsed'}")
    begins = start.line if start else mark.line
    line, message = _describe(str(getattr(error, "problem", None) or "cannot be parsed"), mark.line, begins, text)
    # The parser notices an unclosed bracket only past the last line.
    last = text.rstrip().count("\n") + 1
    return ConfigProblem(name, min(line + 1, last), f"invalid YAML: {message}")


def _describe(problem: str, line: int, begins: int, text: str) -> tuple[int, str]:
    """Return the line of the fault, counted from 0, and a sentence."""
    written = next(islice(StringIO(text), line, None), "")
    if re.match(r"[ ]*\t", written):
        return line, "this line is indented with a tab; use spaces"
    if problem.startswith("mapping values") and _TWO_COLONS.match(written):
        return line, _TWO_VALUES
    if problem.startswith("did not find expected key") and begins == line:
        return line, _AFTER_QUOTES
    for start, sentence, at_begin in _SENTENCES:
        if problem.startswith(start):
            return begins if at_begin else line, sentence.format(line=begins + 1)
    return line, problem
