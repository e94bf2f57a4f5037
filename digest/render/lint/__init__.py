"""Looks a finished letter over before it goes: what would break it for readers, and what would only be a pity.

Pure: opens no connection and changes nothing. Each subject has a module; `RULES` is the table of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from digest.models import Edition, RenderedEmail
from digest.render.lint import colours, frame, links, pictures, sizes, texts
from digest.render.lint.finding import Finding
from digest.render.lint.tree import Tree, read

__all__ = ["RULES", "Finding", "Tree", "lint"]

RULES = (frame.check, links.check, pictures.check, colours.check, sizes.check)
"""Each takes the letter and its parsed HTML (None for a letter of text alone) and yields findings."""


def lint(
    letter: RenderedEmail, edition: Edition | None = None, weights: Mapping[str, int] | None = None
) -> list[Finding]:
    """Every finding, errors first. What stands here as an error stops a send.

    What looks like a template's leftover is an error in a letter of stories that are ours (no `edition`), and in the
    editor's own words; among stories from outside it is a warning, for no feed may stop a send.
    `weights` are the bytes of the pictures that travel inside letters, by their Content-ID.
    """
    tree = read(letter.html) if letter.html else None
    found = [*texts.check(letter, tree, edition), *(finding for rule in RULES for finding in rule(letter, tree))]
    found += sizes.inline(tree, weights or {})
    return sorted(dict.fromkeys(found), key=lambda finding: finding.level != "error")
