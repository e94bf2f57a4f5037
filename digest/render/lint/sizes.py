"""The bytes of a letter against what Gmail shows, and of the pictures that travel with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from digest.models import RenderedEmail
from digest.render.lint.finding import Finding, error, warning
from digest.render.lint.tree import Tree
from digest.render.size import CLIPPED, STOP, measure

MOST_CSS = 16_384
"""Characters of kept style sheets beyond which Gmail drops them all (hteumeuleu/email-bugs 90)."""

MOST_INLINE = 300_000
"""Bytes of inline pictures. They come with every letter whether it is opened or not, on a phone's data too, and make
base64 of 400 kB; a letter's own HTML has some 40 kB."""


def check(letter: RenderedEmail, tree: Tree | None) -> Iterator[Finding]:
    sizes = measure(letter)
    if sizes.decoded > STOP:
        yield error("size", f"the letter has {sizes.decoded:,} bytes; Gmail hides what lies beyond about 102,400")
    elif sizes.quoted_printable > CLIPPED:
        said = f"the letter has {sizes.quoted_printable:,} bytes in quoted-printable"
        yield warning("size", f"{said}; should Gmail count those, it hides what lies beyond {CLIPPED:,}")
    kept = sum(len(sheet) for sheet in tree.sheets) if tree else 0
    if kept > MOST_CSS:
        yield error("size", f"its style sheets have {kept:,} characters; beyond {MOST_CSS:,} Gmail drops them all")


def inline(tree: Tree | None, weights: Mapping[str, int]) -> Iterator[Finding]:
    """`weights` are the bytes of pictures by their Content-ID."""
    sources = {image.attributes.get("src", "") for image in tree.all("img")} if tree else set()
    total = sum(weights.get(source.removeprefix("cid:"), 0) for source in sources if source.startswith("cid:"))
    if total > MOST_INLINE:
        said = f"the pictures inside the letter have {total:,} bytes, which every reader gets with it"
        yield warning("size", f"{said}; {MOST_INLINE:,} are enough")
