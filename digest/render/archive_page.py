"""An edition as the archive shows it.

It is rendered once, when it is sent, so that later templates do not change it. It contains nothing personal and no
relative date. Links to our own pages and pictures start with `SITE` instead of an address, which may change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from digest.errors import TemplateProblem
from digest.hindi import cut
from digest.models import PLACEHOLDERS, Edition
from digest.render import subject as subjects
from digest.render import texts
from digest.render.context import Page, build_page
from digest.render.texts import devanagari_digits_in_html

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jinja2 import Environment

    from digest.render.blocks.printing import Block
    from digest.render.themes import Branding

TEMPLATE = "article.html.j2"

SITE = "digest-site:"
"""Stands for the address of the reader pages."""

SHARE = "<!-- share -->"
"""The line of the article that the buttons to share it replace."""

DESCRIPTION = 160
"""Grapheme clusters that search engines show of a description."""

_PERSONAL = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """The page's article, with the data for lists and link previews. `picture` is the top story's image, or ''."""

    title: str
    description: str
    html: str
    picture: str
    stories: int
    minutes: int


def print_page(
    edition: Edition,
    branding: Branding,
    environment: Environment,
    blocks: tuple[Block, ...],
    *,
    now: datetime,
    location: Callable[[str, str], str],
) -> ArchivePage:
    """Print the edition. Raises TemplateProblem, also for a template that prints something personal."""
    from digest.render.template_errors import explain

    page = _page(edition, branding, blocks, now)
    values = {field.name: getattr(page, field.name) for field in fields(page)} | {"site": SITE}
    try:
        html = environment.get_template(TEMPLATE).render(values)
    except Exception as error:
        raise explain(error, TEMPLATE, environment, values) from error
    if personal := _PERSONAL.search(html):
        raise TemplateProblem(f"{location(TEMPLATE, personal[0])}: the archive must not show anything personal")
    if branding.theme.digits == "deva":
        html = devanagari_digits_in_html(html)
    lead = edition.story(edition.lead)
    first = lead or next(edition.stories(), None)
    title = texts.one_line(first.title) if first else page.subject
    summary = texts.unify_sentence_ends(texts.one_line(first.summary), first.language) if first else ""
    return ArchivePage(
        title=title,
        description=cut.shorten(summary or page.preheader or title, DESCRIPTION),
        html=html,
        picture=page.lead.picture.url if page.lead and page.lead.picture else "",
        stories=page.count,
        minutes=page.minutes,
    )


def _page(edition: Edition, branding: Branding, blocks: tuple[Block, ...], now: datetime) -> Page:
    # The page loads stored pictures from its own site, by their hash.
    theme = replace(branding.theme, images="attach", can_attach=True)
    subject = texts.one_line(edition.subject) or subjects.subject_line(edition, branding.language)
    preheader = texts.one_line(edition.preheader) or subjects.preheader(edition, branding.language, subject)
    shown = replace(edition, subject=subject, preheader=preheader)
    return build_page(shown, replace(branding, theme=theme), now=now, blocks=blocks, absolute=True)
