"""Lists within a ZIP as Mailchimp exports it: one file each for who subscribed, left, was cleaned, never agreed.

Owns unpacking, bounded in files and bytes whatever the archive says of itself, and telling a row of several files by
one number. What the lists mean is `importing`'s.
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

from digest.errors import ConfigurationError, Fault
from digest.subscribers.importing import ListReading, Reject
from digest.subscribers.incoming import Incoming
from digest.subscribers.listfile import originals

KINDS = ("subscribed", "unsubscribed", "cleaned", "nonsubscribed")
"""How the names of Mailchimp's files begin, before `_email_audience_export_….csv`."""

_MOST_FILES = 20
_MOST_BYTES = 1 << 30
_FREE_BYTES = 10 << 20  # of which nobody asks how well they were packed
_MOST_PACKED = 200  # times; lists of readers come to 10
_MOST_NAMES = 1 << 20  # bytes of the archive's directory, which is read as a whole
_END = b"PK\x05\x06"
_BLOCK = 1 << 16
_STEP = 100_000_000  # lines of a file
_PASSED_OVER = "is no list of Mailchimp's and is passed over"


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists that are taken in together. A row's line counts on from file to file, in steps; `place` takes it apart."""

    parts: tuple[ListReading, ...]

    def readers(self, reject: Reject) -> Iterator[Incoming]:
        """Every row that is a reader; `reject` is told (line, address, reason) of each other."""
        yield from self.parts[0].readers(reject)
        for number, part in enumerate(self.parts[1:], 1):
            start = number * _STEP
            for one in part.readers(_shifted(reject, start)):
                yield one._replace(line=start + one.line)

    def place(self, line: int) -> tuple[str, int]:
        """(the file's name, the line in it)."""
        number, line = divmod(line, _STEP)
        return self.parts[number].file.path.name, line

    def where(self, line: int) -> str:
        """The place of a row within what was imported, in words."""
        name, line = self.place(line)
        return f"line {line}" if len(self.parts) == 1 else f"line {line} of {name}"

    @property
    def headings(self) -> list[str]:
        """Those of every file, each once."""
        named = (part.file.headings or tuple(part.columns.values()) for part in self.parts)
        return list({heading.strip().lower(): heading for headings in named for heading in headings}.values())

    def originals(self, lines: Mapping[int, str]) -> Iterator[tuple[int, list[str], str]]:
        """(line, cells under `headings`, what is said of it) of the rows on these lines, as they were."""
        for number, part in enumerate(self.parts):
            own = {line % _STEP: said for line, said in lines.items() if line // _STEP == number}
            for line, cells, said in originals(part.file, self.headings, own) if own else ():
                yield number * _STEP + line, cells, said


def _shifted(reject: Reject, start: int) -> Reject:
    return lambda line, email, reason: reject(start + line, email, reason)


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[list[Path], list[str]]]:
    """The files of lists that `path` is or holds, as long as the block lasts, and what is to be said of others within.
    Raises ConfigurationError for an archive that is broken, holds no list, or more than lists are."""
    if not _is_zip(path):
        yield [path], []
        return
    with tempfile.TemporaryDirectory(prefix="digest-") as folder:
        try:
            found = _unpack(path, Path(folder))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise _fault(path, f"can't be unpacked: {_words(error)}") from None
        except OSError as error:
            raise _fault(path, f"can't be unpacked: {error.strerror or error}") from None
        yield found


def _unpack(path: Path, folder: Path) -> tuple[list[Path], list[str]]:
    if _directory_bytes(path) > _MOST_NAMES:
        raise _fault(path, f"holds more files than an export of lists has (at most {_MOST_FILES})")
    with zipfile.ZipFile(path) as archive:
        entries = {one: PurePosixPath(one.filename) for one in archive.infolist() if not one.is_dir()}
        if "[Content_Types].xml" in archive.NameToInfo:
            raise _fault(path, "is an Excel sheet or another Office document; save the sheet as CSV")
        chosen = [
            (KINDS.index(kind), one, name.name)
            for one, name in entries.items()
            if (kind := name.name.partition("_")[0]) in KINDS and name.suffix.lower() == ".csv"
        ]
        if not chosen:
            kinds = ", ".join(f"{kind}_….csv" for kind in KINDS)
            raise _fault(path, f"is a ZIP archive without any of Mailchimp's lists ({kinds}); unpack it")
        names = [name for _kind, _one, name in chosen]
        if len(chosen) > _MOST_FILES or len(set(names)) < len(names):
            raise _fault(path, f"holds {len(chosen)} lists; expected each name once and at most {_MOST_FILES}")
        room = min(_MOST_BYTES, max(_FREE_BYTES, path.stat().st_size * _MOST_PACKED))
        found = []
        for _kind, one, name in sorted(chosen, key=lambda row: (row[0], row[2])):
            if one.flag_bits & 1:
                raise _fault(path, f"{name} within it is locked by a password; unpack it")
            target = folder / name.replace("\\", "_").replace("\0", "_")
            with archive.open(one) as packed, target.open("wb") as file:
                room -= _copied(packed, file, room, path, name)
            if target.stat().st_size:
                found.append(target)
        if not found:
            raise _fault(path, "holds lists, but all of them are empty")
        others = [str(name) for name in entries.values() if name.name not in names]
        return found, [f"{name!r} within it {_PASSED_OVER}" for name in others[:3]]


def _copied(packed: IO[bytes], file: IO[bytes], room: int, path: Path, name: str) -> int:
    """What was really there counts, not what the archive says of it."""
    count = 0
    while block := packed.read(_BLOCK):
        count += len(block)
        if count > room:
            raise _fault(path, f"{name} within it is larger than a list packed so small can be; unpack it to look")
        file.write(block)
    return count


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", _END)
    except OSError:
        return False  # which reading it says


def _directory_bytes(path: Path) -> int:
    """How long the archive's directory says to be; 0 where none is found, which opening it says."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
    at = tail.rfind(_END)
    return int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0


def _words(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _fault(path: Path, said: str) -> ConfigurationError:
    return ConfigurationError([Fault(path.name, 0, said)])
