"""Read CSV and JSON Lines that other programs wrote: detect encoding, delimiter and headings, and number the rows."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from digest.errors import ConfigurationError
from digest.messages import Message

_DELIMITERS = ",;\t|"
_BLOCK = 1 << 20
# Characters of the first row.
_MAX_FIRST_ROW = 1 << 20
# Lines. A longer row means that a quotation mark was never closed.
_MAX_ROW_LINES = 50


class FileRow(NamedTuple):
    """One row as heading (lower case) → cell, or the reason why it can't be read."""

    line: int
    cells: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file of rows. The delimiter is empty for JSON Lines; `bare` means that a CSV file has no headings."""

    path: Path
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    bare: bool = False

    def rows(self) -> Iterator[FileRow]:
        """Yield every row except headings and blank lines. Raises ConfigurationError if the rest is unreadable."""
        with self.path.open(encoding=self.encoding, newline="") as file, _decode_errors(self.path, self.encoding):
            yield from self._table(file) if self.delimiter else self._objects(file)

    def _table(self, file: Any) -> Iterator[FileRow]:
        names = [heading.strip().lower() for heading in self.headings]
        width = len(names)
        reader = csv.reader(file, delimiter=self.delimiter, strict=True)
        line, expect_headings = 1, not self.bare
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise self._unclosed_error(line) from None
                if "field limit" in str(error):
                    limit = f"{csv.field_size_limit():,}"
                    message = f"a field has more than {limit} characters; is a quotation mark never closed?"
                    raise ConfigurationError.at(self.path.name, message, line=line) from None
                yield FileRow(line, {}, Message("is not valid CSV: %(words)s", words=error))
                line = reader.line_num + 1
                continue
            start, line = line, reader.line_num + 1
            if line - start > _MAX_ROW_LINES:
                raise self._unclosed_error(start)
            if expect_headings or not any(cells):
                expect_headings = expect_headings and not any(cells)
                continue
            if len(cells) > width and any(cells[width:]):
                message = Message(
                    "has %(num)s columns instead of %(width)s; put text with %(name)s in quotes",
                    num=len(cells),
                    width=width,
                    name=f"{self.delimiter!r}",
                )
                yield FileRow(start, dict(zip(names, cells, strict=False)), message)
            else:
                # Passing `strict` makes zip three times slower.
                yield FileRow(start, dict(zip(names, cells)))  # noqa: B905

    def _objects(self, file: Any) -> Iterator[FileRow]:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield FileRow(
                    line, {}, Message("is not JSON: %(words)s", words=getattr(error, "msg", "nested too deeply"))
                )
                continue
            if "\\ud" in text.lower() and not _is_encodable(value):
                yield FileRow(line, {}, "contains half a surrogate pair, such as \\ud83d alone")
            elif isinstance(value, dict):
                yield FileRow(
                    line, {key.strip().lower(): cell for key, cell in value.items() if cell not in (None, "")}
                )
            else:
                yield FileRow(line, {}, 'expected an object such as {"email": "asha@example.com"}')

    def _unclosed_error(self, line: int) -> ConfigurationError:
        message = Message("a quotation mark in this row is never closed; nothing was imported")
        return ConfigurationError.at(self.path.name, message, line=line)


def open_list(path: Path, *, json_lines: bool | None) -> ListFile:
    """Detect the file's format; `json_lines` None detects that too. Raises ConfigurationError if it is not a list."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file, _decode_errors(path, encoding):
        line = "\n"
        while line and not line.strip():
            line = file.readline(_MAX_FIRST_ROW)
    line = line.lstrip("\ufeff")
    if len(line) == _MAX_FIRST_ROW and not line.lstrip().startswith("{"):
        raise file_problem(
            path, f"has {_MAX_FIRST_ROW:,} characters in its first row; expected headings, then one subscriber per row"
        )
    if not line:
        raise file_problem(path, Message("is empty; expected a row of headings, then one subscriber per row"))
    if line.lstrip().startswith("{") if json_lines is None else json_lines:
        return ListFile(path, encoding, "", ())
    delimiter = max(_DELIMITERS, key=lambda char: (_count_outside_quotes(line, char), -_DELIMITERS.index(char)))
    try:
        headings = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise file_problem(path, f"is not valid CSV in its first row: {error}") from None
    # Headings contain no addresses, so this row is a subscriber already.
    if any("@" in cell for cell in headings):
        named = tuple("email" if "@" in cell else f"column {at}" for at, cell in enumerate(headings, 1))
        return ListFile(path, encoding, delimiter, named, bare=True)
    return ListFile(path, encoding, delimiter, tuple(headings))


def _encoding(path: Path) -> str:
    """Detect UTF-8, UTF-16 with a byte order mark, or else Windows-1252."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if head.startswith(b"PK\x03\x04"):
                raise file_problem(
                    path, Message("is a ZIP archive or an Excel sheet; extract it, or save the sheet as CSV")
                )
            if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
                raise file_problem(path, "is UTF-32 text; save it as UTF-8")
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            file.seek(0)
            decoder = codecs.getincrementaldecoder("utf-8")()
            try:
                while block := file.read(_BLOCK):
                    if b"\0" in block:
                        raise file_problem(path, Message("is a binary file, not text"))
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                file.seek(0)
                # Bytes that Windows-1252 does not define.
                undefined = [bytes([byte]) for byte in b"\x81\x8d\x8f\x90\x9d"]
                while block := file.read(_BLOCK):
                    if any(byte in block for byte in undefined):
                        raise file_problem(
                            path, Message("is neither UTF-8 nor Windows-1252 text; save it as UTF-8")
                        ) from None
                return "cp1252"
    except OSError as error:
        raise file_problem(path, f"can't be read: {error.strerror or error}") from None
    return "utf-8-sig"


@contextmanager
def _decode_errors(path: Path, encoding: str) -> Iterator[None]:
    """Report decoding errors. Only UTF-16 has any here: `_encoding` has decoded all other files already."""
    try:
        yield
    except UnicodeError:
        message = f"is truncated or damaged {encoding.upper()} text; nothing was imported. Save it as UTF-8"
        raise file_problem(path, message) from None


def _is_encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _count_outside_quotes(line: str, char: str) -> int:
    return sum(part.count(char) for part in line.split('"')[::2])


def file_problem(path: Path, message: str) -> ConfigurationError:
    """Return the error that a file to import cannot be read."""
    return ConfigurationError.at(path.name, message)


def original_rows(
    file: ListFile, headings: Sequence[str], reasons: Mapping[int, str]
) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line, cells, reason) of the rows that start on the lines in `reasons`, unchanged."""
    names = [heading.strip().lower() for heading in headings]
    for row in file.rows():
        if row.line in reasons:
            yield row.line, [str(row.cells.get(name, "")) for name in names], reasons[row.line]
