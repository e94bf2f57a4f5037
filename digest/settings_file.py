"""From `digest.yaml` and the environment to Settings, or to every fault at once, each with its place.

Owns the order of precedence (environment over file over default) and the words of a fault. What a key may hold is
`settings`' business.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from digest import marked_yaml
from digest.errors import ConfigurationError, Fault
from digest.marked_yaml import LocatedDict, LocatedList
from digest.settings import Settings

FILE_NAME = "digest.yaml"
_PREFIX = "DIGEST_"


def load(home: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of the newsletter folder `home`. Raises ConfigurationError naming every fault."""
    path = home / FILE_NAME
    if not path.exists():
        hint = f"no {FILE_NAME} in {home}; make a newsletter folder with `digest init DIR` or name one with --home"
        raise ConfigurationError([Fault(str(path), 0, hint)])
    raw = marked_yaml.read_file(path)
    return from_data(raw, environment, name=FILE_NAME)


def from_data(raw: Any, environment: Mapping[str, str], *, name: str = FILE_NAME) -> Settings:
    """Settings out of a parsed file. `raw` None (an empty file) is as good as an empty mapping."""
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise ConfigurationError([Fault(name, 1, f"expected keys such as newsletter:, found {_kind(raw)}")])
    merged, from_environment, faults = _overlay(raw, environment)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        told = {_path(tuple(fault["loc"])): fault for fault in error.errors()}
        faults += [_in_words(fault, raw, from_environment, name) for fault in told.values()]
        raise ConfigurationError(sorted(faults, key=lambda fault: fault.line)) from None
    if faults:
        raise ConfigurationError(faults)
    return settings


def _overlay(
    raw: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], list[Fault]]:
    """The file's data with `DIGEST_A__B=…` laid over it, path → variable for what came from there, and faults."""
    merged = _copied(raw)
    origin: dict[str, str] = {}
    faults: list[Fault] = []
    for variable in sorted(environment):
        if not variable.startswith(_PREFIX):
            continue
        keys = variable[len(_PREFIX) :].lower().split("__")
        if keys[0] not in Settings.model_fields:
            meant = next((name for name in Settings.model_fields if keys[0].startswith(f"{name}_")), None)
            if meant and len(keys) == 1:
                right = variable.replace(f"{_PREFIX}{meant.upper()}_", f"{_PREFIX}{meant.upper()}__")
                faults.append(Fault(variable, 0, f"sets nothing; did you mean {right}?"))
            elif len(keys) > 1:
                faults.append(Fault(variable, 0, f"there is no key '{'.'.join(keys)}'{_nearest(keys[0], Settings)}"))
            continue
        try:
            value = _from_variable(environment[variable], variable)
        except ConfigurationError as error:
            faults += error.faults
            continue
        place, at = merged, 0
        while at < len(keys) - 1 and isinstance(place.setdefault(keys[at], {}), dict):
            place, at = place[keys[at]], at + 1
        if at < len(keys) - 1:
            path = ".".join(keys[: at + 1])
            faults.append(Fault(variable, 0, f"'{path}' holds {_kind(place[keys[at]])}, which has no keys to set"))
            continue
        place[keys[-1]] = "" if value is None else value
        origin[".".join(keys)] = variable
    return merged, origin, faults


def _from_variable(text: str, variable: str) -> Any:
    """A list, keys and values or a quoted text are YAML; anything else is taken as it stands (`#9c1c1c`, `a: b`)."""
    text = text.strip()
    return marked_yaml.read_text(text, variable) if text[:1] in tuple("[{'\"") else marked_yaml.scalar(text)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def _in_words(fault: Any, raw: Any, from_environment: Mapping[str, str], name: str) -> Fault:
    location = _as_written(raw, tuple(fault["loc"]))
    path = _path(location)
    where, line = name, _line(raw, location)
    for given, variable in from_environment.items():
        if path == given or path.startswith((given + ".", given + "[")):
            where, line = variable, 0
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        shape = _shape_at(location[:-1])
        return Fault(where, line, f"there is no key '{path}'{_nearest(str(location[-1]), shape)}")
    if kind == "missing":
        return Fault(where, line, f"'{path}' is missing; it is needed")
    if kind == "value_error":
        said = str(context.get("error", fault["msg"]))
        shown = "" if isinstance(fault["input"], BaseModel | dict) else f", found {_shown(fault['input'])}"
        return Fault(where, line, f"'{path}': {said}{shown}" if path else f"{said}{shown}")
    expected = _EXPECTED.get(kind)
    if kind == "literal_error":
        names = re.findall(r"'([^']+)'", context["expected"])
        close = difflib.get_close_matches(str(fault["input"]), names, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return Fault(where, line, f"'{path}': expected {_listed(names)}, found {_shown(fault['input'])}{hint}")
    if kind in _BOUNDS:
        word, limit = _BOUNDS[kind]
        expected = f"{word} {context[limit]:g}"
    if expected is None:
        said = fault["msg"].removeprefix("Input should be ").removeprefix("a valid ")
        expected = said[0].lower() + said[1:]
    return Fault(where, line, f"'{path}': expected {expected}, found {_shown(fault['input'])}")


_EXPECTED = {
    "string_type": "text",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "model_type": "keys and values",
    "tuple_type": "a list",
    "string_pattern_mismatch": "a colour such as #9c1c1c",
    "string_too_short": "some text",
}
_BOUNDS = {
    "greater_than": ("a number above", "gt"),
    "greater_than_equal": ("a number of at least", "ge"),
    "less_than": ("a number below", "lt"),
    "less_than_equal": ("a number of at most", "le"),
}


def _path(location: tuple[Any, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _as_written(raw: Any, location: tuple[Any, ...]) -> tuple[Any, ...]:
    """The location without the index that a single word gets where a list may stand."""
    at = raw
    for place, step in enumerate(location):
        if isinstance(step, int) and not isinstance(at, list):
            return location[:place]
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            break
    return location


def _line(raw: Any, location: tuple[Any, ...]) -> int:
    """The line of the deepest part of the location that the file has."""
    line = getattr(raw, "line", 0)
    for part in location:
        held = isinstance(raw, LocatedDict) and part in raw
        if not held and not (isinstance(raw, LocatedList) and isinstance(part, int) and part < len(raw)):
            break
        line, raw = raw.lines[part], raw[part]
    return line


def _shape_at(location: tuple[Any, ...]) -> type[BaseModel] | None:
    shape: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = getattr(shape, "model_fields", {}).get(part)
        if field is None:
            return None
        shape = next((arg for arg in get_args(field.annotation) if isinstance(arg, type)), field.annotation)
    return shape if isinstance(shape, type) and issubclass(shape, BaseModel) else None


def _nearest(word: str, shape: type[BaseModel] | None) -> str:
    names = list(shape.model_fields) if shape else []
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known here: {', '.join(names)}" if names else ""


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _shown(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return _kind(value)
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else repr(value)[:60]
