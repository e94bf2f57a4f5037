"""The bytes of a letter against what Gmail shows."""

from __future__ import annotations

from collections.abc import Iterator

from digest.models import Letter
from digest.render.lint.finding import Finding, error, warning
from digest.render.lint.tree import Tree
from digest.render.size import CLIPPED, STOP, measure

MOST_CSS = 16_384
"""Characters of kept style sheets beyond which Gmail drops them all (hteumeuleu/email-bugs 90)."""


def check(letter: Letter, tree: Tree | None) -> Iterator[Finding]:
    sizes = measure(letter)
    if sizes.decoded > STOP:
        yield error("size", f"the letter has {sizes.decoded:,} bytes; Gmail hides what lies beyond about 102,400")
    elif sizes.quoted_printable > CLIPPED:
        said = f"the letter has {sizes.quoted_printable:,} bytes in quoted-printable"
        yield warning("size", f"{said}; should Gmail count those, it hides what lies beyond {CLIPPED:,}")
    kept = sum(len(sheet) for sheet in tree.sheets) if tree else 0
    if kept > MOST_CSS:
        yield error("size", f"its style sheets have {kept:,} characters; beyond {MOST_CSS:,} Gmail drops them all")
