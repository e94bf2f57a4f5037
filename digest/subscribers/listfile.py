"""A list that another program wrote: its encoding, delimiter and headings, and its rows with their lines.

Owns CSV and JSON Lines as such. What a heading means is `importing`'s business.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from digest.errors import ConfigurationError, Fault

_DELIMITERS = ",;\t|"
_BLOCK = 1 << 20
_LONGEST_LINE = 1 << 20
"""Characters of the first row."""
_LONGEST_ROW = 50
"""Lines; a row of more is a quotation mark that was never closed."""


class Row(NamedTuple):
    """One row by heading (lower case, '' cells left out), or what is wrong with it."""

    line: int
    cells: Mapping[str, Any]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file of rows. `headings` as they are written; empty `delimiter`: JSON Lines; `bare`: it has no headings and
    its first column with an address is `email`."""

    path: Path
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    bare: bool = False

    def rows(self) -> Iterator[Row]:
        """Every row but the headings and blank lines. Raises ConfigurationError where the file can't be read on."""
        with self.path.open(encoding=self.encoding, newline="") as file, _decoded(self.path, self.encoding):
            yield from self._table(file) if self.delimiter else self._objects(file)

    def _table(self, file: Any) -> Iterator[Row]:
        names = [heading.strip().lower() for heading in self.headings]
        width = len(names)
        reader = csv.reader(file, delimiter=self.delimiter, strict=True)
        line, head = 1, not self.bare
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise self._unclosed(line) from None
                if "field limit" in str(error):
                    most = f"{csv.field_size_limit():,}"
                    said = f"has a field of more than {most} characters; a quotation mark never closed?"
                    raise ConfigurationError([Fault(self.path.name, line, said)]) from None
                yield Row(line, {}, f"is no valid CSV: {error}")
                line = reader.line_num + 1
                continue
            start, line = line, reader.line_num + 1
            if line - start > _LONGEST_ROW:
                raise self._unclosed(start)
            if head or not any(cells):
                head = head and not any(cells)
                continue
            if len(cells) > width and any(cells[width:]):
                said = f"has {len(cells)} columns, the headings are {width}; text with {self.delimiter!r} wants quotes"
                yield Row(start, dict(zip(names, cells, strict=False)), said)
            else:
                yield Row(start, dict(zip(names, cells)))  # noqa: B905  in a third of the time

    def _objects(self, file: Any) -> Iterator[Row]:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield Row(line, {}, f"is no JSON: {getattr(error, 'msg', 'nested too deeply')}")
                continue
            if "\\ud" in text.lower() and not _is_whole(value):
                yield Row(line, {}, "holds half a character, such as \\ud83d without the other half")
            elif isinstance(value, dict):
                yield Row(line, {key.strip().lower(): held for key, held in value.items() if held not in (None, "")})
            else:
                yield Row(line, {}, 'expected an object such as {"email": "asha@example.com"}')

    def _unclosed(self, line: int) -> ConfigurationError:
        said = "a quotation mark is opened in this row and never closed; nothing was imported"
        return ConfigurationError([Fault(self.path.name, line, said)])


def open_list(path: Path, *, json_lines: bool | None = None) -> ListFile:
    """Looks at the file. `json_lines` None: told by what it holds. Raises ConfigurationError when it is no list."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file, _decoded(path, encoding):
        line = "\n"
        while line and not line.strip():
            line = file.readline(_LONGEST_LINE)
    line = line.lstrip("\ufeff")
    if len(line) == _LONGEST_LINE and not line.lstrip().startswith("{"):
        raise _fault(path, f"has {_LONGEST_LINE:,} characters in its first row; expected headings, then a reader a row")
    if not line:
        raise _fault(path, "is empty; expected a row of headings, then a reader a row")
    if line.lstrip().startswith("{") if json_lines is None else json_lines:
        return ListFile(path, encoding, "", ())
    delimiter = max(_DELIMITERS, key=lambda sign: (_outside_quotes(line, sign), -_DELIMITERS.index(sign)))
    try:
        headings = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _fault(path, f"is no valid CSV in its first row: {error}") from None
    if any("@" in cell for cell in headings):  # no heading has one: these are readers already
        named = tuple("email" if "@" in cell else f"column {at}" for at, cell in enumerate(headings, 1))
        return ListFile(path, encoding, delimiter, named, bare=True)
    return ListFile(path, encoding, delimiter, tuple(headings))


def _encoding(path: Path) -> str:
    """UTF-8 (with or without a mark), UTF-16 with a mark, or what Windows programs write where it is neither."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if head.startswith(b"PK\x03\x04"):
                raise _fault(path, "is a ZIP archive or an Excel sheet; unpack it, or save the sheet as CSV")
            if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
                raise _fault(path, "is UTF-32 text; save it as UTF-8")
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            file.seek(0)
            decoder = codecs.getincrementaldecoder("utf-8")()
            undecided: set[bytes] = set()
            try:
                while block := file.read(_BLOCK):
                    if b"\0" in block:
                        raise _fault(path, "is no text")
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                file.seek(0)
                undecided = {bytes([sign]) for sign in b"\x81\x8d\x8f\x90\x9d"}
                while block := file.read(_BLOCK):
                    if any(sign in block for sign in undecided):
                        raise _fault(path, "is neither UTF-8 nor Windows-1252 text; save it as UTF-8") from None
                return "cp1252"
    except OSError as error:
        raise _fault(path, f"can't be read: {error.strerror}") from None
    return "utf-8-sig"


@contextmanager
def _decoded(path: Path, encoding: str) -> Iterator[None]:
    """What was looked at as a whole before is text; UTF-16 is not, and may break off in the middle of a character."""
    try:
        yield
    except UnicodeError:
        said = f"is broken {encoding.upper()} text, cut off or spoilt; nothing was imported. Save it as UTF-8"
        raise _fault(path, said) from None


def _is_whole(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _outside_quotes(line: str, sign: str) -> int:
    return sum(part.count(sign) for part in line.split('"')[::2])


def _fault(path: Path, said: str) -> ConfigurationError:
    return ConfigurationError([Fault(path.name, 0, said)])


def originals(
    file: ListFile, headings: Sequence[str], lines: Mapping[int, str]
) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, what is said of it) of the rows that begin on these lines, as they were."""
    names = [heading.strip().lower() for heading in headings]
    for row in file.rows():
        if row.line in lines:
            yield row.line, [str(row.cells.get(name, "")) for name in names], lines[row.line]
