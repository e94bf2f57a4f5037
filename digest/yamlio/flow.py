"""Edit the text of a YAML list in brackets, `[{name: a}, {name: b}]`, on one line or with a row on each line.

Positions come from the marks of PyYAML's nodes. `listed_yaml.YamlListEditor.save` checks the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_BREAKS = "\n\r\x85\u2028\u2029"


def append_rows(text: str, node: Any, rows: Sequence[str], newline: str) -> str:
    """Return the text with `rows` (each `{…}`) after the last row of the non-empty list `node`."""
    last = node.value[-1]
    end = last.end_mark.index
    # At most a comma, and comments.
    rest = text[end : node.end_mark.index - 1]
    head = rest[: _line_end(rest)]
    own_line = not text[_line_start(text, last.start_mark.index) : last.start_mark.index].strip()
    comma_after = _without_comments(head)
    if head == rest or not own_line or (not comma_after and "," in _without_comments(rest)):
        return text[:end] + "".join(f", {row}" for row in rows) + text[end:]
    indent = " " * last.start_mark.column
    lines = f",{newline}".join(indent + row for row in rows)
    comma_before = "" if comma_after else ","
    return text[:end] + comma_before + head + newline + lines + ("," if comma_after else "") + text[end + len(head) :]


def remove_row(text: str, node: Any, index: int) -> str | None:
    """Return the text without one row and its comma; None if comments separate it from its neighbours."""
    rows = node.value
    start, end = rows[index].start_mark.index, rows[index].end_mark.index
    close = node.end_mark.index - 1
    if len(rows) == 1:
        opening = node.start_mark.index
        # The marks of an alias are those of its anchor, further up.
        alias = start < opening
        inside = text[opening + 1 : close] if alias else text[opening + 1 : start] + text[end:close]
        return None if "#" in inside else text[: opening + 1] + text[close:]
    line = _line_start(text, start)
    after = text[end : end + _line_end(text[end:close])]
    alone = not text[line:start].strip() and end + len(after) < close
    if alone and (_without_comments(after) == "," or index == len(rows) - 1):
        stop = end + len(after)
        return text[:line] + text[stop + (2 if text.startswith("\r\n", stop) else 1) :]
    if index < len(rows) - 1:
        first, past = start, rows[index + 1].start_mark.index
        between = text[end:past]
    else:
        first, past = rows[index - 1].end_mark.index, end
        between = text[first:start]
    return None if "#" in between else text[:first] + text[past:]


def _without_comments(text: str) -> str:
    """Return the text without comments and surrounding blanks: a comma or nothing, between two rows."""
    kept, in_comment = [], False
    for char in text:
        in_comment = (in_comment or char == "#") and char not in _BREAKS
        kept.append("" if in_comment else char)
    return "".join(kept).strip()


def _line_end(text: str) -> int:
    return next((at for at, char in enumerate(text) if char in _BREAKS), len(text))


def _line_start(text: str, at: int) -> int:
    while at and text[at - 1] not in _BREAKS:
        at -= 1
    return at
