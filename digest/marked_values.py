"""YAML's events as plain values with the line of every key and item. Knows no file and no parser.

Owns the reading of scalars by the core schema of YAML 1.2, what a value may weigh, and that no key is given twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from digest import plain_rows
from digest.errors import ConfigurationError, Fault

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_LONGEST_TEXT = 100_000
"""Characters of one value: more is a quotation mark in the wrong place, or meant to hurt."""
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


class AstrayError(Exception):
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


class Builder:
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
            if type(event) is _Scalar and not event.anchor and len(text := event.value) <= _LONGEST_TEXT:
                value[key] = scalar(text) if event.implicit[0] else text  # what nearly all are, without a call
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
            raise AstrayError
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
            quoted = kind == plain_rows.QUOTED
            if quoted:
                text = text[1:-1]
            if len(text) > _LONGEST_TEXT:
                text = self._shortened(text, line)
            row[name] = text if quoted else scalar(text)
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
