"""premailer behind one function: style rules become style attributes. Nothing else may import premailer.

premailer is unmaintained and its defaults break a Hindi letter (doctype dropped, `!important` stripped from
dark mode, @import fetched); the settings here avoid that, and tests/render/test_inline.py holds each trap.
"""

from __future__ import annotations

import logging
import re
from functools import cache, lru_cache
from typing import Any

from digest.errors import TemplateMistake

DOCTYPE = "<!DOCTYPE html>"
"""premailer drops any other spelling, and without a doctype browsers lay the letter out as in 1998."""

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S | re.I)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_DECLARATION = re.compile(r"""([-A-Za-z0-9_]+)\s*:\s*((?:[^;"'(]|"[^"]*"|'[^']*'|\([^)]*\))+)""")
_IMPORT = re.compile(r"@import\b|@\\", re.I)


def inline(html: str) -> str:
    """`html` with the rules of its plain `<style>` moved into style attributes, and that block gone.

    `<style data-premailer="ignore">` is kept byte for byte (without the attribute): media queries, dark mode
    and :hover belong there. Opens no connection. Raises TemplateMistake for another doctype, for `@import`,
    and for a style sheet that premailer can't take.
    """
    if not html.startswith(DOCTYPE):
        raise TemplateMistake(f"the letter must begin with exactly {DOCTYPE}, with nothing before it")
    # A CSS escape can spell @import in other letters, so that is refused too.
    if any(_IMPORT.search(sheet) for sheet in _STYLE.findall(html)):
        raise TemplateMistake("a style sheet of the letter uses @import: mail clients ignore or block it")
    try:
        return str(_inliner()(html).transform(pretty_print=False))
    except Exception as error:  # premailer raises whatever its parsers raise: TypeError, AttributeError, …
        raise TemplateMistake(f"the letter's style sheet can't be inlined: {error}") from error


@lru_cache(maxsize=256)
def _declarations(css: str, validate: bool = False) -> tuple[tuple[str, str], ...]:  # noqa: ARG001  # premailer's call
    """Names and values of a style attribute, in their order; a `;` within quotes or parentheses ends none."""
    return tuple((name.lower(), value.strip()) for name, value in _DECLARATION.findall(_COMMENT.sub(" ", css)))


def _nothing(url: str) -> tuple[None, bytes]:  # noqa: ARG001  # what cssutils calls a fetcher
    """An empty sheet for any address."""
    return None, b""


@cache
def _inliner() -> Any:
    """A maker of premailers that never fetch; made once, because the import costs a tenth of a second."""
    import cssutils
    from premailer import Premailer, merge_style, premailer

    parser = cssutils.CSSParser(loglevel=logging.CRITICAL, validate=False, fetcher=_nothing)

    @lru_cache(maxsize=8)  # half the time of a letter goes into parsing the same sheet again
    def sheet(css: str) -> Any:
        return parser.parseString(css, validate=False)

    # Theirs compiles patterns for all of CSS to validate style attributes, whatever it is told: half of a first letter.
    merge_style.csstext_to_pairs = premailer.csstext_to_pairs = _declarations

    class Offline(Premailer):  # type: ignore[misc]  # premailer ships no types
        """allow_network=False does not stop cssutils from following @import; our own parser does.

        It also steps round premailer's cache of parsed sheets, which three functions share by text alone.
        """

        def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:  # noqa: ARG002  # its signature
            return sheet(css_body)

    def make(html: str) -> Any:
        return Offline(
            html,
            allow_network=False,
            keep_style_tags=False,
            strip_important=False,
            remove_classes=False,
            disable_validation=True,
            disable_basic_attributes=["align", "valign", "width", "height", "bgcolor"],
            align_floating_images=False,
            cssutils_logging_level=logging.CRITICAL,
        )

    return make
