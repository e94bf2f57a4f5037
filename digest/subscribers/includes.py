"""Resolve `include` in `subscribers.yaml`: a list may span several files, each with its own defaults.

A path is relative to the file that includes it, may be a pattern such as `readers/*.yaml`, and must stay inside the
newsletter folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.errors import ConfigProblem, ConfigurationError, quoted
from digest.utils.files import read_regular, real_path
from digest.yamlio import reader
from digest.yamlio.reader import LocatedDict, LocatedList

_KEY = re.compile(rb"^(?:\xef\xbb\xbf)?include[ \t]*:", re.MULTILINE)
_NEXT_KEY = re.compile(rb"^[^ \t\r\n#-]", re.MULTILINE)


class IncludeWalk:
    """Finds the files that a list's first file includes, directly or not. Collects problems."""

    def __init__(self, first: Path) -> None:
        self.root = real_path(first.parent)
        self._first, self._first_name = real_path(first), first.name
        self.problems: list[ConfigProblem] = []

    def name(self, path: Path) -> str:
        """Return a file's name in error messages: its path within the newsletter folder."""
        if path == self._first:
            # It may be a link to a file elsewhere, which an admin knows by the name of the link.
            return self._first_name
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def included_files(self, raw: Any, path: Path, parents: Collection[Path]) -> list[Path]:
        """Return the files that the parsed file `path` includes, in order. `parents` are the files leading to it."""
        value = raw.get("include") if isinstance(raw, LocatedDict) else None
        if value is None:
            return []
        line = raw.lines["include"]
        rows = [(value, line)] if isinstance(value, str) else None
        if isinstance(value, LocatedList) and all(isinstance(item, str) for item in value):
            rows = list(zip(value, value.lines, strict=True))
        if rows is None:
            self._problem(path, line, f"'include': expected files such as [lists/desk.yaml], found {quoted(value)}")
            return []
        return [file for text, at in rows for file in self._files(text, path, at, parents)]

    def _files(self, text: str, path: Path, line: int, parents: Collection[Path]) -> list[Path]:
        if not text.strip() or Path(text).is_absolute():
            self._problem(path, line, f"'include': expected a path within the newsletter folder, found {quoted(text)}")
            return []
        found = _matching(path.parent, text)
        if not found:
            self._problem(path, line, f"'include': no file matches {quoted(text)}")
        files = []
        for file in found:
            real = real_path(file)
            if not real.is_relative_to(self.root):
                self._problem(path, line, f"'include': {quoted(text)} is outside the newsletter folder")
            elif real in parents or real == path:
                chain = " → ".join(self.name(one) for one in (*parents, path, real))
                self._problem(path, line, f"'include': {quoted(text)} includes itself ({chain})")
            else:
                files.append(real)
        return files

    def _problem(self, path: Path, line: int, message: str) -> None:
        self.problems.append(ConfigProblem(self.name(path), line, message))


def contents(path: Path, edited: Mapping[Path, bytes] = {}) -> bytes:
    """Return the names and contents of all files of the list, which change whenever the list does."""
    return b"\0".join(part for file, data in read_all(path, edited).files.items() for part in (bytes(file), data))


def files_of(path: Path) -> list[Path]:
    """Return all files of the list, the main one first, without parsing the subscribers. Ignores errors."""
    return list(read_all(path).files)


@dataclass(frozen=True, slots=True)
class ListFiles:
    """The files of a list with their contents, the main one first; b'' for a file that cannot be read.

    `complete` is false if one of them cannot be read, or an `include` cannot be followed.
    """

    files: dict[Path, bytes]
    complete: bool


def read_all(path: Path, edited: Mapping[Path, bytes] = {}) -> ListFiles:
    """Read all files of the list without parsing the subscribers. Ignores errors.

    `edited` are contents of files that are about to be written.
    """
    walk = IncludeWalk(path)
    found: dict[Path, bytes] = {}
    failed: list[Path] = []

    def visit(file: Path, parents: tuple[Path, ...]) -> None:
        if file in found:
            return
        found[file] = b""
        try:
            found[file] = edited[file] if file in edited else read_regular(file)
            raw = reader.read_text(_include_lines(found[file]).decode("utf-8-sig"), file.name)
        except (OSError, UnicodeError, ConfigurationError):
            failed.append(file)
            return
        for included in walk.included_files(raw, file, parents):
            visit(included, (*parents, file))

    visit(real_path(path), ())
    return ListFiles(found, complete=not failed and not walk.problems)


def _include_lines(data: bytes) -> bytes:
    """Return the lines of the key `include`, without parsing the rest of a long file."""
    # The pattern is slow on a million lines.
    start = _KEY.search(data) if b"include" in data else None
    if start is None:
        return b""
    end = _NEXT_KEY.search(data, start.end())
    return data[start.start() : end.start() if end else len(data)]


def _matching(folder: Path, text: str) -> list[Path]:
    if any(char in text for char in "*?["):
        try:
            return sorted(file for file in folder.glob(text) if file.is_file())
        except (ValueError, NotImplementedError, OSError):
            return []
    file = folder / text
    try:
        return [file] if file.is_file() else []
    except OSError:
        # Not a valid file name, for example too long.
        return []
