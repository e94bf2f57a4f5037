"""An edition and a variant become a letter. Once per variant: what is personal stays a placeholder.

Puts the parts of this stage together: selection, page, templates, inlining. Must not know a reader, choose
stories beyond the variant's, or send. Jinja is imported when the first letter is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import TemplateMistake
from digest.messages import translator
from digest.models import PLACEHOLDERS, Edition, RenderedEmail, Variant
from digest.render import digits
from digest.render import subject as heads
from digest.render.clean import line
from digest.render.fit import fit
from digest.render.inline import inline
from digest.render.masthead import Masthead
from digest.render.page import Page, page
from digest.render.selection import select

if TYPE_CHECKING:
    from jinja2 import Environment

HTML = "letter.html.j2"
TEXT = "letter.txt.j2"
_TAG = re.compile(r"-DGX_[A-Z_]*-?")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class Renderer:
    """Renders letters of one newsletter.

    `template_dirs`: the newsletter's own directory first, the house's last; a file in an earlier one takes
    the place of its namesake. Templates are read again when they change. A letter of more than `budget` decoded
    bytes is made to fit.
    """

    def __init__(self, masthead: Masthead, template_dirs: Sequence[Path], *, budget: int | None = None) -> None:
        self._masthead = masthead
        self._dirs = tuple(template_dirs)
        self._budget = budget
        self._deva = masthead.theme.digits == "deva"
        self._made: Environment | None = None

    def render(self, edition: Edition, variant: Variant, *, now: datetime, test: bool = False) -> RenderedEmail | None:
        """The letter for `variant`, or None when its topics have no story today.

        `now` (aware) decides what 'today' means in it. With `test` the subject and the top of the letter say
        so. Raises TemplateMistake, one sentence with file and line, for whatever is wrong in a template.
        """
        chosen = select(edition, variant)
        if chosen is None:
            return None

        def letter(smaller: Edition) -> RenderedEmail:
            made = self._page(edition, smaller, now, test)
            text = self._text(made)
            html = self._html(made) if variant.format == "html" else ""
            return RenderedEmail(variant.key, made.subject, html, text)

        if self._budget is None:
            return letter(chosen)
        fitted = fit(chosen, letter, self._budget)
        return replace(fitted.letter, left_out=fitted.left_out) if fitted.letter else None

    def _page(self, edition: Edition, chosen: Edition, now: datetime, test: bool) -> Page:
        language = self._masthead.language
        subject = line(edition.subject) or heads.subject_line(chosen, language)
        preheader = line(edition.preheader)
        # One that was made from the whole edition would promise stories that this variant leaves out;
        # one that the desk wrote stays.
        if not preheader or preheader == heads.preheader(edition, language):
            preheader = heads.preheader(chosen, language)
        if self._deva:
            subject, preheader = digits.in_text(subject), digits.in_text(preheader)
        if test:
            mark = translator(language).gettext("Test")
            subject = f"[{mark}] {subject}"
        return page(chosen, self._masthead, subject=subject, preheader=preheader, now=now, test=test)

    def _html(self, made: Page) -> str:
        html = self._fill(HTML, made, PLACEHOLDERS["email_html"])
        try:
            html = inline(html)
        except TemplateMistake as error:
            raise TemplateMistake(f"{self._where(HTML, '@import')}: {error}") from error
        return self._checked(HTML, digits.in_html(html) if self._deva else html, without="email_text")

    def _text(self, made: Page) -> str:
        text = self._fill(TEXT, made, PLACEHOLDERS["email_text"])
        text = "\n".join(row.rstrip() for row in text.strip().splitlines())
        text = _BLANK_LINES.sub("\n\n", text) + "\n"
        return self._checked(TEXT, digits.in_text(text) if self._deva else text, without="email_html")

    def _fill(self, template: str, made: Page, email: str) -> str:
        from digest.render.mistakes import mistake

        values = {field.name: getattr(made, field.name) for field in fields(made)} | {"email": email}
        try:
            return self._environment.get_template(template).render(values)
        except Exception as error:
            raise mistake(error, template, self._environment, values) from error

    def _checked(self, template: str, part: str, without: str) -> str:
        """`part`, once every placeholder in it is one that delivery will fill for this kind of part."""
        good = {tag for name, tag in PLACEHOLDERS.items() if name != without}
        for tag in _TAG.findall(part):
            if tag not in good:
                place = self._where(template, tag)
                raise TemplateMistake(f"{place}: '{tag}' is no placeholder that can be filled here")
        return part

    def _where(self, template: str, needle: str) -> str:
        """File and line of the first template that holds `needle`; else `template` alone."""
        loader = self._environment.loader
        for name in self._environment.list_templates() if loader else ():
            source, path, _ = loader.get_source(self._environment, name)  # type: ignore[union-attr]
            if needle in source:
                return f"{path}:{source[: source.index(needle)].count(chr(10)) + 1}"
        return next((str(d / template) for d in self._dirs if (d / template).is_file()), template)

    @property
    def _environment(self) -> Environment:
        if self._made is None:
            from digest.render.environment import make

            self._made = make(self._dirs, self._masthead.language)
        return self._made
