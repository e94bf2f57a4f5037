"""What is wrong in a template, said in one sentence with file and line. Must not render anything.

Imports Jinja at the top: only loaded once a template is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
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
from jinja2.utils import missing

from digest.errors import TemplateMistake
from digest.render.inheritance import Lost

_NAMED = re.compile(r"No (filter|test) named '([^']{1,60})'")


class Refused(TemplateRuntimeError):
    """What a function of ours says to a template that asks for something it must not have."""


class Unknown(UndefinedError):
    """A name or attribute that does not exist; carries what is needed to propose the right one."""

    def __init__(self, message: str | None = None, *, name: object = None, owner: object = missing) -> None:
        super().__init__(message)
        self.name = str(name)
        self.owner = owner


class Strict(StrictUndefined):
    """Jinja's StrictUndefined, raising Unknown instead of a bare message."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = UndefinedError
    ) -> None:
        # Jinja only ever calls it with the message, so that a partial stands in for the class.
        told: Any = partial(Unknown, name=name, owner=obj) if exc is UndefinedError else exc
        super().__init__(hint, obj, name, told)


def mistake(error: Exception, template: str, environment: Environment, known: Collection[str]) -> TemplateMistake:
    """`error`, raised while `template` was loaded or rendered, as a TemplateMistake; chain it yourself.

    `known` are the names that a template is handed. The place is that of the innermost template.
    """
    if isinstance(error, TemplateMistake):
        return TemplateMistake(str(error))
    if isinstance(error, TemplateNotFound):
        names = error.templates if hasattr(error, "templates") else [error.name or str(error)]
        wanted = " or ".join(f"'{name}'" for name in names)
        place = _place(error) or (template, 0, "")
        near = _nearest(str(names[0]), environment.list_templates())
        return _told(place, f"there is no template {wanted}{near}")
    if isinstance(error, TemplateSyntaxError):
        place = (error.filename or error.name or template, error.lineno, error.source or "")
        if isinstance(error, Lost):
            return _told(place, str(error.message))
        return _told(place, f"syntax error: {_with_nearest(str(error.message), environment)}")
    place = _place(error) or (template, 0, "")
    if isinstance(error, RecursionError):
        return _told(place, "it includes or calls itself without end")
    if isinstance(error, Unknown):
        return _told(place, _unknown(error, place[2], known))
    kind = "" if isinstance(error, TemplateError) else f"{type(error).__name__}: "
    return _told(place, f"{kind}{_with_nearest(str(error), environment)}")


def _unknown(error: Unknown, source: str, known: Collection[str]) -> str:
    if error.owner is missing:
        return f"'{error.name}' is not defined{_nearest(error.name, {*known, *_assigned(source)})}"
    kind = type(error.owner).__name__
    if isinstance(error.owner, TemplateModule):
        macros = [name for name in vars(error.owner) if not name.startswith("_")]
        return f"{error.owner.__name__} has no macro '{error.name}'{_nearest(error.name, macros)}"
    if isinstance(error.owner, StrictUndefined):
        return f"'{error.name}' is asked of something that is not defined"
    has = [name for name in dir(error.owner) if not name.startswith("_")]
    return f"{kind} has no '{error.name}'{_nearest(error.name, has)}"


def _with_nearest(message: str, environment: Environment) -> str:
    """Jinja's words; for a filter or test that does not exist also the one that was meant."""
    match = _NAMED.match(message)
    known = environment.filters if match and match[1] == "filter" else environment.tests
    near = _nearest(match[2], known) if match else ""
    return f"{message.removesuffix('.')}{near}" if near else message


def _nearest(name: str, among: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(among), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _assigned(source: str) -> set[str]:
    """The names that a template itself makes: loop variables, `set`, parameters of macros, macros."""
    try:
        tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    except TemplateError:
        return set()
    made = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    return made | {node.name for node in tree.find_all(nodes.Macro)}


def _place(error: Exception) -> tuple[str, int, str] | None:
    """File, line and source of the innermost frame that is a template; Jinja names templates in tracebacks."""
    found = None
    for frame, number in walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals or frame.f_code.co_filename.endswith(".j2"):
            found = (frame.f_code.co_filename, number)
    if found is None:
        return None
    path = Path(found[0])
    return (*found, path.read_text(encoding="utf-8", errors="replace") if path.is_file() else "")


def _told(place: tuple[str, int, str], what: str) -> TemplateMistake:
    where = f"{place[0]}:{place[1]}" if place[1] else place[0]
    return TemplateMistake(f"{where}: {what}")
