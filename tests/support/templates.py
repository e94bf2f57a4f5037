"""Compile each template once for a whole test process: hundreds of tests render the same ones."""

from __future__ import annotations

import re
from types import CodeType
from typing import Any

from jinja2 import Environment, TemplateError

from digest.errors import DigestError

_REFERENCE = re.compile(r"""\{%[-+]?\s*(?:extends|include|import|from)\s+(?:["']([^"']+)["'])?""")
_codes: dict[tuple[object, ...], CodeType] = {}


def compile_once() -> None:
    """Make every Jinja environment reuse the code of a template that is the same, in the same surroundings."""
    compile_template = Environment.compile

    def compile_or_reuse(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, *options: bool
    ) -> Any:
        sources = None if any(options) else _with_references(self, source, set())
        if sources is None:
            return compile_template(self, source, name, filename, *options)
        names = (*sorted(self.filters), *sorted(self.tests), *sorted(self.extensions))
        key = (type(self), name, filename, self.optimized, self.trim_blocks, names, sources)
        if key not in _codes:
            _codes[key] = compile_template(self, source, name, filename)
        return _codes[key]

    Environment.compile = compile_or_reuse  # type: ignore[method-assign]


def _with_references(environment: Environment, source: Any, seen: set[str]) -> tuple[str, ...] | None:
    """Return the text of a template and of those it refers to, or None if the text does not show which."""
    if not isinstance(source, str) or environment.loader is None:
        return None
    found = [source]
    for name in _REFERENCE.findall(source):
        if not name:
            return None
        if name not in seen:
            seen.add(name)
            try:
                text = environment.loader.get_source(environment, name)[0]
            except (TemplateError, DigestError):
                return None
            further = _with_references(environment, text, seen)
            if further is None:
                return None
            found += further
    return tuple(found)
