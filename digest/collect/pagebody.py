"""Finds the article among a page's furniture: marked containers first, else where the most running text stands.

Gives blocks and pictures; judges no title and no date.
"""

from __future__ import annotations

from typing import Any

from digest.collect.markup import Content, read_html, walk
from digest.models import Block

ENOUGH = 200
"""Characters of text by which a container counts as the article."""

_MARKED = ("//*[@itemprop='articleBody']", "//article", "//main", "//*[@role='main']")
_FURNITURE = (
    "//nav|//footer|//aside|//header[not(ancestor::article)]|//form|//figcaption|//script|//style|//noscript"
    "|//*[@hidden]|//*[@aria-hidden='true']|//*[@role='navigation']"
)
_MAY_HOLD = frozenset({"header", "form", "aside", "nav"})
_HOLDERS = frozenset({"div", "td", "section", "article", "main", "body", "center", "span"})
_RUN = 60
"""Characters; a text node shorter than this is a label, a link or a button."""


def page_body(tree: Any, base: str, stated: str) -> Content:
    """The article's blocks. `stated` is the text that JSON-LD gives, taken when the page shows clearly less.

    Changes the tree: furniture is taken out of it.
    """
    whole = _running(tree)
    for node in tree.xpath(_FURNITURE):
        if node.getparent() is None or node.tag in ("body", "html"):
            continue
        # a `<header>` that is never closed and a `<form>` round the whole page hold the article itself
        if not (node.tag in _MAY_HOLD and _running(node) > max(ENOUGH, 0.5 * whole)):
            node.drop_tree()
    best = Content()
    for path in _MARKED:
        for node in tree.xpath(path)[:5]:
            content = _paragraphs(node, base)
            best = content if _size(content) > _size(best) else best
        if _size(best) >= ENOUGH:
            break
    if _size(best) < ENOUGH:
        best = _densest(tree, base)
    if stated and (_size(best) < ENOUGH <= len(stated) or len(stated) > 1.2 * _size(best) + ENOUGH):
        own = read_html(stated, base)
        own.images = best.images
        return own
    return best


def _paragraphs(node: Any, base: str) -> Content:
    """`<p>` and headings below a node; everything below it when it uses no `<p>`."""
    inner = Content()
    for part in node.iter("p", "h2", "h3", "h4", "img"):
        if any(parent.tag == "p" for parent in part.iterancestors("p")) or _linked(part):
            continue
        walk(part, inner, base)
    inner.blocks = _trimmed(inner.blocks)
    if _size(inner) >= ENOUGH:
        return inner
    whole = Content()
    walk(node, whole, base)
    whole.blocks = _trimmed([block for block in whole.blocks if block.kind == "h" or len(block.text) > _RUN])
    return whole if _size(whole) > 2 * _size(inner) else inner


def _running(node: Any) -> int:
    """Characters of the paragraphs below a node that are more than labels."""
    texts = (" ".join("".join(part.itertext()).split()) for part in node.iter("p"))
    return sum(len(text) for text in texts if len(text) > _RUN)


def _densest(tree: Any, base: str) -> Content:
    """The content of the element in which the most running text stands, counted one and two levels up."""
    scores: dict[Any, float] = {}
    for node in tree.iter():
        if not isinstance(node.tag, str) or node.tag == "a" or _linked(node):
            continue
        runs = [node.text or "", *((child.tail or "") for child in node)]
        length = sum(len(run) for text in runs if len(run := " ".join(text.split())) > _RUN)
        if not length:
            continue
        weight = 1.0
        for holder in [node, *node.iterancestors()][:4]:
            if holder.tag in _HOLDERS:
                scores[holder] = scores.get(holder, 0.0) + length * weight
                weight *= 0.6
    if not scores:
        return Content()
    return _paragraphs(max(scores, key=scores.__getitem__), base)


def _linked(node: Any) -> bool:
    """Whether a paragraph is mostly a link: a pointer to another story."""
    if node.tag not in ("p", "h2", "h3", "h4", "li"):
        return False
    whole = len("".join(node.itertext()).strip())
    return whole > 0 and sum(len("".join(link.itertext())) for link in node.iter("a")) > 0.6 * whole


def _trimmed(blocks: list[Block]) -> list[Block]:
    """Without the headings that no paragraph follows: lists of other stories at the page's end."""
    while blocks and blocks[-1].kind == "h":
        blocks = blocks[:-1]
    return blocks


def _size(content: Content) -> int:
    return sum(len(block.text) for block in content.blocks if block.kind == "p")
