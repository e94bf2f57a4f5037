"""Compile each SQL statement once for a whole test process: hundreds of tests open a store of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.util import LRUCache

_SIZE = 2_000


class _Shared(LRUCache[Any, Any]):
    """Compiled statements of all stores of one kind. Keys begin with the dialect, of which each store has its own."""

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key[1:])

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


def compile_once() -> None:
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
