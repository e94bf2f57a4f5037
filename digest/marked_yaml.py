"""YAML as a person wrote it: plain values with the line of every key and item, so that faults can name their place.

Reads by the core schema of YAML 1.2 (`07:00` and `off` are text, not 420 and False), refuses a key given twice.
Owns no knowledge of what the file means, and never writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from digest import plain_rows
from digest.errors import ConfigurationError, Fault

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_LONGEST_TEXT = 100_000
"""Characters of one value: more is a quotation mark in the wrong place, or meant to hurt."""
_SHORT = 5
"""Characters of the longest of `_WORDS`."""
_NUMBERS_END = frozenset("0123456789.")
_FREE = 10_000
"""Values that aliases may stand for, beside one for each character of the text: three lines of them, each nine times
the one before, would be a billion."""
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

Each = Callable[[Any, int], None]
"""Takes one item of a list and its line."""


_Scalar, _Mapping, _Sequence = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
_MappingEnd, _SequenceEnd = yaml.MappingEndEvent, yaml.SequenceEndEvent


class _AstrayError(Exception):
    """What looked like the rows of a list was something else to the parser."""


class MarkedDict(dict[str, Any]):
    """A mapping with `line` (where it starts) and `lines` (key → line), both from 1."""

    __slots__ = ("line", "lines")

    line: int
    lines: dict[str, int]


class MarkedList(list[Any]):
    """A sequence with `line` (where it starts) and `lines` (one per item), both from 1."""

    __slots__ = ("line", "lines")

    line: int
    lines: list[int]


def read_file(path: Path) -> Any:
    """The file's value (None for an empty file). Raises ConfigurationError when unreadable or no YAML."""
    return read_bytes(file_bytes(path), path.name)


def file_bytes(path: Path) -> bytes:
    """What the file holds. Raises ConfigurationError when there is none or it can't be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError([Fault(path.name, 0, "there is no such file")]) from None
    except OSError as error:
        raise ConfigurationError([Fault(path.name, 0, f"can't be read: {error.strerror}")]) from None


def read_bytes(data: bytes, name: str, *, each: Mapping[str, Each] | None = None) -> Any:
    """Like `read_file`, from the bytes; `name` is what faults call it, `each` is `read_text`'s."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError([Fault(name, line, "is not UTF-8 text; save it as UTF-8")]) from None
    if (at := data.find(b"\0")) >= 0:
        said = "holds a NUL character, as UTF-16 does or a broken file; save it as UTF-8"
        raise ConfigurationError([Fault(name, data.count(b"\n", 0, at) + 1, said)])
    return read_text(text, name, each=each)


def read_text(text: str, name: str, *, each: Mapping[str, Each] | None = None) -> Any:
    """Like `read_file`, from text; `name` is what faults call it.

    The items of a list under a top-level key of `each` are handed over one by one as they are read, and the list in the
    value is left empty: so a long list needs no memory. What was handed over counts for nothing when this raises.
    """
    run = next(filter(None, (plain_rows.find(text, key) for key in each or ())), None)
    if run is not None:
        try:
            return _read(text, name, each or {}, run)
        except _AstrayError:
            pass  # before anything was handed over
    return _read(text, name, each or {}, None)


def _read(whole: str, name: str, each: Mapping[str, Each], run: plain_rows.Run | None) -> Any:
    text = run.rest if run else whole
    builder = _Builder(name, each, len(whole), run)
    try:
        value = _built(builder, text)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        if builder.run:
            raise _AstrayError from None
        raise ConfigurationError([_fault(error, text, name)]) from None
    if builder.run:
        raise _AstrayError
    if builder.faults:
        raise ConfigurationError(builder.faults)
    return value


def _built(builder: _Builder, text: str) -> Any:
    loader = _LOADER(text)
    try:
        return builder.document(loader.get_event)
    finally:
        loader.dispose()


