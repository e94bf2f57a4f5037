"""Compile each template once for a whole test process: hundreds of tests render the same ones."""

from __future__ import annotations

import re
from types import CodeType
from typing import Any

from jinja2 import Environment, TemplateError

from digest.errors import DigestError

# What a template includes or imports is not part of its code. What it extends is checked when it is compiled.
_PARENT = re.compile(r"""\{%[-+]?\s*extends\s+["']([^"']+)["']""")
_codes: dict[tuple[object, ...], CodeType] = {}


def compile_once() -> None:
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
