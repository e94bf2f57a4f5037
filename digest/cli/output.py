"""Output of commands: results on stdout (text, tables or one JSON document), notes on stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.utils.redact import has_known, redact, without_known
from digest.utils.text import plural as plural

if TYPE_CHECKING:
    from digest.store.sending.status import UnknownBatch
    from digest.store.workers import Worker

# The most addresses in a sentence.
_MAX_NAMED = 20

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def emit(document: Any) -> None:
    """Print one JSON document to stdout, without the secrets in use."""
    written = json.dumps(document, ensure_ascii=False, indent=2)
    if without_known(written) != written:
        written = json.dumps(_without_secrets(document), ensure_ascii=False, indent=2)
    click.echo(written)


def answer(document: Any, text: str, *, as_json: bool) -> None:
    """Print the result of a command: as JSON, or as text."""
    if as_json:
        emit(document)
    else:
        click.echo(text)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that the command was asked for, and its folder. Raises DigestError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise DigestError(f"{path}: cannot be written: {error.strerror}") from error


def named(emails: Sequence[str]) -> str:
    """Name the first addresses, and how many more there are."""
    more = f" and {len(emails) - _MAX_NAMED:,} more (--json names all)" if len(emails) > _MAX_NAMED else ""
    return f"{', '.join(emails[:_MAX_NAMED])}{more}"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return without_known(value)
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list | tuple) else value


def note(sentence: str) -> None:
    """Print a line for the operator to stderr, without secrets."""
    click.echo(printable(redact(sentence)), err=True)


def printable(text: str) -> str:
    """Replace characters that a terminal would interpret. Our output contains names and responses from outside."""
    kept = "\n\t\u200c\u200d\u00a0"
    return "".join(sign if sign.isprintable() or sign in kept else "\ufffd" for sign in text)


def require_addresses(option: str, addresses: Sequence[str]) -> None:
    """Raise ConfigurationError with a sentence for each value of an option that is not an email address."""
    from digest.subscribers.address import normalise

    invalid = []
    for address in addresses:
        try:
            normalise(address)
        except ValueError as error:
            invalid.append(ConfigProblem(option, 0, f"{address!r} is not a valid email address: {error}"))
    if invalid:
        raise ConfigurationError(invalid)


def on_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that understands escape sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colour(text: str, colour: str | None) -> str:
    """Colour a text. `click.echo` removes the colour when stdout is not a terminal.

    https://no-color.org asks programs to obey NO_COLOR.
    """
    return click.style(text, fg=colour) if colour and not os.environ.get("NO_COLOR") else text


def unsendable_note(batches: Sequence[UnknownBatch]) -> str:
    """Return a sentence that says why these batches cannot be sent."""
    names = ", ".join(sorted({batch.transport for batch in batches}))
    return (
        f"{plural(len(batches), 'batch', 'batches')} may already have been sent by {names}, which is no longer in "
        "delivery.transport. Add it back or run `digest reconcile`."
    )


def shorten(text: str, limit: int) -> str:
    """Cut `text` to one line of at most `limit` grapheme clusters."""
    from digest.hindi.cut import shorten

    return shorten(" ".join(text.split()), limit)


def ago(moment: datetime | None, now: datetime) -> str:
    """Format a time relative to now: 'just now', '5 min ago', '3 days ago', 'in 5 min'. None becomes ''."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 60:
        return "just now"
    span = _span(abs(seconds))
    return f"{span} ago" if seconds > 0 else f"in {span}"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


# Cells between the columns of a table.
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


# The columns of `worker_cells`.
WORKER_HEADERS = ("worker", "version", "state", "seats", "recipients/s", "has")


def worker_cells(worker: Worker) -> tuple[object, ...]:
    """Return a row below WORKER_HEADERS."""
    return worker.name, worker.version, str(worker.state), worker.seats, round(worker.rate), ", ".join(worker.jobs)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a plain table. Columns of numbers are aligned to the right.

    On a terminal the table fits its width: the longest cells are cut at a grapheme cluster. Each cell starts at an
    absolute column there (CHA of ECMA-48, 8.3.9), so that Devanagari cannot shift what follows it: VTE gives a conjunct
    such as क्ष two cells, kitty and Ghostty one. `click.echo` removes the escape sequences elsewhere.
    """
    values = [tuple(row) for row in rows]
    head = [_Cell.of(header) for header in headers]
    cells = [_cells(row) for row in values]
    numeric = [bool(values) and all(_is_number(row[column]) for row in values) for column in range(len(headers))]
    widths = [max(cell.width for cell in column) for column in zip(head, *cells, strict=True)]
    place = on_terminal(sys.stdout)
    if place:
        widths = _fit_widths(widths, shutil.get_terminal_size().columns)
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


def _fit_widths(widths: Sequence[int], columns: int) -> list[int]:
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
