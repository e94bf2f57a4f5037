"""The list in several files: `include` in `subscribers.yaml` names others, each with defaults of its own.

Owns which files belong to a list and which is whose. A path counts from the file that names it, may be a pattern such
as `readers/*.yaml`, and never leads out of the newsletter folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from digest import marked_yaml
from digest.errors import ConfigurationError, Fault, quoted
from digest.marked_yaml import LocatedDict, LocatedList

_KEY = re.compile(rb"^(?:\xef\xbb\xbf)?include[ \t]*:", re.MULTILINE)
_NEXT = re.compile(rb"^[^ \t\r\n#-]", re.MULTILINE)


class Including:
    """Walks from a list's first file to all that it includes; gathers faults."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.faults: list[Fault] = []

    def name(self, path: Path) -> str:
        """How a file is called in faults: its path within the newsletter folder."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def named_in(self, raw: Any, path: Path, above: Collection[Path]) -> list[Path]:
        """The files that the parsed file `path` includes, in order. `above` are those that lead to it."""
        given = raw.get("include") if isinstance(raw, LocatedDict) else None
        if given is None:
            return []
        line = raw.lines["include"]
        rows = [(given, line)] if isinstance(given, str) else None
        if isinstance(given, LocatedList) and all(isinstance(one, str) for one in given):
            rows = list(zip(given, given.lines, strict=True))
        if rows is None:
            self._fault(path, line, f"'include': expected files such as [readers/desk.yaml], found {quoted(given)}")
            return []
        return [file for text, at in rows for file in self._files(text, path, at, above)]

    def _files(self, text: str, path: Path, line: int, above: Collection[Path]) -> list[Path]:
        if not text.strip() or Path(text).is_absolute():
            self._fault(path, line, f"'include': expected a path within the newsletter folder, found {quoted(text)}")
            return []
        found = _matching(path.parent, text)
        if not found:
            self._fault(path, line, f"'include': there is no file {quoted(text)}")
        files = []
        for file in found:
            real = file.resolve()
            if not real.is_relative_to(self.root):
                self._fault(path, line, f"'include': {quoted(text)} leads out of the newsletter folder")
            elif real in above or real == path:
                way = " → ".join(self.name(one) for one in (*above, path, real))
                self._fault(path, line, f"'include': {quoted(text)} leads back to where it came from ({way})")
            else:
                files.append(real)
        return files

    def _fault(self, path: Path, line: int, message: str) -> None:
        self.faults.append(Fault(self.name(path), line, message))


def contents(path: Path) -> bytes:
    """The names and the bytes of the list's files, one after the other: what is the same while the list is."""
    return b"\0".join(part for file, data in _held(path).items() for part in (bytes(file), data))


def files_of(path: Path) -> list[Path]:
    """The list's files as they lie there now, first the first one, found without reading readers; what is wrong with
    them is not said here."""
    return list(_held(path))


def _held(path: Path) -> dict[Path, bytes]:
    walk = Including(path.parent)
    found: dict[Path, bytes] = {}

    def visit(file: Path, above: tuple[Path, ...]) -> None:
        if file in found:
            return
        found[file] = b""
        try:
            found[file] = file.read_bytes()
            raw = marked_yaml.read_text(_part(found[file]).decode("utf-8-sig"), file.name)
        except (OSError, UnicodeError, ConfigurationError):
            return
        for inner in walk.named_in(raw, file, above):
            visit(inner, (*above, file))

    visit(path.resolve(), ())
    return found


def _part(data: bytes) -> bytes:
    """The lines of the key `include`, of a file that may hold a million others."""
    begun = _KEY.search(data) if b"include" in data else None  # a pattern is slow on a million lines
    if begun is None:
        return b""
    end = _NEXT.search(data, begun.end())
    return data[begun.start() : end.start() if end else len(data)]


def _matching(folder: Path, text: str) -> list[Path]:
    if any(sign in text for sign in "*?["):
        try:
            return sorted(file for file in folder.glob(text) if file.is_file())
        except (ValueError, NotImplementedError, OSError):
            return []
    file = folder / text
    try:
        return [file] if file.is_file() else []
    except OSError:  # a name that no file can have
        return []
