"""Explain errors in templates, with file and line. Rejects parts that Jinja would silently ignore."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.environment import TemplateModule
from jinja2.parser import Parser
from jinja2.utils import missing

from digest.errors import TemplateProblem

_NESTED = re.compile(r"Encountered unknown tag '([a-z]+)'\..*needs to be closed is '([a-z]+)'\.")
_UNCLOSED = re.compile(r"Unexpected end of template\..*needs to be closed is '([a-z]+)'\.")
_MISSING_FILTER_OR_TEST = re.compile(r"No (filter|test) named '([^']{1,60})'")


class RejectedByTemplateFunction(TemplateRuntimeError):
    """One of our template functions rejects its arguments."""


class NeverShown(TemplateSyntaxError):
    """A part of a template that would not appear anywhere."""


class UnknownName(UndefinedError):
    """A name or attribute that does not exist, with the names to suggest from."""

    def __init__(self, message: str | None = None, *, name: object = None, owner: object = missing) -> None:
        super().__init__(message)
        self.name = str(name)
        self.owner = owner


class SuggestingUndefined(StrictUndefined):
    """Jinja's StrictUndefined, but it raises UnknownName."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = UndefinedError
    ) -> None:
        # Jinja calls `exc` with the message only, so a partial can replace the class.
        exception: Any = partial(UnknownName, name=name, owner=obj) if exc is UndefinedError else exc
        super().__init__(hint, obj, name, exception)


def explain(error: Exception, template: str, environment: Environment, names: Collection[str]) -> TemplateProblem:
    """Turn `error`, raised while `template` was loaded or rendered with `names`, into a TemplateProblem."""
    if isinstance(error, TemplateProblem):
        return TemplateProblem(str(error))
    if isinstance(error, TemplateNotFound):
        missing_names = error.templates if hasattr(error, "templates") else [error.name or str(error)]
        wanted = " or ".join(f"'{name}'" for name in missing_names)
        location = _location(error) or (template, 0, "")
        suggestion = _suggestion(str(missing_names[0]), environment.list_templates())
        return _at(location, f"there is no template {wanted}{suggestion}")
    if isinstance(error, TemplateSyntaxError):
        location = (error.filename or error.name or template, error.lineno, error.source or "")
        if isinstance(error, NeverShown):
            return _at(location, str(error.message))
        return _at(location, f"syntax error: {_with_suggestion(str(error.message), environment)}")
    location = _location(error) or (template, 0, "")
    if isinstance(error, RecursionError):
        return _at(location, "it includes or calls itself endlessly")
    if isinstance(error, UnknownName):
        return _at(location, _unknown_name(error, location[2], names))
    if isinstance(error, KeyError):
        # Jinja itself raises none, so a text lacks the value of a placeholder.
        return _at(location, f"the message needs a value for %({error.args[0]})s")
    kind = "" if isinstance(error, TemplateError) else f"{type(error).__name__}: "
    return _at(location, f"{kind}{_with_suggestion(str(error), environment)}")


def check_inheritance(environment: Environment, tree: nodes.Template, name: str | None, filename: str | None) -> None:
    """Raise NeverShown if a template that extends another has a part that would not appear."""
    start = next((index for index, node in enumerate(tree.body) if isinstance(node, nodes.Extends)), None)
    if start is None:
        return
    parent = tree.body[start].template  # type: ignore[attr-defined]
    if not isinstance(parent, nodes.Const) or not isinstance(parent.value, str):
        return
    if parent.value == name:
        raise NeverShown(f"it extends itself; the built-in one is 'house/{name}'", parent.lineno, name, filename)
    blocks = _blocks(environment, parent.value, {name or ""})
    for node in tree.body[start + 1 :]:
        if isinstance(node, nodes.Block) and blocks is not None and node.name not in blocks:
            near = difflib.get_close_matches(node.name, sorted(blocks), n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else f"; it has {', '.join(sorted(blocks))}"
            raise NeverShown(f"'{parent.value}' has no block '{node.name}'{hint}", node.lineno, name, filename)
        for line, text in _printed_texts(node):
            raise NeverShown(f"{text!r} is outside of all blocks, so it would not be shown", line, name, filename)


def _blocks(environment: Environment, template: str, seen: set[str]) -> set[str] | None:
    """Return the names of the blocks of `template` and of all templates that it extends; None if one of these is
    unknown.
    """
    if template in seen or environment.loader is None:
        return None
    try:
        source, filename, _ = environment.loader.get_source(environment, template)
    except TemplateNotFound:
        return None
    tree = Parser(environment, source, template, filename).parse()
    found = {block.name for block in tree.find_all(nodes.Block)}
    for node in tree.find_all(nodes.Extends):
        parent = node.template
        inherited = (
            _blocks(environment, str(parent.value), {*seen, template}) if isinstance(parent, nodes.Const) else None
        )
        if inherited is None:
            return None
        found |= inherited
    return found


def _printed_texts(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Yield line and start of the text that a node outside of all blocks would print."""
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            if not isinstance(part, nodes.TemplateData):
                yield part.lineno, "{{ … }}"
            elif text := part.data.strip():
                line = part.lineno + part.data[: part.data.index(text)].count("\n")
                yield line, text.split("\n")[0][:40]


def _unknown_name(error: UnknownName, source: str, names: Collection[str]) -> str:
    if error.owner is missing:
        return f"'{error.name}' is not defined{_suggestion(error.name, {*names, *_assigned_names(source)})}"
    if isinstance(error.owner, TemplateModule):
        macros = [name for name in vars(error.owner) if not name.startswith("_")]
        return f"{error.owner.__name__} has no macro '{error.name}'{_suggestion(error.name, macros)}"
    if isinstance(error.owner, StrictUndefined):
        return f"'{error.name}' is read from something that is not defined"
    attributes = [name for name in dir(error.owner) if not name.startswith("_")]
    return f"{type(error.owner).__name__} has no '{error.name}'{_suggestion(error.name, attributes)}"


def _with_suggestion(message: str, environment: Environment) -> str:
    """Return Jinja's message in one sentence, with a suggestion for a filter or test that does not exist."""
    if nested := _NESTED.match(message):
        return f"'{nested[1]}' comes before 'end{nested[2]}'; close the '{nested[2]}'"
    if unclosed := _UNCLOSED.match(message):
        return f"the file ends before 'end{unclosed[1]}'; close the '{unclosed[1]}'"
    match = _MISSING_FILTER_OR_TEST.match(message)
    available = environment.filters if match and match[1] == "filter" else environment.tests
    suggestion = _suggestion(match[2], available) if match else ""
    return f"{message.removesuffix('.')}{suggestion}" if suggestion else message


def _suggestion(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _assigned_names(source: str) -> set[str]:
    """Return the names that a template defines: loop variables, `set`, parameters of macros, macros."""
    try:
        tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    except TemplateError:
        return set()
    variables = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    return variables | {node.name for node in tree.find_all(nodes.Macro)}


def _location(error: Exception) -> tuple[str, int, str] | None:
    """Return file, line and source of the innermost template in the traceback."""
    found = None
    for frame, line in walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals or frame.f_code.co_filename.endswith(".j2"):
            found = (frame.f_code.co_filename, line)
    if found is None:
        return None
    path = Path(found[0])
    return (*found, path.read_text(encoding="utf-8", errors="replace") if path.is_file() else "")


def _at(location: tuple[str, int, str], message: str) -> TemplateProblem:
    file, line, _source = location
    return TemplateProblem(f"{file}:{line}: {message}" if line else f"{file}: {message}")
