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

COLUMN_MARK = "|"


class Form(StrEnum):
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


@dataclass(frozen=True, slots=True)
class BlockField:
    """A key of a block's data that an editor can write."""

    name: str
    form: Form = Form.LINE
    # The keys of a row. Those at the end may be left out.
    columns: tuple[str, ...] = ()


_TITLE = BlockField("title")
_PRICES = (
    _TITLE,
    BlockField("rows", Form.ROWS, ("name", "price", "change")),
    BlockField("unit"),
    BlockField("source"),
)

FIELDS: Mapping[str, tuple[BlockField, ...]] = {
    "correction": (BlockField("text", Form.TEXT), BlockField("url", Form.URL)),
    "quote": (BlockField("text", Form.TEXT), BlockField("by")),
    "weather": (
        _TITLE,
        BlockField("parts", Form.ROWS, ("when", "temperature", "sky")),
        BlockField("note", Form.TEXT),
    ),
    "market": _PRICES,
    "mandi": _PRICES,
    "poll": (BlockField("question", Form.TEXT), BlockField("options", Form.LINES)),
    "quiz": (
        BlockField("question", Form.TEXT),
        BlockField("options", Form.LINES),
        BlockField("answer"),
        BlockField("explanation", Form.TEXT),
    ),
    "horoscope": (BlockField("signs", Form.PAIRS), BlockField("by")),
    "panchang": (BlockField("entries", Form.PAIRS),),
    "sponsor": (
        BlockField("advertiser"),
        BlockField("text", Form.TEXT),
        BlockField("url", Form.URL),
        BlockField("link"),
    ),
    "feedback": (BlockField("question", Form.TEXT),),
    "follow": (BlockField("accounts", Form.ROWS, ("name", "url")),),
}
"""What an editor can write, by the kind of block, in the order of the form."""


def to_text(field: BlockField, value: Any) -> str:
    """Return the text of a field's value; '' if it has none."""
    if value is None:
        return ""
    if field.form == Form.LINES:
        return "\n".join(map(_one_line, value))
    if field.form == Form.PAIRS:
        return "\n".join(f"{_one_line(name)}: {_one_line(each)}" for name, each in value.items())
    if field.form == Form.ROWS:
        return "\n".join(_row(field.columns, each) for each in value)
    return _one_line(value)


def to_value(field: BlockField, text: str) -> Any:
    """Return the value that a text stands for; '' if it is empty. The schema of the block checks it.

    Raises ValueError for a line that does not have the form.
    """
    lines = [line for each in text.splitlines() if (line := _one_line(each))]
    if field.form == Form.LINES:
        return lines or ""
    if field.form == Form.PAIRS:
        pairs = [line.partition(":") for line in lines]
        if unnamed := next((name for name, colon, value in pairs if not (colon and value.strip())), None):
            raise ValueError(f"expected a name, a colon and a text on each line, found {unnamed!r}")
        values = {name.strip(): value.strip() for name, _colon, value in pairs}
        if len(values) < len(pairs):
            raise ValueError("expected each name once")
        return values or ""
    if field.form == Form.ROWS:
        return [_values(field.columns, line) for line in lines] or ""
    return _one_line(text)


def _row(columns: Sequence[str], values: Mapping[str, Any]) -> str:
    shown = [_one_line(values[name]) if values.get(name) is not None else "" for name in columns]
    while shown and not shown[-1]:
        shown.pop()
    return f" {COLUMN_MARK} ".join(shown)


def _values(columns: Sequence[str], line: str) -> dict[str, str]:
    values = [each.strip() for each in line.split(COLUMN_MARK)]
    if len(values) > len(columns):
        raise ValueError(f"expected at most {len(columns)} values with | between them, found {line!r}")
    # Editors type a minus sign as well as a hyphen.
    return {name: each.replace("\N{MINUS SIGN}", "-") for name, each in zip(columns, values, strict=False) if each}


def _one_line(value: Any) -> str:
    return " ".join(f"{value:.10g}".split()) if isinstance(value, float) else " ".join(str(value).split())
