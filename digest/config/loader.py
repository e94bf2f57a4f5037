"""Load the settings: the environment overrides `digest.yaml`, which overrides defaults. Errors name file and line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from digest.config.alerts import AlertSmtp
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.redact import redact
from digest.yamlio import reader
from digest.yamlio.reader import LocatedDict, LocatedList

Model = TypeVar("Model", bound=BaseModel)

FILE_NAME = "digest.yaml"
_PREFIX = "DIGEST_"


def load(home: Path, environment: Mapping[str, str]) -> Settings:
    """Load the settings of the newsletter folder `home`. Raises ConfigurationError with every error."""
    path = home / FILE_NAME
    if not path.exists():
        hint = "file not found, so this is not a newsletter folder; run `digest init DIR` or pass --home"
        raise ConfigurationError([ConfigProblem(str(path.resolve()), 0, hint)])
    raw = reader.read_file(path)
    return from_data(raw, environment, name=FILE_NAME)


def from_data(raw: Any, environment: Mapping[str, str], *, name: str = FILE_NAME) -> Settings:
    """Validate the values of a parsed file; None (an empty file) counts as an empty mapping."""
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise ConfigurationError([ConfigProblem(name, 1, f"expected keys such as newsletter:, found {_kind(raw)}")])
    merged, from_environment, problems = overlay(raw, environment)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        by_path = {_path(tuple(problem["loc"])): problem for problem in error.errors()}
        problems += [_describe(problem, raw, from_environment, name) for problem in by_path.values()]
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line)) from None
    if problems:
        raise ConfigurationError(problems)
    return settings


def validate(raw: Any, model: type[Model], name: str) -> Model:
    """Validate the values of another parsed file, such as a block. Raises ConfigurationError with every error."""
    if not isinstance(raw, dict):
        raise ConfigurationError([ConfigProblem(name, 1, f"expected keys and values, found {_kind(raw)}")])
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        by_path = {_path(tuple(problem["loc"])): problem for problem in error.errors()}
        problems = [_describe(problem, raw, {}, name, model) for problem in by_path.values()]
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line)) from None


def overlay(
    raw: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], list[ConfigProblem]]:
    """Return the data with `DIGEST_A__B=…` applied, the variable of each path set so, and the errors."""
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
                problems.append(
                    ConfigProblem(variable, 0, f"unknown key '{'.'.join(keys)}'{_nearest(keys[0], Settings)}")
                )
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
            path = ".".join(keys[: at + 1])
            problems.append(ConfigProblem(variable, 0, f"'{path}' is {_kind(place[keys[at]])}, which has no keys"))
            continue
        place[keys[-1]] = "" if value is None else value
        origin[".".join(keys)] = variable
    # A variable of a secret looks like a key with one underscore too few.
    secrets = _secret_variables(merged) | {AlertSmtp.model_fields["password_env"].default}
    problems += [problem for problem in misspelt if problem.where not in secrets]
    return merged, origin, problems


def _secret_variables(data: Any) -> set[str]:
    """Return the names of environment variables that the data gives: `key_env`, `password_env`, `env` …"""
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


def _describe(
    problem: Any, raw: Any, from_environment: Mapping[str, str], name: str, root: type[BaseModel] = Settings
) -> ConfigProblem:
    location = as_written(raw, tuple(problem["loc"]))
    path = _path(location)
    where, line = name, _line(raw, location)
    for given, variable in from_environment.items():
        if path == given or path.startswith((given + ".", given + "[")):
            where, line = variable, 0
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        model = _model_at(location[:-1], root)
        return ConfigProblem(where, line, f"unknown key '{path}'{_nearest(str(location[-1]), model)}")
    if kind == "missing":
        return ConfigProblem(where, line, f"'{path}' is required")
    if kind == "value_error":
        message = str(context.get("error", problem["msg"]))
        if not location:
            line = _line(raw, named_location(message))
        is_hidden = isinstance(problem["input"], BaseModel | dict) or path in _SECRET
        found = "" if is_hidden else f", found {_shorten(problem['input'])}"
        return ConfigProblem(where, line, f"'{path}': {message}{found}" if path else f"{message}{found}")
    expected = _EXPECTED.get(kind)
    if kind == "literal_error":
        names = re.findall(r"'([^']+)'", context["expected"])
        close = difflib.get_close_matches(str(problem["input"]), names, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return ConfigProblem(
            where, line, f"'{path}': expected {_join(names)}, found {_shorten(problem['input'])}{hint}"
        )
    if kind in _BOUNDS:
        word, limit = _BOUNDS[kind]
        expected = f"{word} {context[limit]:g}"
    if expected is None:
        message = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
        expected = message[0].lower() + message[1:]
    return ConfigProblem(where, line, f"'{path}': expected {expected}, found {_shorten(problem['input'])}")


# Values that no message repeats.
_SECRET = ("alerts.webhook",)
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


_NAMED = re.compile(r"'([a-z_0-9.\[\]]+)':")


def named_location(message: str) -> tuple[Any, ...]:
    """Return the location of the key that a rule about several keys says to change.

    It begins its message, such as `'schedule.editions[2].sources': …`. Empty if it names none.
    """
    named = _NAMED.match(message)
    steps = re.findall(r"\[[0-9]+\]|[a-z_0-9]+", named[1]) if named else []
    return tuple(int(step[1:-1]) - 1 if step[0] == "[" else step for step in steps)


def _path(location: tuple[Any, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def as_written(raw: Any, location: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the location without the index that pydantic adds to a single word where a list is allowed."""
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
    """Return the line of the deepest part of the location that the file contains."""
    line = getattr(raw, "line", 0)
    for part in location:
        has_key = isinstance(raw, LocatedDict) and part in raw
        if not has_key and not (isinstance(raw, LocatedList) and isinstance(part, int) and part < len(raw)):
            break
        line, raw = raw.lines[part], raw[part]
    return line


def _model_at(location: tuple[Any, ...], root: type[BaseModel]) -> type[BaseModel] | None:
    model: Any = root
    for part in location:
        if isinstance(part, int):
            continue
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return None
        model = next((arg for arg in get_args(field.annotation) if isinstance(arg, type)), field.annotation)
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _nearest(word: str, model: type[BaseModel] | None) -> str:
    names = list(model.model_fields) if model else []
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""


def _join(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _shorten(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return _kind(value)
    text = repr(redact(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else redact(repr(value))[:60]
