"""List, add and remove rows of `sources` in `digest.yaml`. Each edit is validated before it is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digest.collect.cleaning.identity import canonical_url
from digest.collect.feeds.opml import Outline
from digest.config import loader
from digest.errors import ConfigProblem, ConfigurationError
from digest.hindi.cut import shorten
from digest.hindi.text import fold
from digest.utils.files import real_path, resolve_path
from digest.yamlio import reader
from digest.yamlio.editor import YamlListEditor, edit_lock

MAX_NAME = 60
"""Grapheme clusters. The name appears with each story, on one line of the email."""

_VARIABLE = "DIGEST_SOURCES"
_NO_SOURCES = "'sources' is empty; add a source to collect from"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the file, before validation. Rows of the same source have equal `place`."""

    name: str
    place: str
    line: int


@dataclass(frozen=True, slots=True)
class SkippedFeed:
    """A feed that is not added. `name` and `line` are those of the source that it duplicates, or else of the feed."""

    url: str
    name: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Rows to add, feeds to skip, and the number of feeds in each folder whose name is not a section.

    `untitled` are URLs without a title in the file: their rows are named after the host.
    """

    rows: tuple[dict[str, Any], ...]
    skipped: tuple[SkippedFeed, ...]
    ignored: Mapping[str, int]
    untitled: frozenset[str]


def list_sources(home: Path) -> list[SourceRow]:
    """Return the rows of the file, ignoring environment variables. Raises ConfigurationError."""
    value = reader.read_file(home / loader.FILE_NAME)
    rows = value.get("sources") if isinstance(value, dict) else None
    if not isinstance(rows, reader.LocatedList):
        return []
    located = zip(rows, rows.lines, strict=True)
    return [
        SourceRow(str(row.get("name", "")), place_key(home, row), line)
        for row, line in located
        if isinstance(row, dict)
    ]


def no_sources(home: Path, environment: Mapping[str, str]) -> ConfigProblem:
    """Return the error of settings without a source, with the line of the key if the file gives them."""
    if environment_overrides(environment):
        return ConfigProblem(_VARIABLE, 0, _NO_SOURCES)
    value = reader.read_file(home / loader.FILE_NAME)
    line = value.lines.get("sources", 0) if isinstance(value, reader.LocatedDict) else 0
    return ConfigProblem(loader.FILE_NAME, line, _NO_SOURCES)


def environment_overrides(environment: Mapping[str, str]) -> bool:
    """Whether an environment variable replaces the file's sources."""
    return _VARIABLE in environment


def parse_target(home: Path, target: str) -> dict[str, str]:
    """Return the `url` or `path` of a new row: relative to the current folder if it exists there, else to `home`."""
    target = target.strip()
    if "://" in target or target.lower().startswith("file:"):
        scheme, colon, rest = target.partition(":")
        return {"url": scheme.lower() + colon + rest}
    # Path.expanduser raises for an unknown user.
    path = Path(os.path.expanduser(target))  # noqa: PTH111
    found = path if path.is_absolute() or path.exists() else home / path
    absolute, root = real_path(found), real_path(home)
    inside = absolute.is_relative_to(root)
    return {"path": (absolute.relative_to(root) if inside else absolute).as_posix()}


def place_key(home: Path, row: Mapping[str, Any]) -> str:
    """Return a key that identifies a place: the URL without its scheme, or the absolute path."""
    url = str(row.get("url") or "").strip()
    if url:
        return (canonical_url(url) or url).partition("://")[2].rstrip("/")
    return str(real_path(resolve_path(home, str(row.get("path") or ""))))


def name_for(title: str, place: Mapping[str, str], taken: Iterable[str]) -> str:
    """Return a unique name: the feed's title, else the host or file name, with a number if it is taken."""
    # The joiners ZWNJ and ZWJ are part of Hindi words, though not "printable".
    words = "".join(char if char.isprintable() or char in "\u200c\u200d" else " " for char in title)
    host = (urlsplit(place["url"]).hostname or place["url"]) if "url" in place else Path(place["path"]).stem
    name = shorten(words, MAX_NAME) or host.removeprefix("www.") or "source"
    known = {one.casefold() for one in taken}
    number, unique = 2, name
    while unique.casefold() in known:
        number, unique = number + 1, f"{name} {number}"
    return unique


