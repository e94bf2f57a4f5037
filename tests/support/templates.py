"""Generate the code of each template once for a whole test process: hundreds of tests render the same ones."""

from __future__ import annotations

from types import CodeType
from typing import Any

from jinja2 import Environment, TemplateSyntaxError

_codes: dict[tuple[object, ...], CodeType] = {}


def compile_once() -> None:
    """Make every Jinja environment keep the code of its templates. Templates are still parsed and checked each time."""
    compile_template = Environment.compile

    def compile_or_remember(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, *options: bool
    ) -> Any:
        if not isinstance(source, str) or any(options):
            return compile_template(self, source, name, filename, *options)
        names = (*sorted(self.filters), *sorted(self.tests), *sorted(self.extensions))
        key = (type(self), source, name, filename, self.optimized, self.trim_blocks, names)
        if key not in _codes:
            _codes[key] = compile_template(self, source, name, filename)
        else:
            try:
                self._parse(source, name, filename)
            except TemplateSyntaxError:
                self.handle_exception(source=source)
        return _codes[key]

    Environment.compile = compile_or_remember  # type: ignore[method-assign]
