"""The data of a block as the texts of a form, and back: a list has one entry on each line.

weather   सुबह | 9° | कोहरा
horoscope मेष: पुराना काम आज पूरा होगा।
poll      हाँ
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from digest.hindi.numbers import latin_digits
from digest.utils.text import one_line

COLUMN_MARK = "|"
# The fields and columns that are numbers. Editors also type these in Devanagari digits.
_NUMBERS = ("answer", "change")


class FieldForm(StrEnum):
    """How the text of a field is read."""

    LINE = "line"
    TEXT = "text"
    URL = "url"
    # A value on each line.
    LINES = "lines"
    # A name, a colon and a value on each line.
    PAIRS = "pairs"
    # The values of the columns on each line, with `|` between them.
    ROWS = "rows"


class FaultKind(StrEnum):
    """What is wrong with the text of a field. `BlockFault.limit` has the number that counts."""

    EMPTY = "empty"
    TOO_LONG = "too long"
    TOO_MANY_LINES = "too many lines"
    TOO_FEW_LINES = "too few lines"
    TOO_MANY_COLUMNS = "too many columns"
    NO_COLON = "no colon"
    NAMED_TWICE = "named twice"
    NO_NUMBER = "no number"
    NO_SUCH_OPTION = "no such option"
    NOT_HTTPS = "not https"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BlockFault:
    """A fault of a field's text. `line` counts from 1, and is 0 where the whole text is meant."""

    kind: FaultKind
    # In English, for programs and the terminal.
    message: str
    limit: int = 0
    line: int = 0
    # The faulty column of the line, or the name of the faulty pair; '' for none.
    part: str = ""


class FaultyText(ValueError):
    """A text does not have the form of its field."""

    def __init__(self, kind: FaultKind, message: str, *, limit: int = 0, line: int = 0) -> None:
        super().__init__(message)
        self.fault = BlockFault(kind, message, limit, line)


@dataclass(frozen=True, slots=True)
class BlockField:
    """A key of a block's data that an editor can write."""

    name: str
    form: FieldForm = FieldForm.LINE
    # The keys of a row. Those at the end may be left out.
    columns: tuple[str, ...] = ()


_TITLE = BlockField("title")
_PRICES = (
    _TITLE,
    BlockField("rows", FieldForm.ROWS, ("name", "price", "change")),
    BlockField("unit"),
    BlockField("source"),
)

FIELDS: Mapping[str, tuple[BlockField, ...]] = {
    "correction": (BlockField("text", FieldForm.TEXT), BlockField("url", FieldForm.URL)),
    "quote": (BlockField("text", FieldForm.TEXT), BlockField("by")),
    "weather": (
        _TITLE,
        BlockField("parts", FieldForm.ROWS, ("when", "temperature", "sky")),
        BlockField("note", FieldForm.TEXT),
    ),
    "market": _PRICES,
    "mandi": _PRICES,
    "poll": (BlockField("question", FieldForm.TEXT), BlockField("options", FieldForm.LINES)),
    "quiz": (
        BlockField("question", FieldForm.TEXT),
        BlockField("options", FieldForm.LINES),
        BlockField("answer"),
        BlockField("explanation", FieldForm.TEXT),
    ),
    "horoscope": (BlockField("signs", FieldForm.PAIRS), BlockField("by")),
    "panchang": (BlockField("entries", FieldForm.PAIRS),),
    "sponsor": (
        BlockField("advertiser"),
        BlockField("text", FieldForm.TEXT),
        BlockField("url", FieldForm.URL),
        BlockField("link"),
    ),
    "feedback": (BlockField("question", FieldForm.TEXT),),
    "follow": (BlockField("accounts", FieldForm.ROWS, ("name", "url")),),
}
"""What an editor can write, by the kind of block, in the order of the form."""


def to_text(field: BlockField, value: Any) -> str:
    """Return the text of a field's value; '' if it has none."""
    if value is None:
        return ""
    if field.form == FieldForm.LINES:
        return "\n".join(map(_one_line, value))
    if field.form == FieldForm.PAIRS:
        return "\n".join(f"{_one_line(name)}: {_one_line(each)}" for name, each in value.items())
    if field.form == FieldForm.ROWS:
        return "\n".join(_row(field.columns, each) for each in value)
    return _one_line(value)


def to_value(field: BlockField, text: str) -> Any:
    """Return the value that a text stands for; '' if it is empty. The schema of the block checks it.

    Raises FaultyText for a line that does not have the form.
    """
    lines = [line for each in text.splitlines() if (line := _one_line(each))]
    if field.form == FieldForm.LINES:
        return lines or ""
    if field.form == FieldForm.PAIRS:
        pairs = [line.partition(":") for line in lines]
        for number, (name, colon, value) in enumerate(pairs, 1):
            if not (colon and value.strip()):
                message = f"expected a name, a colon and a text on each line, found {name!r}"
                raise FaultyText(FaultKind.NO_COLON, message, line=number)
        values = {name.strip(): value.strip() for name, _colon, value in pairs}
        if len(values) < len(pairs):
            raise FaultyText(FaultKind.NAMED_TWICE, "expected each name once")
        return values or ""
    if field.form == FieldForm.ROWS:
        return [_values(field.columns, line, number) for number, line in enumerate(lines, 1)] or ""
    return latin_digits(_one_line(text)) if field.name in _NUMBERS else _one_line(text)


def _row(columns: Sequence[str], values: Mapping[str, Any]) -> str:
    shown = [_one_line(values[name]) if values.get(name) is not None else "" for name in columns]
    while shown and not shown[-1]:
        shown.pop()
    return f" {COLUMN_MARK} ".join(shown)


def _values(columns: Sequence[str], line: str, number: int) -> dict[str, str]:
    values = [each.strip() for each in line.split(COLUMN_MARK)]
    if len(values) > len(columns):
        message = f"expected at most {len(columns)} values with | between them, found {line!r}"
        raise FaultyText(FaultKind.TOO_MANY_COLUMNS, message, limit=len(columns), line=number)
    # Editors type a minus sign as well as a hyphen.
    given = {name: each.replace("\N{MINUS SIGN}", "-") for name, each in zip(columns, values, strict=False) if each}
    return {name: latin_digits(each) if name in _NUMBERS else each for name, each in given.items()}


def _one_line(value: Any) -> str:
    return one_line(f"{value:.10g}") if isinstance(value, float) else one_line(str(value))
