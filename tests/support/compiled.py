"""Compile each template and SQL statement once for a whole test process, and each test module once for all of them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from importlib import import_module
from types import CodeType
from typing import Any

import pytest
from jinja2 import Environment, TemplateError
from sqlalchemy import Dialect, Engine
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.util import LRUCache

from digest.errors import DigestError
from tests.paths import ROOT

# What a template includes or imports is not part of its code. What it extends is checked when it is compiled.
_PARENT = re.compile(r"""\{%[-+]?\s*extends\s+["']([^"']+)["']""")
_codes: dict[tuple[object, ...], CodeType] = {}


def compile_templates_once() -> None:
    """Make every Jinja environment reuse the code of a template that is the same, in the same surroundings."""
    compile_template = Environment.compile

    def compile_or_reuse(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, *options: bool
    ) -> Any:
        sources = None if any(options) else _with_parents(self, source, set())
        if sources is None:
            return compile_template(self, source, name, filename, *options)
        names = (*sorted(self.filters), *sorted(self.tests), *sorted(self.extensions))
        key = (type(self), name, filename, self.optimized, self.trim_blocks, names, sources)
        if key not in _codes:
            _codes[key] = compile_template(self, source, name, filename)
        return _codes[key]

    Environment.compile = compile_or_reuse  # type: ignore[method-assign]


def _with_parents(environment: Environment, source: Any, seen: set[str]) -> tuple[str, ...] | None:
    """Return the text of a template and of those it extends, or None if one of them cannot be read."""
    if not isinstance(source, str) or environment.loader is None:
        return None
    found = [source]
    for name in _PARENT.findall(source):
        if name not in seen:
            seen.add(name)
            try:
                text = environment.loader.get_source(environment, name)[0]
            except (TemplateError, DigestError):
                return None
            further = _with_parents(environment, text, seen)
            if further is None:
                return None
            found += further
    return tuple(found)


_SIZE = 2_000


class _Shared(LRUCache[Any, Any]):
    """Compiled statements of all stores of one kind. Keys begin with the dialect, of which each store has its own."""

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key[1:])

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


def compile_statements_once() -> None:
    """Make all stores of one kind share their compiled statements, and those that create their tables."""
    for kind in (CreateTable, CreateIndex):
        _create_once(kind)
    shared: dict[str, _Shared] = {}
    open_engine = Engine.__init__

    def open_sharing(self: Engine, *arguments: Any, **options: Any) -> None:
        open_engine(self, *arguments, **options)
        self._compiled_cache = shared.setdefault(self.dialect.name, _Shared(_SIZE))

    Engine.__init__ = open_sharing  # type: ignore[method-assign]


def _create_once(kind: Any) -> None:
    compile_statement = kind._compiler
    compiled: dict[tuple[object, str], Any] = {}

    def compile_or_reuse(self: Any, dialect: Dialect, **options: Any) -> Any:
        if self.if_not_exists:
            return compile_statement(self, dialect, **options)
        key = (self.element, dialect.name)
        if key not in compiled:
            compiled[key] = compile_statement(self, dialect, **options)
        return compiled[key]

    kind._compiler = compile_or_reuse


def compile_own_share() -> None:
    """Import one part of the test modules before the others, if this is one of several processes.

    pytest rewrites the assertions of a module that has changed, which takes longer than importing it. Each process
    would do so for all modules of a new clone.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    if workers == 1:
        return
    own = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    for file in sorted((ROOT / "tests").rglob("test_*.py"))[own::workers]:
        # A module that cannot be imported is reported when it is collected.
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
