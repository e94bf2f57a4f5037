"""Import the ZIP that Mailchimp exports: one CSV file each for subscribed, unsubscribed, cleaned and nonsubscribed.

Extraction is limited in files and bytes, whatever the archive's directory claims. All rows of all files are numbered
consecutively.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from digest.messages import Message
from digest.subscribers.imports.file import file_problem, original_rows
from digest.subscribers.imports.reader import LeftOut, ListReading, Reject
from digest.subscribers.imports.rows import Incoming

KINDS = ("subscribed", "unsubscribed", "cleaned", "nonsubscribed")
"""Start of the file names, before `_email_audience_export_….csv`."""

_MAX_FILES = 20
_MAX_BYTES = 1 << 30
# A compression ratio above this limit is a ZIP bomb; lists of subscribers reach about 10.
_MAX_RATIO = 200
# Extracted bytes to which the ratio does not apply.
_RATIO_EXEMPT_BYTES = 10 << 20
# Bytes of the archive's directory, which is read into memory.
_MAX_DIRECTORY_BYTES = 1 << 20
# Signature of the end of the central directory.
_END = b"PK\x05\x06"
_BLOCK = 1 << 16
# Line numbers reserved for each file.
_STEP = 100_000_000
_IGNORED = "is not a list of Mailchimp's and was ignored"


@dataclass(frozen=True, slots=True)
class ListBundle:
    """Lists that are imported together. Line numbers continue from file to file; `locate` converts them back."""

    parts: tuple[ListReading, ...]

    def rows(self, reject: Reject, left_out: LeftOut = lambda _line, _email, _topic: None) -> Iterator[Incoming]:
        """Yield the valid rows of all lists; call `reject` for all others, and `left_out` as `ListReading` does."""
        yield from self.parts[0].rows(reject, left_out)
        for number, part in enumerate(self.parts[1:], 1):
            start = number * _STEP
            for row in part.rows(_shift_lines(reject, start), _shift_lines(left_out, start)):
                yield row._replace(line=start + row.line)

    def locate(self, line: int) -> tuple[str, int]:
        """Return the file's name and the line in it."""
        number, line = divmod(line, _STEP)
        return self.parts[number].file.path.name, line

    def describe_line(self, line: int) -> str:
        """Describe a row's place in words."""
        name, line = self.locate(line)
        return Message("line %(num)s", num=line) if len(self.parts) == 1 else f"line {line} of {name}"

    @property
    def headings(self) -> list[str]:
        """The headings of all files, without duplicates."""
        named = (part.file.headings or tuple(part.columns.values()) for part in self.parts)
        return list({heading.strip().lower(): heading for headings in named for heading in headings}.values())

    def original_rows(self, reasons: Mapping[int, str]) -> Iterator[tuple[int, list[str], str]]:
        """Yield (line, cells under `headings`, reason) of the rows on the lines in `reasons`, unchanged."""
        for number, part in enumerate(self.parts):
            own = {line % _STEP: reason for line, reason in reasons.items() if line // _STEP == number}
            for line, cells, reason in original_rows(part.file, self.headings, own) if own else ():
                yield number * _STEP + line, cells, reason


def _shift_lines(reject: Reject, start: int) -> Reject:
    return lambda line, email, reason: reject(start + line, email, reason)


@contextmanager
def extract_lists(path: Path) -> Iterator[tuple[list[Path], list[str]]]:
    """Extract a ZIP to a temporary folder; yield its lists and notes on other files. Raises ConfigurationError."""
    if not _is_zip(path):
        yield [path], []
        return
    with tempfile.TemporaryDirectory(prefix="digest-") as folder:
        try:
            extracted = _extract(path, Path(folder))
        except (zipfile.BadZipFile, zlib.error, EOFError):
            damaged = Message("the ZIP archive is damaged")
            raise file_problem(path, Message("can't be extracted: %(words)s", words=damaged)) from None
        except (NotImplementedError, RuntimeError, ValueError) as error:
            raise file_problem(path, Message("can't be extracted: %(words)s", words=_first_line(error))) from None
        except OSError as error:
            raise file_problem(path, Message("can't be extracted: %(words)s", words=error.strerror or error)) from None
        yield extracted


def _extract(path: Path, folder: Path) -> tuple[list[Path], list[str]]:
    if _directory_bytes(path) > _MAX_DIRECTORY_BYTES:
        raise file_problem(path, f"contains too many files for an export of lists (at most {_MAX_FILES})")
    with zipfile.ZipFile(path) as archive:
        entries = {one: PurePosixPath(one.filename) for one in archive.infolist() if not one.is_dir()}
        if "[Content_Types].xml" in archive.NameToInfo:
            raise file_problem(path, Message("is an Excel sheet or another Office document; save the sheet as CSV"))
        chosen = [
            (KINDS.index(kind), one, name.name)
            for one, name in entries.items()
            if (kind := name.name.partition("_")[0]) in KINDS and name.suffix.lower() == ".csv"
        ]
        if not chosen:
            kinds = ", ".join(f"{kind}_….csv" for kind in KINDS)
            raise file_problem(
                path, f"is a ZIP archive without any of Mailchimp's lists ({kinds}); extract it yourself"
            )
        names = [name for _kind, _one, name in chosen]
        if len(chosen) > _MAX_FILES or len(set(names)) < len(names):
            raise file_problem(
                path, f"contains {len(chosen)} lists; expected at most {_MAX_FILES}, each with its own name"
            )
        bytes_left = min(_MAX_BYTES, max(_RATIO_EXEMPT_BYTES, path.stat().st_size * _MAX_RATIO))
        found = []
        for _kind, one, name in sorted(chosen, key=lambda row: (row[0], row[2])):
            if one.flag_bits & 1:
                raise file_problem(path, f"{name} in it is protected by a password; extract it yourself")
            target = folder / name.replace("\\", "_").replace("\0", "_")
            with archive.open(one) as packed, target.open("wb") as file:
                bytes_left -= _copy(packed, file, bytes_left, path, name)
            if target.stat().st_size:
                found.append(target)
        if not found:
            raise file_problem(path, Message("contains only empty lists"))
        others = [str(name) for name in entries.values() if name.name not in names]
        return found, [f"{name!r} in it {_IGNORED}" for name in others[:3]]


def _copy(packed: IO[bytes], file: IO[bytes], bytes_left: int, path: Path, name: str) -> int:
    """Copy at most `bytes_left` bytes and return their number. The sizes in the archive's directory may be false."""
    count = 0
    while block := packed.read(_BLOCK):
        count += len(block)
        if count > bytes_left:
            raise file_problem(path, f"{name} in it is suspiciously large for its compressed size; extract it to check")
        file.write(block)
    return count


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", _END)
    except OSError:
        # Opening it reports the error.
        return False


def _directory_bytes(path: Path) -> int:
    """Return the size of the archive's directory; 0 if there is none, which opening the archive reports."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
    at = tail.rfind(_END)
    return int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