def check_row(row: Mapping[str, Any], label: str) -> None:
    """Validate a new row as part of the settings. Raises ConfigurationError; `label` names the place in it."""
    data = {"newsletter": {"name": "x", "sender": {"email": "x@example.com"}}, "sources": [dict(row)]}
    try:
        loader.from_data(data, {})
    except ConfigurationError as error:
        messages = [
            problem.message.replace("sources[1].", "").removeprefix("'sources[1]': ") for problem in error.problems
        ]
        raise ConfigurationError([ConfigProblem(label, 0, message) for message in messages]) from None


def plan_import(home: Path, outlines: Sequence[Outline], *, sections: Sequence[str], by_folder: bool) -> ImportPlan:
    """Plan which feeds to add. With `by_folder`, a feed's section is its innermost folder that names a section."""
    existing = list_sources(home)
    known = {row.place: row for row in existing}
    # Keeps all names, because two rows may have the same place.
    names = [row.name for row in existing]
    folded = {fold(section): section for section in sections}
    rows: list[dict[str, Any]] = []
    skipped: list[SkippedFeed] = []
    ignored: dict[str, int] = {}
    planned: dict[str, tuple[str, int]] = {}
    for outline in outlines:
        place = {"url": outline.url}
        key = place_key(home, place)
        if key in known:
            skipped.append(SkippedFeed(outline.url, known[key].name, known[key].line, "is already a source"))
            continue
        if key in planned:
            skipped.append(SkippedFeed(outline.url, *planned[key], "is in the file twice"))
            continue
        name = name_for(outline.title, place, names)
        row: dict[str, Any] = {"name": name, **place}
        section = next((folded[fold(word)] for word in reversed(outline.folders) if fold(word) in folded), "")
        if section and by_folder:
            row["section"] = section
        elif by_folder and outline.folders:
            ignored[outline.folders[-1]] = ignored.get(outline.folders[-1], 0) + 1
        try:
            check_row(row, "row")
        except ConfigurationError as error:
            skipped.append(
                SkippedFeed(outline.url, name, outline.line, f"is not a valid source: {error.problems[0].message}")
            )
            continue
        names.append(name)
        planned[key] = (name, outline.line)
        rows.append(row)
    untitled = frozenset(outline.url for outline in outlines if not outline.title)
    return ImportPlan(tuple(rows), tuple(skipped), ignored, untitled)


def add(home: Path, rows: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> int:
    """Append rows in one write and return the line of the first. Raises EditNotPossible, ConfigurationError."""
    with edit_lock(home / loader.FILE_NAME):
        editor = _editor(home)
        editor.add(*rows)
        editor.save(validate=lambda value: _check_settings(value, environment))
        return list_sources(home)[-len(rows)].line


def change(home: Path, name: str, fields: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Set fields of a source; None removes one. False if there is none of this name.

    Raises EditNotPossible, ConfigurationError.
    """

    def set_fields(editor: YamlListEditor, index: int) -> None:
        for key, value in fields.items():
            editor.set(index, key, value)

    return _edit(home, name, set_fields, environment)


def remove(home: Path, name: str, environment: Mapping[str, str]) -> bool:
    """Remove a source by name. Returns False if there is none. Raises EditNotPossible, ConfigurationError."""
    return _edit(home, name, YamlListEditor.remove, environment)


def _edit(home: Path, name: str, edit: Callable[[YamlListEditor, int], None], environment: Mapping[str, str]) -> bool:
    with edit_lock(home / loader.FILE_NAME):
        editor = _editor(home)
        rows = enumerate(editor.before.get("sources") or [])
        index = next((at for at, row in rows if isinstance(row, dict) and str(row.get("name")) == name), None)
        if index is None:
            return False
        edit(editor, index)
        editor.save(validate=lambda value: _check_settings(value, environment))
        return True


def _editor(home: Path) -> YamlListEditor:
    return YamlListEditor(home / loader.FILE_NAME, "sources", braces=True)


def _check_settings(settings: Any, environment: Mapping[str, str]) -> None:
    """Validate the file's own sources, even if an environment variable replaces them."""
    others = {name: value for name, value in environment.items() if not name.startswith(_VARIABLE)}
    loader.from_data(settings, others)
