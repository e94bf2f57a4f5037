"""The `sources` of `digest.yaml` as rows: which of two is the same place, what a new one is called, edits of the list.

An edit touches the rows concerned and nothing else, is read by the settings' own reader first, and is written whole
or not at all. Fetches nothing and asks nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digest import marked_yaml, settings_file
from digest.collect.identity import canonical_url
from digest.collect.opml import Outline
from digest.errors import ConfigurationError, Fault
from digest.files import placed
from digest.hindi.cut import shorten
from digest.hindi.text import fold
from digest.listed_yaml import YamlListEditor

LONGEST_NAME = 60
"""Grapheme clusters: what stands beside a story as its source, in one line of a letter."""

_VARIABLE = "DIGEST_SOURCES"


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the file with its line, as far as it can be told before the settings are read."""

    name: str
    place: str
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that is not added again; `name` and `line` are those of the source that it is."""

    url: str
    name: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows to add, what they are left out for, and the folders that are no section with how many feeds they hold."""

    rows: tuple[dict[str, Any], ...]
    skipped: tuple[Skipped, ...]
    ignored: Mapping[str, int]


def listed(home: Path) -> list[Listed]:
    """The rows of the file, whatever the environment lays over them. Raises ConfigurationError."""
    value = marked_yaml.read_file(home / settings_file.FILE_NAME)
    rows = value.get("sources") if isinstance(value, dict) else None
    if not isinstance(rows, marked_yaml.LocatedList):
        return []
    places = zip(rows, rows.lines, strict=True)
    return [
        Listed(str(row.get("name", "")), same_place(home, row), line) for row, line in places if isinstance(row, dict)
    ]


def overridden(environment: Mapping[str, str]) -> bool:
    """Whether the environment gives other sources than the file."""
    return _VARIABLE in environment


def where(home: Path, target: str) -> dict[str, str]:
    """`url` or `path` of a new row. A path is as seen from the current folder, else from `home`; kept relative to
    `home` where it lies within it."""
    target = target.strip()
    if "://" in target or target.lower().startswith("file:"):
        scheme, colon, rest = target.partition(":")
        return {"url": scheme.lower() + colon + rest}
    path = Path(os.path.expanduser(target))  # noqa: PTH111  pathlib's raises where there is no such user
    found = path if path.is_absolute() or path.exists() else home / path
    whole = found.resolve()
    inside = whole.is_relative_to(home.resolve())
    return {"path": (whole.relative_to(home.resolve()) if inside else whole).as_posix()}


def same_place(home: Path, row: Mapping[str, Any]) -> str:
    """What two rows of one place have in common: the canonical URL without its scheme, or the whole path."""
    url = str(row.get("url") or "").strip()
    if url:
        return (canonical_url(url) or url).partition("://")[2].rstrip("/")
    return str(placed(home, str(row.get("path") or "")).resolve())


def name_for(title: str, place: Mapping[str, str], taken: Iterable[str]) -> str:
    """A name that no other source has: the feed's title, else the host or the file's name; numbered where need be."""
    words = "".join(sign if sign.isprintable() or sign in "\u200c\u200d" else " " for sign in title)
    host = (urlsplit(place["url"]).hostname or place["url"]) if "url" in place else Path(place["path"]).stem
    name = shorten(words, LONGEST_NAME) or host.removeprefix("www.") or "source"
    known = {one.casefold() for one in taken}
    number, unique = 2, name
    while unique.casefold() in known:
        number, unique = number + 1, f"{name} {number}"
    return unique


def check_row(row: Mapping[str, Any], named: str) -> None:
    """Raises ConfigurationError with what the settings' reader has against a new row, in the words of its keys."""
    whole = {"newsletter": {"name": "x", "sender": {"email": "x@example.com"}}, "sources": [dict(row)]}
    try:
        settings_file.from_data(whole, {})
    except ConfigurationError as error:
        said = [fault.message.replace("sources[1].", "").removeprefix("'sources[1]': ") for fault in error.faults]
        raise ConfigurationError([Fault(named, 0, message) for message in said]) from None


def plan(home: Path, outlines: Sequence[Outline], *, sections: Sequence[str], by_folder: bool) -> Plan:
    """Rows for the feeds that are not in the file yet, each once; the innermost folder that is a section names it."""
    there = listed(home)
    known = {row.place: row for row in there}
    names = [row.name for row in there]  # two rows may name one place
    folded = {fold(section): section for section in sections}
    rows: list[dict[str, Any]] = []
    skipped: list[Skipped] = []
    ignored: dict[str, int] = {}
    fresh: dict[str, tuple[str, int]] = {}
    for outline in outlines:
        place = {"url": outline.url}
        same = same_place(home, place)
        if same in known:
            skipped.append(Skipped(outline.url, known[same].name, known[same].line, "is a source already"))
            continue
        if same in fresh:
            skipped.append(Skipped(outline.url, *fresh[same], "is in the file twice"))
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
            skipped.append(Skipped(outline.url, name, outline.line, f"can't be a source: {error.faults[0].message}"))
            continue
        names.append(name)
        fresh[same] = (name, outline.line)
        rows.append(row)
    return Plan(tuple(rows), tuple(skipped), ignored)


def add(home: Path, rows: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> int:
    """Puts rows after the last source, in one write; gives the line of the first. Raises EditNotPossible and
    ConfigurationError."""
    sheet = _sheet(home)
    sheet.add(*rows)
    sheet.save(lambda before: [*before, *(dict(row) for row in rows)], judge=lambda value: _judge(value, environment))
    return listed(home)[-len(rows)].line


def remove(home: Path, name: str, environment: Mapping[str, str]) -> bool:
    """Takes the source of that name out. False when there is none. Raises EditNotPossible, ConfigurationError."""
    sheet = _sheet(home)
    rows = sheet.before.get("sources") or []
    index = next((at for at, row in enumerate(rows) if isinstance(row, dict) and str(row.get("name")) == name), None)
    if index is None:
        return False
    sheet.remove(index)
    sheet.save(
        lambda before: [row for at, row in enumerate(before) if at != index],
        judge=lambda value: _judge(value, environment),
    )
    return True


def _sheet(home: Path) -> YamlListEditor:
    return YamlListEditor(home / settings_file.FILE_NAME, "sources", braces=True)


def _judge(value: Any, environment: Mapping[str, str]) -> None:
    """The file's own sources are judged, not those that the environment would put in their place."""
    kept = {name: said for name, said in environment.items() if not name.startswith(_VARIABLE)}
    settings_file.from_data(value, kept)
