"""Read the valid part of a faulty `digest.yaml`, for commands that need only the store and the newsletter's name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from digest.config import describe, loader
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import read_regular
from digest.yamlio import reader

# A line that begins a key of the first level.
_KEY = re.compile(r"^[A-Za-z_]", re.MULTILINE)
# Removing a value may make others invalid, and so on. More rounds than this never help.
_MAX_ROUNDS = 20
# Placeholders for required values. No command that works with faulty settings uses them.
_SENDER = {"email": "nobody@example.invalid"}


@dataclass(frozen=True, slots=True)
class ValidPart:
    """The settings with defaults in place of faulty values, the errors, and the sections with errors."""

    settings: Settings
    faults: tuple[ConfigProblem, ...] = ()
    faulty_sections: frozenset[str] = frozenset()


def load_valid_part(home: Path, environment: Mapping[str, str]) -> ValidPart:
    """Return the valid part of the settings.

    Raises ConfigurationError with every fault if the file is missing, or if `store.url` is among them.
    """
    try:
        return ValidPart(loader.load(home, environment))
    except ConfigurationError as error:
        path, problems = home / loader.FILE_NAME, error.problems
        if not path.exists():
            raise
    try:
        values, unread = _read(path)
        settings, removed = _validate(values, environment, home.resolve().name)
    except (_StoreUnknown, OSError):
        raise ConfigurationError(problems) from None
    return ValidPart(settings, tuple(problems), frozenset(unread | removed))


class _StoreUnknown(Exception):
    """The faults hide which store the newsletter has."""


def _read(path: Path) -> tuple[dict[str, Any], set[str]]:
    """Return the file's values and the names of unreadable sections.

    If the file is not valid YAML, reads its valid sections. Raises _StoreUnknown.
    """
    unread: set[str] = set()
    try:
        found = reader.read_file(path)
    except ConfigurationError:
        text = read_regular(path).decode("utf-8-sig", errors="replace")
        starts = [match.start() for match in _KEY.finditer(text)]
        found = {}
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            part = text[start:end]
            try:
                value = reader.read_text(part, loader.FILE_NAME)
            except ConfigurationError:
                if part.startswith("store"):
                    raise _StoreUnknown from None
                unread.add(part.partition(":")[0].strip())
                continue
            found |= value if isinstance(value, dict) else {}
    return (found if isinstance(found, dict) else {}), unread


def _validate(raw: dict[str, Any], environment: Mapping[str, str], name: str) -> tuple[Settings, set[str]]:
    """Validate the values, leaving out invalid ones. Also returns the sections of those. Raises _StoreUnknown."""
    removed: set[str] = set()
    values, _origin, _problems = loader.overlay(raw, environment)
    for _round in range(_MAX_ROUNDS):
        given = values.get("newsletter")
        if given is None or isinstance(given, dict):
            values["newsletter"] = {"name": name or "digest", "sender": dict(_SENDER)} | (given or {})
        try:
            return Settings.model_validate(values), removed
        except ValidationError as error:
            # The last of a list first, so that the others keep their places.
            for location in sorted({_faulty(problem, values) for problem in error.errors()}, reverse=True):
                if _hides_store(location, values):
                    raise _StoreUnknown from None
                removed |= {str(location[0])} if location else set(values)
                _remove(values, location)
    raise _StoreUnknown


def _faulty(problem: Any, values: dict[str, Any]) -> tuple[Any, ...]:
    """Return the location to remove because of a problem: its deepest part that exists."""
    location = describe.as_written(values, tuple(problem["loc"]))
    if not location:
        # A rule about several keys names one of them.
        location = describe.named_location(str(problem.get("ctx", {}).get("error", problem["msg"])))
    at: Any = values
    for depth, step in enumerate(location):
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return location[:depth]
    return location


def _hides_store(location: tuple[Any, ...], values: dict[str, Any]) -> bool:
    """Whether an error may be in the store's URL. A default in its place would be another store."""
    if not location or location[0] != "store":
        return len(location) == 1 and bool(difflib.get_close_matches(str(location[0]), ["store"]))
    return location[1:] in ((), ("url",)) or "url" not in values["store"]


def _remove(values: dict[str, Any], location: tuple[Any, ...]) -> None:
    if not location:
        # A rule about the whole file has no location.
        for name in values.keys() - {"newsletter", "store"}:
            del values[name]
        return
    at: Any = values
    for step in location[:-1]:
        at = at[step]
    del at[location[-1]]
