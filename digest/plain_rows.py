"""The rows of a YAML list that need no parser: a field a line, a word or a few for each, nothing that means more.

A list of a hundred thousand readers is nearly all such rows, and a parser makes twenty objects of each. This finds the
run of them that a list begins with, and gives the text without it for the parser, line for line as it was; what it is
not sure of it leaves to the parser. What it gives is what the parser would give (tests compare the two).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_SIGN = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"  # a set begun: what YAML lets stand anywhere
_FIRST = rf"{_SIGN} !-/:-@\[-`{{-~]"  # what begins a word whatever comes before: no sign that YAML may have a use for
_COMMENT = rf"\#{_SIGN}]*+"
_END = rf"(?: ++(?:{_COMMENT})?+)?+(?:\r?\n|\Z)"
_WORD = rf"{_FIRST}(?:{_SIGN} :\#]++|:(?={_SIGN} ])| ++(?={_SIGN} :\#]))*+"
_ITEM = rf"{_FIRST}(?:{_SIGN} :\#,\[\]{{}}]++| ++(?={_SIGN} :\#,\[\]{{}}]))*+"
_ITEMS = rf"\[ *+(?:{_ITEM}(?:, *+{_ITEM})*+)?+ *+\]"
_QUOTED = rf"\"{_SIGN}\"\\]*+\"|'{_SIGN}']*+'"
_FIELD = rf"[a-z_]++: (?:{_WORD}|{_QUOTED}|{_ITEMS}){_END}"
_EMPTY = rf" *+(?:{_COMMENT})?+\r?\n"


WORD, QUOTED, ITEMS = 3, 4, 5
Field = tuple[int, bool, str, int, str]
"""The line; whether a row begins with it; its name; of which of the three kinds its value is, and the value as it
stands there, with quotation marks or brackets."""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows found in the list under a top-level key. `rest` is the text with one item in their place, on `line`."""

    rest: str
    line: int
    text: str
    start: int
    end: int

    def fields(self) -> Iterator[Field]:
        line = self.line
        for found in _fields().finditer(self.text, self.start, self.end):
            kind = found.lastindex
            if kind:
                dash, name, value = found.group(1, 2, kind)
                yield line, dash is not None, name, kind, value
            line += 1


def find(text: str, key: str) -> Run | None:
    """The run of plain rows right below `key:` in the first column; None where there is none."""
    begun = _begun(key).search(text)
    if begun is None:
        return None
    start, indent = begun.end(), len(begun["indent"])
    found = _rows(indent).match(text, start)
    if found is None:
        return None
    end = found.end()
    if not _next(indent).match(text, end):
        end = found.start("row")  # the last row may go on
    if end == start:
        return None
    lines = text.count("\n", start, end)
    rest = f"{text[:start]}{begun['indent']}- 0{chr(10) * lines}{text[end:]}"
    return Run(rest, text.count("\n", 0, start) + 1, text, start, end)


@cache
def _begun(key: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(key)}:{_END}(?:{_EMPTY})*+(?=(?P<indent> *+)- )", re.MULTILINE)


@cache
def _rows(indent: int) -> re.Pattern[str]:
    dash, pad = " " * indent, " " * (indent + 2)
    return re.compile(rf"(?:(?P<row>{dash}- {_FIELD}(?:(?:{_EMPTY})*+{pad}{_FIELD})*+)(?:{_EMPTY})*+)++")


@cache
def _next(indent: int) -> re.Pattern[str]:
    """What can follow a row that is at its end."""
    return re.compile(" " * indent + r"- |[^\s\#]|\Z")


@cache
def _fields() -> re.Pattern[str]:
    """Each line of a run, whatever is on it."""
    parts = rf" *+(- )?+([a-z_]++): (?:({_WORD})|({_QUOTED})|({_ITEMS})){_END}"
    return re.compile(rf"{parts}|{_EMPTY}")


def items(value: str) -> list[str]:
    """What stands in brackets."""
    return _item().findall(value)


@cache
def _item() -> re.Pattern[str]:
    return re.compile(_ITEM)
