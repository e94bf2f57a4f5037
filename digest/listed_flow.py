"""Edits of a YAML list written in brackets: `[{name: a}, {name: b}]`, in one line or one row a line.

Text to text, by the marks of PyYAML's nodes; None where an edit can't be made without touching what is not its own.
Whether the result says what was meant is judged by who asked (`listed_yaml.YamlListEditor.save`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_BREAKS = "\n\r\x85\u2028\u2029"


def added(text: str, node: Any, rows: Sequence[str], newline: str) -> str:
    """The text with `rows` (each `{…}`) after the last row of the list `node`, which has one at least."""
    last = node.value[-1]
    end = last.end_mark.index
    rest = text[end : node.end_mark.index - 1]  # a comma perhaps, and comments
    head = rest[: _line_end(rest)]
    own_line = not text[_line_start(text, last.start_mark.index) : last.start_mark.index].strip()
    told = _uncommented(head)
    if head == rest or not own_line or (not told and "," in _uncommented(rest)):
        return text[:end] + "".join(f", {row}" for row in rows) + text[end:]
    indent = " " * last.start_mark.column
    lines = f",{newline}".join(indent + row for row in rows)
    comma = "" if told else ","
    return text[:end] + comma + head + newline + lines + ("," if told else "") + text[end + len(head) :]


def removed(text: str, node: Any, index: int) -> str | None:
    """The text without one row and its comma; None where comments stand between it and its neighbours."""
    rows = node.value
    start, end = rows[index].start_mark.index, rows[index].end_mark.index
    close = node.end_mark.index - 1
    if len(rows) == 1:
        opening = node.start_mark.index
        alias = start < opening  # its marks are those of the anchor
        inside = text[opening + 1 : close] if alias else text[opening + 1 : start] + text[end:close]
        return None if "#" in inside else text[: opening + 1] + text[close:]
    line = _line_start(text, start)
    after = text[end : end + _line_end(text[end:close])]
    alone = not text[line:start].strip() and end + len(after) < close
    if alone and (_uncommented(after) == "," or index == len(rows) - 1):
        stop = end + len(after)
        return text[:line] + text[stop + (2 if text.startswith("\r\n", stop) else 1) :]
    if index < len(rows) - 1:
        first, past = start, rows[index + 1].start_mark.index
        between = text[end:past]
    else:
        first, past = rows[index - 1].end_mark.index, end
        between = text[first:start]
    return None if "#" in between else text[:first] + text[past:]


def _uncommented(text: str) -> str:
    """What stands in the text beside comments and blanks; between rows that is a comma or nothing."""
    kept, inside = [], False
    for sign in text:
        inside = (inside or sign == "#") and sign not in _BREAKS
        kept.append("" if inside else sign)
    return "".join(kept).strip()


def _line_end(text: str) -> int:
    return next((at for at, sign in enumerate(text) if sign in _BREAKS), len(text))


def _line_start(text: str, at: int) -> int:
    while at and text[at - 1] not in _BREAKS:
        at -= 1
    return at
