"""The Jinja environment of letters: where templates lie, what is escaped, and the filters that they may use.

Imports Jinja at the top: loaded when the first letter is rendered, not with the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader

from digest.hindi import cut
from digest.messages import translator
from digest.render.mistakes import Strict

COLUMNS = 72
"""Display width of the text part: what a mail program of 80 columns shows with room for quoting."""


def make(template_dirs: Sequence[Path], language: str) -> Environment:
    """An environment that looks into `template_dirs` in order: a newsletter's own first, the house's last.

    A newsletter's `letter.html.j2` can say `{% extends "house/letter.html.j2" %}` and override one block:
    `house/` always means the last directory.
    """
    directories = [str(directory) for directory in template_dirs]
    environment = Environment(
        loader=ChoiceLoader(
            [FileSystemLoader(directories), PrefixLoader({"house": FileSystemLoader(directories[-1:])})]
        ),
        autoescape=_escapes,  # noqa: S701  # HTML is escaped; see _escapes
        undefined=Strict,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translator(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension adds it
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    environment.filters["wrap"] = wrap
    environment.filters["rule"] = rule
    return environment


def wrap(text: str, columns: int = COLUMNS) -> str:
    """`text` in lines of at most `columns` display columns; only for the text part."""
    return "\n".join(cut.wrap(text, columns))


def rule(text: str, mark: str = "─") -> str:
    """`text` with a line of `mark` below it, as wide as the text is shown."""
    return f"{text}\n{mark * min(cut.width(text), COLUMNS)}"


def _escapes(name: str | None) -> bool:
    """HTML is escaped; the text part and style sheets are not. A string without a name is, to be safe."""
    return name is None or not name.endswith((".txt.j2", ".css.j2"))
