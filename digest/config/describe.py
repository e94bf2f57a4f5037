"""Describe errors of a settings file in plain words: pydantic's errors as problems with file and line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from digest.config.hints import hint_for_key, hint_for_value, model_at
from digest.errors import ConfigProblem
from digest.messages import Message, joined, message_of
from digest.utils.redact import redact
from digest.yamlio.reader import LocatedDict, LocatedList

# Keys whose values no message repeats.
_SECRET = ("alerts.webhook",)
# What pydantic appends to the location of a mapping's key.
_KEY = "[key]"


def describe(
    problem: Any, raw: Any, from_environment: Mapping[str, str], name: str, root: type[BaseModel]
) -> ConfigProblem:
    """Describe the error of a value in the file `name`, or in the environment variable that overrides it.

    `problem` is one of `ValidationError.errors()`, `raw` the file's values, `root` the model that they must match.
    """
    location = as_written(raw, tuple(problem["loc"]))
    path = path_of(location)
    where, line = name, _line(raw, location)
    for given, variable in from_environment.items():
        if path == given or path.startswith((given + ".", given + "[")):
            where, line = variable, 0
    kind, context, given = problem["type"], problem.get("ctx", {}), problem["input"]
    if kind == "extra_forbidden":
        hint = hint_for_key(location[:-1], str(location[-1]), root)
        return ConfigProblem(where, line, joined("", Message("unknown key %(name)s", name=f"'{path}'"), hint))
    if kind == "missing":
        return ConfigProblem(where, line, f"'{path}' is required")
    if kind == "value_error":
        error = context.get("error")
        message = message_of(error) if error else str(problem["msg"])
        if not location:
            line = _line(raw, named_location(message))
        is_hidden = isinstance(given, BaseModel | dict) or path in _SECRET or ", found " in message
        found = "" if is_hidden else Message(", found %(name)s", name=_show_value(given))
        hint = hint_for_value(location, given) or _default_of(location, given, root)
        # A message alone can be translated, its end cannot.
        text = joined("", message, found, hint) if isinstance(message, Message) else f"{message}{found}{hint}"
        return ConfigProblem(where, line, _of_field(path, text) if path else text)
    if location and location[-1] == _KEY:
        location = location[:-1]
        path = path_of(location[:-1])
    describe_kind = _EXPECTED.get(kind, _other)
    expected = describe_kind(problem)
    if kind == "model_type":
        expected += _needed_keys(model_at(location, root))
    found = str(context["actual_length"]) if kind in ("too_short", "too_long") else _show_value(given)
    hint = hint_for_value(location, given) or _hint(problem) or _default_of(location, given, root)
    return ConfigProblem(where, line, _of_field(path, joined("", _describe_unexpected(problem, expected, found), hint)))


def _of_field(path: str, why: str) -> Message:
    return Message("'%(field)s': %(why)s", field=path, why=why)


def _describe_unexpected(problem: Any, expected: str, found: str) -> str:
    """Return what was expected and found, as a message if a form of the desk can cause the error."""
    kind = problem["type"]
    if kind == "less_than_equal":
        return Message("expected a number of at most %(num)s, found %(name)s", num=_limit(problem, "le"), name=found)
    if kind == "greater_than_equal":
        return Message("expected a number of at least %(num)s, found %(name)s", num=_limit(problem, "ge"), name=found)
    if kind in ("float_type", "float_parsing", "finite_number"):
        return Message("expected a number, found %(name)s", name=found)
    return f"expected {expected}, found {found}"


def _hint(problem: Any) -> str:
    """Return the advice for a value, as the end of a message."""
    kind, given = problem["type"], problem["input"]
    if kind == "literal_error":
        return _similar(given, _choices(problem))
    if kind == "string_type" and isinstance(given, int | float):
        return "; put it into quotation marks"
    if kind == "tuple_type" and isinstance(given, dict):
        return "; begin each entry with '- '"
    if kind == "tuple_type" and isinstance(given, str) and 0 < len(given) < 40 and given.isprintable():
        return Message("; did you mean %(name)s?", name=f"[{redact(given)}]")
    return ""


def _default_of(location: tuple[Any, ...], given: Any, root: type[BaseModel]) -> str:
    """Return how to get the default of an empty value, if it has one."""
    model = model_at(location[:-1], root) if location and given is None else None
    field = model.model_fields.get(str(location[-1])) if model else None
    return "; remove the line to use the default" if field and not field.is_required() else ""


def _is(expected: str) -> Callable[[Any], str]:
    return lambda _problem: expected


def _bound(words: str, name: str) -> Callable[[Any], str]:
    def expected(problem: Any) -> str:
        return f"a number{words} {_limit(problem, name)}"

    return expected


def _limit(problem: Any, name: str) -> str:
    limit = problem["ctx"][name]
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:,g}"


def _count(words: str, name: str) -> Callable[[Any], str]:
    def expected(problem: Any) -> str:
        limit = problem["ctx"][name]
        return f"{words} {limit} {'entry' if limit == 1 else 'entries'}"

    return expected


def _choices(problem: Any) -> list[str]:
    # '' is also a valid value if it means "as elsewhere", the same as leaving the key out.
    return [name for name in re.findall(r"'([^']*)'", problem["ctx"]["expected"]) if name]


def _text_length(problem: Any) -> str:
    limit = problem["ctx"]["min_length"]
    return "some text" if limit == 1 else f"text of at least {limit} characters"


def _other(problem: Any) -> str:
    """Adapt pydantic's sentence for an error kind that no setting has today."""
    unwanted = r"^[A-Za-z]+ should (be|have) (a valid )?|, unable to parse.*| after validation.*"
    message = re.sub(unwanted, "", problem["msg"])
    return str(message[:1].lower() + message[1:])


