"""Emails to editors, in the newsletter's language and the digits of its theme."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from digest.hindi.numbers import latin_digits
from digest.i18n import translator
from digest.notify.alert import Mail
from digest.render.texts import devanagari_digits_in_html, devanagari_digits_in_text

if TYPE_CHECKING:
    from jinja2 import Template

    from digest.render.themes import Branding

# A command that ends with the date of an edition. People copy it.
_COMMAND = re.compile("digest [a-z ]+[०-९][०-९-]*")


def editors_mail(name: str, branding: Branding, subject: str, text: str, **values: object) -> Mail:
    """Render the template `name` with `values`. `text` is the other part of the email."""
    language, theme = branding.language, branding.theme
    html = _template(name).render(
        name=branding.name, theme=theme, language=language, _=translator(language).gettext, **values
    )
    if theme.digits != "deva":
        return Mail(subject, html, text)
    return Mail(
        devanagari_digits_in_text(subject),
        _with_commands(devanagari_digits_in_html(html)),
        _with_commands(devanagari_digits_in_text(text)),
    )


def _with_commands(text: str) -> str:
    return _COMMAND.sub(lambda command: latin_digits(command[0]), text)


@cache
def _template(name: str) -> Template:
    # Commands that render nothing should not pay for Jinja.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("digest.notify"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(name)
