"""Inline CSS with premailer, whose defaults break a Hindi email; tests/render/test_inline.py tests each case."""

from __future__ import annotations

import logging
import re
from functools import cache, lru_cache
from typing import Any

from digest.errors import TemplateProblem

DOCTYPE = "<!DOCTYPE html>"
"""premailer drops any other spelling, and without a doctype browsers use quirks mode."""

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S | re.I)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_DECLARATION = re.compile(r"""([-A-Za-z0-9_]+)\s*:\s*((?:[^;"'(]|"[^"]*"|'[^']*'|\([^)]*\))+)""")
_IMPORT = re.compile(r"@import\b|@\\", re.I)


def inline(html: str) -> str:
    """Move the rules of the plain `<style>` into style attributes, and remove that block. Raises TemplateProblem.

    `<style data-premailer="ignore">` is kept for media queries, dark mode and :hover.
    """
    if not html.startswith(DOCTYPE):
        raise TemplateProblem(f"the HTML must start with exactly {DOCTYPE}, with nothing before it")
    # A CSS escape can spell @import in other characters, so escapes after @ are rejected too.
    if any(_IMPORT.search(sheet) for sheet in _STYLE.findall(html)):
        raise TemplateProblem("a style sheet uses @import, which mail programs ignore or block")
    try:
        return str(_inliner()(html).transform(pretty_print=False))
    # premailer raises whatever its parsers raise: TypeError, AttributeError, …
    except Exception as error:
        raise TemplateProblem(f"the style sheet cannot be inlined: {error}") from error


# The signature is that of the function of premailer which it replaces.
@lru_cache(maxsize=256)
def _declarations(css: str, validate: bool = False) -> tuple[tuple[str, str], ...]:  # noqa: ARG001
    """Return the names and values of a style attribute, in order.

    A `;` in quotes or parentheses does not end a declaration.
    """
    return tuple((name.lower(), value.strip()) for name, value in _DECLARATION.findall(_COMMENT.sub(" ", css)))


def _fetch_nothing(url: str) -> tuple[None, bytes]:  # noqa: ARG001
    """Return the fetcher for cssutils: an empty style sheet for any address."""
    return None, b""


@cache
def _inliner() -> Any:
    """Return a factory of premailers that never fetch. Cached because the import takes a tenth of a second."""
    import cssutils
    from premailer import Premailer, merge_style, premailer

    parser = cssutils.CSSParser(loglevel=logging.CRITICAL, validate=False, fetcher=_fetch_nothing)

    # Its own function always compiles patterns for all of CSS to validate style attributes, which takes half the time
    # of a first email.
    merge_style.csstext_to_pairs = premailer.csstext_to_pairs = _declarations
    # The space after each semicolon is 1 % of an email.
    merge_styles = merge_style.merge_styles
    premailer.merge_styles = lambda *styles, **how: merge_styles(*styles, **how).replace("; ", ";")

    class OfflinePremailer(Premailer):  # type: ignore[misc]
        """A premailer with our CSS parser: allow_network=False does not stop cssutils from following @import."""

        def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:  # noqa: ARG002
            return parser.parseString(css_body, validate=False)

        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
            return read_rules(css_body, ruleset_index)

    # Reading the same style sheet again would take most of the time of an email.
    @lru_cache(maxsize=8)
    def read_rules(css: str, index: int) -> Any:
        return Premailer._parse_style_rules(make(""), css, index)

    def make(html: str) -> Any:
        return OfflinePremailer(
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