# Error kind → the expected value, in words. tests/config/test_error_kinds.py covers each kind.
_EXPECTED: Mapping[str, Callable[[Any], str]] = {
    "string_type": _is("text"),
    "string_too_short": _text_length,
    "string_too_long": lambda problem: f"text of at most {problem['ctx']['max_length']} characters",
    "int_type": _is("a whole number"),
    "int_parsing": _is("a whole number"),
    "int_parsing_size": _is("a whole number"),
    "int_from_float": _is("a whole number"),
    "float_type": _is("a number"),
    "float_parsing": _is("a number"),
    "finite_number": _is("a number"),
    "bool_type": _is("true or false"),
    "bool_parsing": _is("true or false"),
    "literal_error": lambda problem: _join(_choices(problem)),
    "model_type": _is("keys and values"),
    "dict_type": _is("keys and values"),
    "tuple_type": _is("a list"),
    "too_short": _count("at least", "min_length"),
    "too_long": _count("at most", "max_length"),
    "greater_than": _bound(" above", "gt"),
    "greater_than_equal": _bound(" of at least", "ge"),
    "less_than": _bound(" below", "lt"),
    "less_than_equal": _bound(" of at most", "le"),
}


def _needed_keys(model: type[BaseModel] | None) -> str:
    """Return the keys that a section requires, in words."""
    fields = model.model_fields if model else {}
    names = [field.alias or name for name, field in fields.items() if field.is_required()]
    return f" such as {names[0]}: …" if names else ""


def _similar(given: Any, names: list[str]) -> str:
    if isinstance(given, bool):
        # `tracking: true`
        given = "on" if given else "off"
        return Message("; did you mean %(name)s?", name=f"'{given}'") if given in names else ""
    close = difflib.get_close_matches(given.casefold(), names, n=1) if isinstance(given, str) else []
    return Message("; did you mean %(name)s?", name=f"'{close[0]}'") if close else ""


_NAMED = re.compile(r"'([a-z_0-9.\[\]]+)':")


def named_location(message: str) -> tuple[Any, ...]:
    """Return the location of the key named at the start of a message, such as `'schedule.editions[2].sources': …`.

    Rules about several keys name the one to change. Empty if the message names none.
    """
    named = _NAMED.match(message)
    steps = re.findall(r"\[[0-9]+\]|[a-z_0-9]+", named[1]) if named else []
    return tuple(int(step[1:-1]) - 1 if step[0] == "[" else step for step in steps)


def path_of(location: tuple[Any, ...]) -> str:
    """Return a location as messages show it, such as `schedule.editions[2].sources`."""
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


def _join(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _show_value(value: Any) -> str:
    """Return a value for a message, as YAML would write it."""
    if isinstance(value, dict | list | tuple) or value is None:
        return kind_of(value)
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(redact(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def kind_of(value: Any) -> str:
    """Return a value for a message; for a list or mapping only its kind."""
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return "nothing" if value is None else redact(repr(value))[:60]
