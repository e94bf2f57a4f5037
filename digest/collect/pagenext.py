"""Where the page's own article ends and the next one begins: pages that load the following stories below.

Knows shapes of a tree and the headline; reads no text. Changes the tree: the next stories are taken out.
"""

from __future__ import annotations

from typing import Any

from digest.collect.pagefurniture import ENOUGH, Texts
from digest.hindi.text import fold

_HEADINGS = ("h1", "h2", "h3")


def drop_next(tree: Any, title: str) -> None:
    """Takes out the elements of the same shape after the one with the headline, each with headline and text."""
    key = _key(title)
    if not key:
        return
    headings = list(tree.iter(*_HEADINGS))
    own = next((node for node in headings if _key("".join(node.itertext())) == key), None)
    if own is None:
        return
    texts = Texts(tree)
    for holder in own.iterancestors("div", "section", "article", "li"):
        shape = holder.tag, holder.get("class")
        for other in list(holder.itersiblings()):
            if (other.tag, other.get("class")) == shape and texts.held(other) >= ENOUGH and _has_headline(other, own):
                other.drop_tree()


def _has_headline(node: Any, own: Any) -> bool:
    """Whether a headline of the own one's rank or class stands in a node."""
    kind = own.get("class")
    return any(
        head.tag == "h1" or (kind and head.get("class") == kind)
        for head in node.iter(*_HEADINGS)
        if "".join(head.itertext()).strip()
    )


def _key(text: str) -> str:
    return "".join(fold(text).split())
