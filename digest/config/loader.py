"""Load the settings: the environment overrides `digest.yaml`, which overrides defaults. Errors name file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from digest.config.alerts import AlertSmtp
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import real_path
from digest.yamlio import reader

Model = TypeVar("Model", bound=BaseModel)

FILE_NAME = "digest.yaml"
_PREFIX = "DIGEST_"


def load(home: Path, environment: Mapping[str, str]) -> Settings:
    """Load the settings of the newsletter folder `home`. Raises ConfigurationError with every error."""
    path = home / FILE_NAME
    if not path.exists():
        hint = "file not found, so this is not a newsletter folder; run `digest init DIR` or pass --home"
        raise ConfigurationError([ConfigProblem(str(real_path(path)), 0, hint)])
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
        problems += _described(error, raw, from_environment, FILE_NAME, Settings)
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
        problems = _described(error, raw, {}, name, model)
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line)) from None


def _described(
    error: ValidationError, raw: Any, from_environment: Mapping[str, str], name: str, root: type[BaseModel]
) -> list[ConfigProblem]:
    # Imported here, because only faulty settings need the tables of suggestions.
    from digest.config.describe import describe, path_of

    # Keep one problem per place: pydantic reports one for each type of a union.
    by_path = {path_of(tuple(problem["loc"])): problem for problem in error.errors()}
    return [describe(problem, raw, from_environment, name, root) for problem in by_path.values()]


def _no_keys(raw: Any, name: str, expected: str) -> ConfigurationError:
    from digest.config.describe import kind_of

    return ConfigurationError([ConfigProblem(name, 1, f"expected {expected}, found {kind_of(raw)}")])


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
