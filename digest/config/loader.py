"""Load the settings: the environment overrides `digest.yaml`, which overrides defaults. Errors name file and line.

Commands that need only the store and the newsletter's name load the valid part of a faulty file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from digest.config.alerts import AlertSmtp
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import read_regular, real_path
from digest.yamlio import reader

Model = TypeVar("Model", bound=BaseModel)

FILE_NAME = "digest.yaml"
_PREFIX = "DIGEST_"


def load(home: Path, environment: Mapping[str, str]) -> Settings:
    """Load the settings of the newsletter folder `home`. Raises ConfigurationError with every error."""
    path = home / FILE_NAME
    if not path.exists():
        hint = "file not found, so this is not a newsletter folder; run `digest init DIR` or pass --home"
        raise ConfigurationError.at(str(real_path(path)), hint)
    raw = reader.read_file(path)
    return from_data(raw, environment)


def from_data(raw: Any, environment: Mapping[str, str]) -> Settings:
    """Validate the values of a parsed file; None (an empty file) counts as an empty mapping."""
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise _no_keys(raw, FILE_NAME, "keys such as newsletter:")
    merged, from_environment, problems = overlay(raw, environment)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems += _describe_errors(error, raw, from_environment, FILE_NAME, Settings)
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line)) from None
    if problems:
        raise ConfigurationError(problems)
    return settings


def validate(raw: Any, model: type[Model], name: str) -> Model:
    """Validate the values of another parsed file, such as a block. Raises ConfigurationError with every error."""
    if not isinstance(raw, dict):
        raise _no_keys(raw, name, "keys and values")
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems = _describe_errors(error, raw, {}, name, model)
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line)) from None


def _describe_errors(
    error: ValidationError, raw: Any, from_environment: Mapping[str, str], name: str, root: type[BaseModel]
) -> list[ConfigProblem]:
    # Imported here, because only faulty settings need the tables of suggestions.
    from digest.config.describe import describe, path_of

    # Keep one problem per place: pydantic reports one for each type of a union.
    by_path = {path_of(tuple(problem["loc"])): problem for problem in error.errors()}
    return [describe(problem, raw, from_environment, name, root) for problem in by_path.values()]


def _no_keys(raw: Any, name: str, expected: str) -> ConfigurationError:
    from digest.config.describe import kind_of

    return ConfigurationError.at(name, f"expected {expected}, found {kind_of(raw)}", line=1)


def overlay(
    raw: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], list[ConfigProblem]]:
    """Return the data with `DIGEST_A__B=…` applied, path → variable, and the errors."""
    merged = _copy(raw)
    origin: dict[str, str] = {}
    problems: list[ConfigProblem] = []
    misspelt: list[ConfigProblem] = []
    for variable in sorted(environment):
        if not variable.startswith(_PREFIX):
            continue
        keys = variable[len(_PREFIX) :].lower().split("__")
        if keys[0] not in Settings.model_fields:
            section = next((name for name in Settings.model_fields if keys[0].startswith(f"{name}_")), None)
            if section and len(keys) == 1:
                suggestion = variable.replace(f"{_PREFIX}{section.upper()}_", f"{_PREFIX}{section.upper()}__")
                misspelt.append(ConfigProblem(variable, 0, f"has no effect; did you mean {suggestion}?"))
            elif len(keys) > 1:
                from digest.config.hints import hint_for_key

                hint = hint_for_key((), keys[0], Settings)
                problems.append(ConfigProblem(variable, 0, f"unknown key '{'.'.join(keys)}'{hint}"))
            continue
        try:
            value = _from_variable(environment[variable], variable)
        except ConfigurationError as error:
            problems += error.problems
            continue
        place, at = merged, 0
        while at < len(keys) - 1 and isinstance(place.setdefault(keys[at], {}), dict):
            place, at = place[keys[at]], at + 1
        if at < len(keys) - 1:
            from digest.config.describe import kind_of

            path = ".".join(keys[: at + 1])
            problems.append(ConfigProblem(variable, 0, f"'{path}' is {kind_of(place[keys[at]])}, which has no keys"))
            continue
        place[keys[-1]] = "" if value is None else value
        origin[".".join(keys)] = variable
    # The variable of a secret looks like a key with a missing underscore.
    secrets = _secret_variables(merged) | {AlertSmtp.model_fields["password_env"].default}
    problems += [problem for problem in misspelt if problem.where not in secrets]
    return merged, origin, problems


def _secret_variables(data: Any) -> set[str]:
    """Return the environment variables that the data names: `key_env`, `password_env`, `env` …"""
    if isinstance(data, dict):
        named = {str(value) for key, value in data.items() if str(key) == "env" or str(key).endswith("_env")}
        return named.union(*map(_secret_variables, data.values()))
    return set().union(*map(_secret_variables, data)) if isinstance(data, list) else set()


def _from_variable(text: str, variable: str) -> Any:
    """Parse a list, a mapping or quoted text as YAML; take anything else literally (`#9c1c1c`, `a: b`)."""
    text = text.strip()
    return reader.read_text(text, variable) if text[:1] in tuple("[{'\"") else reader.scalar(text)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


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
        return ValidPart(load(home, environment))
    except ConfigurationError as error:
        path, problems = home / FILE_NAME, error.problems
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
                value = reader.read_text(part, FILE_NAME)
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
    values, _origin, _problems = overlay(raw, environment)
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
    from digest.config import describe

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
