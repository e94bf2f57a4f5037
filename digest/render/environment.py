"""The Jinja environment of letters: what is escaped, the filters and functions of templates, how messages are found.

Imports Jinja at the top: loaded when the first letter is rendered, not with the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PrefixLoader, nodes, pass_context
from jinja2.runtime import Context
from markupsafe import escape

from digest.hindi import cut
from digest.messages import translator
from digest.render.inheritance import judge
from digest.render.loading import Folders
from digest.render.mistakes import Refused, Strict

if TYPE_CHECKING:
    from digest.messages.catalogue import Catalogue

COLUMNS = 72
"""Display width of the text part: what a mail program of 80 columns shows with room for quoting."""

LONGEST_RANGE = 10_000
"""The most numbers that `range()` gives in a template: a digit too many would fill the memory."""


class Letters(Environment):
    """Jinja's environment, but a block that fills no place of the template that it extends is a mistake."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        judge(self, tree, name, filename)
        return tree


def make(template_dirs: Sequence[Path], language: str) -> Environment:
    """An environment that looks into `template_dirs` in order: a newsletter's own first, the house's last.

    A newsletter's `letter.html.j2` can say `{% extends "house/letter.html.j2" %}` and override one block:
    `house/` always means the last directory.
    """
    environment = Letters(
        loader=ChoiceLoader([Folders(template_dirs), PrefixLoader({"house": Folders(template_dirs[-1:])})]),
        autoescape=_escapes,  # HTML is escaped; see _escapes
        undefined=Strict,
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # the i18n extension adds it
    environment.globals.update(localised(lambda: translator(language)), range=_range)
    environment.filters["wrap"] = wrap
    environment.filters["rule"] = rule
    return environment


def wrap(text: str, columns: int = COLUMNS) -> str:
    """`text` in lines of at most `columns` display columns; only for the text part."""
    return "\n".join(cut.wrap(text, columns))


def rule(text: str, mark: str = "─") -> str:
    """`text` with a line of `mark` below it, as wide as the text is shown."""
    return f"{text}\n{mark * min(cut.width(text), COLUMNS)}"


def localised(words: Callable[[], Catalogue]) -> dict[str, Any]:
    """`gettext` and `ngettext` of templates (`_` is Jinja's name for the first). `words` is asked for each message;
    whoever renders one page may hand in its own, asked once.

    Other than Jinja's own, they escape a translation for HTML, as a newsroom's may hold a `&`, and refuse a message
    that the language's catalogue lacks: it would stand in English in the letter.
    """

    def knowing(message: str) -> Catalogue:
        known = words()
        if not known.has(message):
            where = known.name or f"messages/{known.language}.po"
            raise Refused(f'msgid "{message}" is not translated in {where}')
        return known

    def filled(context: Context, text: str, fields: dict[str, Any]) -> str:
        return (escape(text) if context.eval_ctx.autoescape else text) % fields

    @pass_context
    def gettext(context: Context, message: str, /, **fields: Any) -> str:
        return filled(context, knowing(message).gettext(message), fields)

    @pass_context
    def ngettext(context: Context, one: str, many: str, num: int, /, **fields: Any) -> str:
        return filled(context, knowing(one).ngettext(one, many, num), {"num": num} | fields)

    return {"gettext": gettext, "ngettext": ngettext}


def _range(*numbers: int) -> range:
    made = range(*numbers)
    if len(made) > LONGEST_RANGE:
        raise Refused(f"range() gives {len(made)} numbers here, and {LONGEST_RANGE} at most are allowed")
    return made


def _escapes(name: str | None) -> bool:
    """HTML is escaped; the text part and style sheets are not. A string without a name is, to be safe."""
    return name is None or not name.endswith((".txt.j2", ".css.j2"))
