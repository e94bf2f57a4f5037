"""Render an edition and a variant into an email, once per variant: personal data stays a placeholder."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from digest.errors import TemplateProblem
from digest.i18n import translator
from digest.mail.provider_tags import neutral_html, neutral_text
from digest.models import PLACEHOLDERS, Edition, RenderedEmail, Variant
from digest.render import subject as subjects
from digest.render.context import DeskLink, Page, build_page
from digest.render.inline_css import inline
from digest.render.size_budget import fit
from digest.render.texts import devanagari_digits_in_html, devanagari_digits_in_text, keep_scores_together, one_line
from digest.render.themes import Branding
from digest.render.variants import select

if TYPE_CHECKING:
    from jinja2 import Environment

    from digest.render.archive_page import ArchivePage
    from digest.render.blocks.printing import PrintedBlocks
    from digest.render.clicks import ClickLinks

HTML = "letter.html.j2"
TEXT = "letter.txt.j2"
_TAG = re.compile(r"-DGX_[A-Z_]*-?")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class Renderer:
    """Renders the emails of one newsletter. Changed templates are read again.

    A template in an earlier folder of `template_dirs` replaces the one of the same name in a later folder. An email of
    more than `budget` bytes is shortened. With `clicks`, links to stories are redirects on our pages. `view_code`
    returns an edition's code, without which its view in the browser does not open.
    """

    def __init__(
        self,
        branding: Branding,
        template_dirs: Sequence[Path],
        *,
        budget: int | None = None,
        clicks: ClickLinks | None = None,
        view_code: Callable[[str], str] | None = None,
    ) -> None:
        self._branding = branding
        self._clicks = clicks
        self._view_code = view_code
        self._dirs = tuple(template_dirs)
        self._budget = budget
        self._devanagari_digits = branding.theme.digits == "deva"
        self._jinja: Environment | None = None

    def render(
        self,
        edition: Edition,
        variant: Variant,
        *,
        now: datetime,
        test: bool = False,
        desk: Sequence[DeskLink] = (),
    ) -> RenderedEmail | None:
        """Return the email for `variant`, or None without a story; `now` (aware) is 'today'. Raises TemplateProblem.

        `test` marks it as a test, and `desk` has the links by which its recipient decides on the edition.
        """
        selected = select(edition, variant)
        if selected is None:
            return None

        printed = self.blocks(selected, "email")

        def render_one(smaller: Edition) -> RenderedEmail:
            page = replace(self._page(edition, smaller, now, test), blocks=printed.blocks, desk=tuple(desk))
            text = self._text(page)
            html = self._html(page, smaller) if variant.format == "html" else ""
            return RenderedEmail(variant.key, neutral_text(page.subject), html, text, warnings=printed.warnings)

        if self._budget is None:
            return render_one(selected)
        fitted = fit(selected, render_one, self._budget)
        return replace(fitted.email, left_out=fitted.left_out) if fitted.email else None

    def blocks(self, edition: Edition, where: Literal["email", "web"]) -> PrintedBlocks:
        """Return the blocks of an edition for its emails or for its page, and a sentence about each missing one."""
        from digest.render.blocks.printing import PrintedBlocks, print_blocks

        if not edition.blocks:
            return PrintedBlocks()
        return print_blocks(edition, self._branding, self._environment, where=where)

    def archive_page(self, edition: Edition, *, now: datetime) -> ArchivePage:
        """Return the edition as the archive shows it, with all its stories. Raises TemplateProblem."""
        from digest.render.archive_page import print_page

        blocks = self.blocks(edition, "web").blocks
        return print_page(edition, self._branding, self._environment, blocks, now=now, location=self._location)

    def _page(self, edition: Edition, selected: Edition, now: datetime, test: bool) -> Page:
        language = self._branding.language
        subject = one_line(edition.subject) or subjects.subject_line(selected, language)
        preheader = one_line(edition.preheader)
        # A generated preheader may announce stories that this variant lacks; one written by an editor stays.
        if not preheader or preheader == subjects.preheader(edition, language, subject):
            preheader = subjects.preheader(selected, language, subject)
        if self._devanagari_digits:
            subject, preheader = devanagari_digits_in_text(subject), devanagari_digits_in_text(preheader)
        if test:
            mark = translator(language).gettext("Test")
            subject = f"[{mark}] {subject}"
        shown = replace(selected, subject=subject, preheader=preheader)
        code = self._view_code(edition.key) if self._view_code else ""
        return build_page(shown, self._branding, now=now, test=test, view_code=code)

    def _html(self, page: Page, edition: Edition) -> str:
        html = self._fill(HTML, page, PLACEHOLDERS["email_html"])
        try:
            html = inline(html)
        except TemplateProblem as error:
            raise TemplateProblem(f"{self._location(HTML, '@import')}: {error}") from error
        html = keep_scores_together(html)
        if self._devanagari_digits:
            html = devanagari_digits_in_html(html)
        if self._clicks:
            html = self._clicks.put(html, edition)
        return self._check_placeholders(HTML, neutral_html(html), forbidden="email_text")

    def _text(self, page: Page) -> str:
        text = self._fill(TEXT, page, PLACEHOLDERS["email_text"])
        text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        text = _BLANK_LINES.sub("\n\n", text) + "\n"
        if self._devanagari_digits:
            text = devanagari_digits_in_text(text)
        return self._check_placeholders(TEXT, neutral_text(text), forbidden="email_html")

    def _fill(self, template: str, page: Page, email: str) -> str:
        from digest.render.template_errors import explain

        values = {field.name: getattr(page, field.name) for field in fields(page)} | {"email": email}
        try:
            return self._environment.get_template(template).render(values)
        except Exception as error:
            raise explain(error, template, self._environment, values) from error

    def _check_placeholders(self, template: str, part: str, forbidden: str) -> str:
        """Return `part` if delivery can replace all its placeholders.

        `forbidden` is a placeholder of the other part.
        """
        allowed = {tag for name, tag in PLACEHOLDERS.items() if name != forbidden}
        for tag in _TAG.findall(part):
            if tag not in allowed:
                location = self._location(template, tag)
                raise TemplateProblem(f"{location}: '{tag}' is not a placeholder that can be replaced here")
        return part

    def _location(self, template: str, needle: str) -> str:
        """Return file and line of the first template that contains `needle`, or the file of `template`."""
        loader = self._environment.loader
        for name in self._environment.list_templates() if loader else ():
            source, path, _ = loader.get_source(self._environment, name)  # type: ignore[union-attr]
            if needle in source:
                return f"{path}:{source[: source.index(needle)].count(chr(10)) + 1}"
        folders = (folder for folder in self._dirs if (folder / template).is_file())
        return next((str(folder / template) for folder in folders), template)

    @property
    def _environment(self) -> Environment:
        # Jinja is imported with the first email, not with the command line.
        if self._jinja is None:
            from digest.render.environment import make_environment

            self._jinja = make_environment(self._dirs, self._branding.language)
        return self._jinja
