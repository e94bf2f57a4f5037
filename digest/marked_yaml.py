"""YAML as a person wrote it: plain values with the line of every key and item, so that faults can name their place.

Reads by the core schema of YAML 1.2 (`07:00` and `off` are text, not 420 and False), refuses a key given twice.
Owns no knowledge of what the file means, and never writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from digest.errors import ConfigurationError, Fault

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class MarkedDict(dict[str, Any]):
    """A mapping with `line` (where it starts) and `lines` (key → line), both from 1."""

    line: int = 0
    lines: dict[str, int]


class MarkedList(list[Any]):
    """A sequence with `line` (where it starts) and `lines` (one per item), both from 1."""

    line: int = 0
    lines: list[int]


def read_file(path: Path) -> Any:
    """The file's value (None for an empty file). Raises ConfigurationError when unreadable or no YAML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError([Fault(path.name, 0, "there is no such file")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError([Fault(path.name, line, "is not UTF-8 text; save it as UTF-8")]) from None
    except OSError as error:
        raise ConfigurationError([Fault(path.name, 0, f"can't be read: {error.strerror}")]) from None
    return read_text(text, path.name)


def read_text(text: str, name: str) -> Any:
    """Like `read_file`, from text; `name` is what faults call it."""
    try:
        builder = _Builder(yaml.parse(text, Loader=_LOADER), name)
        value = builder.document()
    except yaml.reader.ReaderError as error:
        raise ConfigurationError([_character_fault(error, text, name)]) from None
    except yaml.YAMLError as error:
        raise ConfigurationError([_syntax_fault(error, text, name)]) from None
    except UnicodeError:
        raise ConfigurationError([Fault(name, 0, "is not UTF-8 text")]) from None
    except RecursionError:
        raise ConfigurationError([Fault(name, 0, "is nested too deeply")]) from None
    if builder.faults:
        raise ConfigurationError(builder.faults)
    return value


def scalar(text: str) -> Any:
    """A plain scalar's value by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _WORDS_BOOL:
        return _WORDS_BOOL[text]
    # A number of more digits than any setting has is text; int() would also refuse it past 4,300.
    if text[-1:].isdigit() or text[-1:] == ".":
        if _INT.match(text):
            return int(text) if len(text) < 20 else text
        if _FLOAT.match(text) and len(text) < 40:
            return float(text)
    return text


class _Builder:
    """Turns YAML events into marked values."""

    def __init__(self, events: Any, name: str) -> None:
        self.events: Iterator[Any] = iter(events)
        self.name = name
        self.faults: list[Fault] = []
        self.anchors: dict[str, Any] = {}

    def document(self) -> Any:
        value: Any = None
        seen = False
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    self.faults.append(
                        Fault(self.name, _line(event), "holds a second document (`---`); one is expected")
                    )
                    return value
                seen = True
                value = self._value(next(self.events))
        return value

    def _value(self, event: Any) -> Any:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                said = f"alias *{event.anchor} has no anchor &{event.anchor}"
                self.faults.append(Fault(self.name, _line(event), said))
            return self.anchors.get(str(event.anchor))
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = scalar(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(event)
        else:
            value = self._sequence(event)
        if event.anchor:
            self.anchors[event.anchor] = value
        return value

    def _mapping(self, start: Any) -> MarkedDict:
        value = MarkedDict()
        value.line = _line(start)
        value.lines = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = _line(event)
            if isinstance(event, yaml.ScalarEvent):
                key = event.value
            else:
                self._value(event)
                key = ""
                self.faults.append(Fault(self.name, line, "a key must be a plain word"))
            if key in value:
                first = value.lines[key]
                self.faults.append(Fault(self.name, line, f"'{key}' is given twice; the first is on line {first}"))
            value.lines[key] = line
            value[key] = self._value(next(self.events))
        return value

    def _sequence(self, start: Any) -> MarkedList:
        value = MarkedList()
        value.line = _line(start)
        value.lines = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            value.lines.append(_line(event))
            value.append(self._value(event))
        return value


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


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
    last = text.rstrip().count("\n") + 1  # what is never closed is missed only after the end
    return Fault(name, min(mark.line + 1, last) if mark else 0, f"is no valid YAML: {said}")
