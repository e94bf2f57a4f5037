"""Tables on stdout. On a terminal each cell starts at an absolute column, so Devanagari cannot shift what follows it.

Terminals disagree about the width of Devanagari: VTE gives a conjunct such as क्ष two cells, kitty and Ghostty one. No
table of widths is right everywhere, so the escape sequence CHA (ECMA-48, 8.3.9) places the cells.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from digest.cli.output import colour, on_terminal, printable
from digest.utils.redact import has_known, without_known

if TYPE_CHECKING:
    from digest.store.workers import Worker

_GUTTER = 2
# Terminal cells. A column that must shrink keeps at least this many.
_MIN_WIDTH = 10
# State to its colour on a terminal.
COLOURS: Mapping[str, str] = {
    "running": "green",
    "draining": "yellow",
    "silent": "red",
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


WORKER_HEADERS = ("worker", "version", "state", "seats", "recipients/s", "has")


def worker_cells(worker: Worker) -> tuple[object, ...]:
    """Return a row below WORKER_HEADERS."""
    return worker.name, worker.version, str(worker.state), worker.seats, round(worker.rate), ", ".join(worker.jobs)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a plain table. Columns of numbers are aligned to the right.

    On a terminal the table fits its width: the longest cells are cut at a grapheme cluster. `click.echo` removes the
    escape sequences elsewhere.
    """
    values = [tuple(row) for row in rows]
    head = [_Cell.of(header) for header in headers]
    cells = [_cells(row) for row in values]
    numeric = [bool(values) and all(_is_number(row[column]) for row in values) for column in range(len(headers))]
    widths = [max(cell.width for cell in column) for column in zip(head, *cells, strict=True)]
    place = on_terminal(sys.stdout)
    if place:
        widths = _fitted(widths, shutil.get_terminal_size().columns)
        cells = [[_cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    lines = [
        _line(head, widths, numeric, place=place),
        _line([_Cell("-" * width, width) for width in widths], widths, numeric, place=place),
    ]
    lines += [_line(row, widths, numeric, place=place) for row in cells]
    return "\n".join(lines)


class _Cell(NamedTuple):
    """Text with its width, measured once: for a long table measuring takes most of the time."""

    text: str
    width: int

    @classmethod
    def of(cls, text: str) -> _Cell:
        from digest.hindi.cut import width

        return cls(text, width(text))


def _cells(row: Sequence[object]) -> list[_Cell]:
    """Return the cells as text on one line, without control characters and the secrets in use."""
    texts = [printable(" ".join(str("" if cell is None else cell).split())) for cell in row]
    # One search per row, because a list may have 100,000 rows.
    if has_known("\n".join(texts)):
        texts = [without_known(text) for text in texts]
    return [_Cell.of(text) for text in texts]


def _line(cells: Sequence[_Cell], widths: Sequence[int], numeric: Sequence[bool], *, place: bool) -> str:
    line, column = "", 1
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        padding = " " * (width - cell.width)
        text = colour(cell.text, COLOURS.get(cell.text))
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


def _cut(cell: _Cell, columns: int) -> _Cell:
    from digest.hindi.cut import ELLIPSIS, clusters, width

    if cell.width <= columns:
        return cell
    kept = ""
    for cluster in clusters(cell.text):
        if width(kept + cluster) > columns - 1:
            break
        kept += cluster
    return _Cell.of(kept.rstrip() + ELLIPSIS)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
