"""The pictures of a letter: reachable, measured, and told in words for who does not see them."""

from __future__ import annotations

from collections.abc import Iterator

from digest.models import RenderedEmail
from digest.render.lint.finding import Finding, error, shown, warning
from digest.render.lint.tree import Element, Tree


def check(letter: RenderedEmail, tree: Tree | None) -> Iterator[Finding]:  # noqa: ARG001  # the signature of every rule
    for image in tree.all("img") if tree else ():
        yield from _one(image)


def _one(image: Element) -> Iterator[Finding]:
    attributes = image.attributes
    source = attributes.get("src", "")
    called = shown(source) or "a picture without an address"
    if not source.startswith(("https://", "cid:", "data:image/")):
        yield error("picture", f"{called} is not an https address: programs would block it or warn of it")
    if "alt" not in attributes:
        yield error("picture", f"{called} has no alt: most programs show that and not the picture at first")
    linked = next((one for one in image.ancestors() if one.tag == "a"), None)
    if linked is not None and not linked.all_text().strip():
        yield error("picture", f"{called} is all there is in a link, and has no words")
    width, height = attributes.get("width", ""), attributes.get("height", "")
    if not width.isdigit():
        yield warning("picture", f"{called} has no width in pixels: Word-Outlook shows it in its full size")
    if width in ("0", "1") and height in ("0", "1"):
        yield warning("picture", f"{called} is one pixel: it looks like a tracker")
    if source.lower().partition("?")[0].endswith((".webp", ".svg", ".avif")):
        yield warning("picture", f"{called} is of a kind that Outlook does not show; use JPEG or PNG")
