"""Tables on stdout. On a terminal each cell starts at an absolute column, so Devanagari cannot shift what follows it.

Terminals disagree about the width of Devanagari: VTE gives a conjunct such as क्ष two cells, kitty and Ghostty one. No
table of widths is right everywhere, so the escape sequence CHA (ECMA-48, 8.3.9) places the cells.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

import click

from digest.cli.output import shown
from digest.utils.redact import has_known, without_known

_GUTTER = 2
# Columns of a terminal. A column that must shrink keeps this many cells.
_MIN_WIDTH = 10
# State to its colour on a terminal.
COLOURS: Mapping[str, str] = {
    "accepted": "green",
    "done": "green",
    "sending": "cyan",
    "pending": "cyan",
    "rejected": "red",
    "unknown": "red",
    "expired": "red",
    "excluded": "yellow",
    "paused": "yellow",
    "skipped": "yellow",
    "cancelled": "yellow",
}


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a plain table. Columns of numbers are aligned to the right.

    On a terminal the table fits its width: the longest cells are cut at a grapheme cluster. `click.echo` removes the
    escape sequences elsewhere.
    """
    values = [tuple(row) for row in rows]
    cells = [_cells(row) for row in values]
    numeric = [bool(values) and all(_is_number(row[column]) for row in values) for column in range(len(headers))]
    widths = [max(map(_width, column)) for column in zip(headers, *cells, strict=True)]
    place = on_terminal()
    if place:
        widths = _fitted(widths, shutil.get_terminal_size().columns)
        cells = [[_cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    lines = [
        _line(headers, widths, numeric, place=place),
        _line(["-" * width for width in widths], widths, numeric, place=place),
    ]
    lines += [_line(row, widths, numeric, place=place) for row in cells]
    return "\n".join(lines)


def on_terminal() -> bool:
    """Whether stdout is a terminal that understands escape sequences."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def state(text: str) -> str:
    """Colour a state such as 'accepted' or 'unknown'. `click.echo` removes the colour when stdout is not a terminal.

    https://no-color.org asks programs to obey NO_COLOR.
    """
    colour = COLOURS.get(text)
    return click.style(text, fg=colour) if colour and not os.environ.get("NO_COLOR") else text


def _cells(row: Sequence[object]) -> list[str]:
    """The cells as text on one line, without control characters and the secrets in use."""
    texts = [shown(" ".join(str("" if cell is None else cell).split())) for cell in row]
    # One search for a row: a list may have 100,000.
    return [without_known(text) for text in texts] if has_known("\n".join(texts)) else texts


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], *, place: bool) -> str:
    line, column = "", 1
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        padding = " " * (width - _width(cell))
        text = state(cell)
        last = number == len(cells) - 1
        line += f"\x1b[{column}G" if place and number else ""
        line += f"{padding}{text}" if numeric[number] else text if last else f"{text}{padding}"
        line += "" if last else " " * _GUTTER
        column += width + _GUTTER
    return line.rstrip()


def _fitted(widths: Sequence[int], columns: int) -> list[int]:
    """Shrink the widest columns until the table fits into `columns` cells, as far as `_MIN_WIDTH` allows."""
    fitted = list(widths)
    while sum(fitted) + _GUTTER * (len(fitted) - 1) > columns:
        widest = max(fitted)
        if widest <= _MIN_WIDTH:
            break
        fitted[fitted.index(widest)] -= 1
    return fitted


def _cut(text: str, columns: int) -> str:
    from digest.hindi.cut import ELLIPSIS, clusters

    if _width(text) <= columns:
        return text
    kept = ""
    for cluster in clusters(text):
        if _width(kept + cluster) > columns - 1:
            break
        kept += cluster
    return kept.rstrip() + ELLIPSIS


def _width(text: str) -> int:
    from digest.hindi.cut import width

    return width(text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