def scalar(text: str) -> Any:
    """A plain scalar's value by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _WORDS:
        return _WORDS[text]
    # A number of more digits than any setting has is text; int() would also refuse it past 4,300.
    if text[-1:] in _NUMBERS_END:
        if _INT.match(text):
            return int(text) if len(text) < 20 else text
        if _FLOAT.match(text) and len(text) < 40:
            return float(text)
    return text


class _Builder:
    """Turns YAML events into marked values. Short in its inner loops: a list has ten events for each of its readers."""

    next: Callable[[], Any]

    def __init__(self, name: str, each: Mapping[str, Each], size: int, run: plain_rows.Run | None) -> None:
        self.name = name
        self.each = each
        self.run = run  # until its place in the list is reached
        self.depth = 0
        self.faults: list[Fault] = []
        self.anchors: dict[str, Any] = {}
        self.weight = 0  # collections and what they hold, those behind aliases counted each time
        self.weights: dict[str, int] = {}
        self.borrowed, self.most_borrowed = 0, _FREE + size

    def document(self, next_event: Callable[[], Any]) -> Any:
        self.next = next_event
        value: Any = None
        seen = False
        while not isinstance(event := self.next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    self.faults.append(
                        Fault(self.name, _line(event), "holds a second document (`---`); one is expected")
                    )
                    return value
                seen = True
                value = self._value(self.next())
        return value

    def _value(self, event: Any) -> Any:
        kind = type(event)
        value: Any
        if kind is _Scalar:
            text = event.value
            if len(text) > _LONGEST_TEXT:
                text = self._shortened(text, _line(event))
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
        if event.anchor not in self.anchors:
            said = f"alias *{event.anchor[:60]} has no anchor &{event.anchor[:60]}"
            self.faults.append(Fault(self.name, _line(event), said))
        weight = self.weights.get(str(event.anchor), 0)
        self.weight += weight
        self.borrowed += weight
        if self.borrowed > self.most_borrowed:
            said = f"aliases such as *{event.anchor[:60]} make more of it than is written; write it out"
            raise ConfigurationError([*self.faults, Fault(self.name, _line(event), said)])
        return self.anchors.get(str(event.anchor))

    def _mapping(self, start: Any) -> MarkedDict:
        value = MarkedDict()
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
                self.faults.append(Fault(self.name, line, "a key must be a plain word"))
            if key in lines:
                self._twice(key, line, lines)
            lines[key] = line
            event = next_event()
            if type(event) is _Scalar and not event.anchor and (length := len(text := event.value)) <= _LONGEST_TEXT:
                # What nearly all are, without a call.
                plain = (length > _SHORT and text[-1] not in _NUMBERS_END) or not event.implicit[0]
                value[key] = text if plain else scalar(text)
            elif key in each and type(event) is _Sequence and not event.anchor:
                value[key] = self._sequence(event, each[key])
            else:
                value[key] = self._value(event)
        return value

    def _sequence(self, start: Any, each: Each | None = None) -> MarkedList:
        value = MarkedList()
        value.line = _line(start)
        value.lines = []
        while type(event := self.next()) is not _SequenceEnd:
            line = event.start_mark.line + 1
            if each:
                self._hand_over(event, line, each)
            else:
                value.lines.append(line)
                value.append(self._value(event))
        return value

    def _hand_over(self, event: Any, line: int, each: Each) -> None:
        run, self.run = self.run, None
        value = self._value(event)
        if run is None:
            each(value, line)
        elif run.line != line:
            raise _AstrayError
        else:
            for row in self._rows(run):
                each(row, row.line)

    def _rows(self, run: plain_rows.Run) -> Iterator[MarkedDict]:
        row = MarkedDict()
        for line, begins, name, kind, text in run.fields():
            if begins:
                if row:
                    yield row
                row = MarkedDict()
                row.line = line
                lines: dict[str, int] = {}
                row.lines = lines
            if name in lines:
                self._twice(name, line, lines)
            lines[name] = line
            if kind == plain_rows.ITEMS:
                items = row[name] = MarkedList(map(scalar, plain_rows.items(text)))
                items.line = line
                items.lines = [line] * len(items)
                continue
            if kind == plain_rows.QUOTED:
                text = text[1:-1]
            if len(text) > _LONGEST_TEXT:
                text = self._shortened(text, line)
            plain = kind == plain_rows.QUOTED or (len(text) > _SHORT and text[-1] not in _NUMBERS_END)
            row[name] = text if plain else scalar(text)
        if row:
            yield row

    def _twice(self, key: str, line: int, lines: Mapping[str, int]) -> None:
        self.faults.append(Fault(self.name, line, f"'{key}' is given twice; the first is on line {lines[key]}"))

    def _shortened(self, text: str, line: int) -> str:
        said = f"holds a text of {len(text):,} characters; expected at most {_LONGEST_TEXT:,}"
        self.faults.append(Fault(self.name, line, said))
        return text[:_LONGEST_TEXT]


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _fault(error: Exception, text: str, name: str) -> Fault:
    if isinstance(error, yaml.reader.ReaderError):
        return _character_fault(error, text, name)
    if isinstance(error, yaml.YAMLError):
        return _syntax_fault(error, text, name)
    return Fault(name, 0, "is nested too deeply" if isinstance(error, RecursionError) else "is not UTF-8 text")


def _character_fault(error: yaml.reader.ReaderError, text: str, name: str) -> Fault:
    # libyaml counts in bytes of UTF-8, the reader in pure Python in characters.
    before = text.encode()[: error.position] if _LOADER is not yaml.SafeLoader else text[: error.position].encode()
    return Fault(name, before.count(b"\n") + 1, f"is no valid YAML: {error.reason}")


def _syntax_fault(error: yaml.YAMLError, text: str, name: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "can't be parsed"
    context = getattr(error, "context", None)
    said = f"{problem} {context}" if context else str(problem)
    begun = getattr(error, "context_mark", None)
    if context and begun and mark and begun.line < mark.line:
        said += f" that begins on line {begun.line + 1}"
    if mark and re.match(r"[ ]*\t", next(islice(StringIO(text), mark.line, None), "")):
        return Fault(name, mark.line + 1, "is no valid YAML: a tab indents this line; YAML wants spaces")
    last = text.rstrip().count("\n") + 1  # what is never closed is missed only after the end
    return Fault(name, min(mark.line + 1, last) if mark else 0, f"is no valid YAML: {said}")
