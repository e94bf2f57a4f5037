"""The Jinja environment of emails: escaping, filters and functions of templates, and where templates are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PrefixLoader, nodes, pass_context
from jinja2.runtime import Context
from markupsafe import escape

from digest.hindi import cut
from digest.i18n import translator
from digest.render.template_errors import RejectedByTemplateFunction, SuggestingUndefined, check_inheritance
from digest.render.templates import FolderLoader

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

COLUMNS = 72
"""Display width of the text part: fits a mail program of 80 columns with room for quoting."""

MAX_RANGE = 10_000
"""The longest `range()` in a template. A typo in a number must not fill the memory."""


class EmailEnvironment(Environment):
    """A Jinja environment that rejects a block which overrides nothing."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        check_inheritance(self, tree, name, filename)
        return tree


def make_environment(template_dirs: Sequence[Path], language: str) -> Environment:
    """An environment that searches `template_dirs` in order: the newsletter's own folder first, the built-in one last.

    `house/` always means the last folder, so that a newsletter's `letter.html.j2` can extend
    `house/letter.html.j2` and override a single block.
    """
    environment = EmailEnvironment(
        loader=ChoiceLoader([FolderLoader(template_dirs), PrefixLoader({"house": FolderLoader(template_dirs[-1:])})]),
        autoescape=_autoescape,
        undefined=SuggestingUndefined,
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # The i18n extension adds this attribute.
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(localised(lambda: translator(language)), range=_range)
    environment.filters["wrap"] = wrap
    environment.filters["rule"] = rule
    return environment


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Template filter for the text part: break `text` into lines of at most `columns` display columns."""
    return "\n".join(cut.wrap(text, columns))


def rule(text: str, mark: str = "─") -> str:
    """Template filter for the text part: underline `text` with `mark`."""
    return f"{text}\n{mark * min(cut.width(text), COLUMNS)}"


def localised(catalogue: Callable[[], Catalogue]) -> dict[str, Any]:
    """`gettext` and `ngettext` for templates (`_` is Jinja's alias). `catalogue` is called for each message.

    Unlike Jinja's own functions they escape translations for HTML, because a newsroom's may contain `&`, and reject
    a message without a translation, which would appear in English.
    """

    def catalogue_with(message: str) -> Catalogue:
        current = catalogue()
        if not current.has(message):
            file = current.name or f"messages/{current.language}.po"
            raise RejectedByTemplateFunction(f'msgid "{message}" is not translated in {file}')
        return current

    def substitute(context: Context, text: str, values: dict[str, Any]) -> str:
        return (escape(text) if context.eval_ctx.autoescape else text) % values

    @pass_context
    def gettext(context: Context, message: str, /, **values: Any) -> str:
        return substitute(context, catalogue_with(message).gettext(message), values)

    @pass_context
    def ngettext(context: Context, singular: str, plural: str, num: int, /, **values: Any) -> str:
        text = catalogue_with(singular).ngettext(singular, plural, num)
        return substitute(context, text, {"num": num} | values)

    return {"gettext": gettext, "ngettext": ngettext}


def _range(*numbers: int) -> range:
    result = range(*numbers)
    if len(result) > MAX_RANGE:
        raise RejectedByTemplateFunction(f"range() has {len(result)} numbers here; at most {MAX_RANGE} are allowed")
    return result


def _autoescape(name: str | None) -> bool:
    """Escape HTML, but not the text part and style sheets. A template without a name is escaped to be safe."""
    return name is None or not name.endswith((".txt.j2", ".css.j2"))
