"""Finds the article's text on a page: a site's own row, marked containers, else where most running text stands.

Gives blocks and pictures; judges no title and no date. What trafilatura takes for the text is heard as a second
opinion: where a page marks nothing, it says where the article ends.
"""

from __future__ import annotations

from typing import Any

from digest.collect.markup import MAX_BLOCKS, Content, paragraphs, read_html, walk
from digest.collect.pagefurniture import ENOUGH, RUN, mark_headings, mostly_link, strip_furniture
from digest.collect.pagenext import drop_next
from digest.collect.pagequirks import Quirk
from digest.collect.pagetext import reconciled, second_opinion
from digest.models import Block

_SURE = ("//*[@itemprop='articleBody']",)
_MARKED = ("//article", "//main", "//*[@role='main']")
_HOLDERS = frozenset({"div", "td", "section", "article", "main", "body", "center", "span"})
_PARTS = ("p", "h2", "h3", "h4", "h5", "li", "blockquote", "tr", "img")
_MOST_CELLS = 12
_ENDED = ("।", "॥", ".", "?", "!", "”", '"', "’", ":")


def page_body(tree: Any, base: str, stated: str, *, title: str = "", quirk: Quirk | None = None) -> Content:
    """The article's blocks. `stated` is the text that JSON-LD gives, taken when the page shows clearly less.

    `title` tells the article from the next ones that a page may hold below it.

    Changes the tree: furniture is taken out of it.
    """
    for path in quirk.drop if quirk else ():
        for node in tree.xpath(path):
            if node.getparent() is not None:
                node.drop_tree()
    drop_next(tree, title)
    own = _best(tree, (quirk.body,), base) if quirk and quirk.body else Content()
    if size(own) < ENOUGH:
        strip_furniture(tree)
        mark_headings(tree)
        own = _best(tree, _SURE, base)
    if size(own) < ENOUGH:
        own = _best(tree, _MARKED, base)
        marked = size(own) >= ENOUGH
        own = own if marked else _densest(tree, base)
        # JSON-LD's own text settles it; only without it is the second opinion worth its 50 ms
        if len(stated) < ENOUGH:
            own = reconciled(own, second_opinion(tree), marked=marked)
    if stated and (size(own) < ENOUGH <= len(stated) or len(stated) > 1.2 * size(own) + ENOUGH):
        said = read_html(stated, base)
        said.images = own.images
        return said
    return own


def size(content: Content) -> int:
    """Characters of the paragraphs."""
    return sum(len(block.text) for block in content.blocks if block.kind == "p")


def _best(tree: Any, paths: tuple[str, ...], base: str) -> Content:
    """The fullest content of the elements that a path gives, by the first path that gives enough.

    Several `<article>`s beside each other are one live report, when each holds little and they share a parent.
    """
    best = Content()
    for path in paths:
        found = tree.xpath(path)
        for node in found[:5]:
            content = _paragraphs(node, base)
            best = content if size(content) > size(best) else best
        parents = {node.getparent() for node in found}
        if len(found) > 1 and len(parents) == 1 and path == "//article":
            together = _paragraphs(_wider(parents.pop()), base)
            best = together if size(together) > 1.2 * size(best) else best
        if size(best) >= ENOUGH:
            break
    return best


def _wider(parent: Any) -> Any:
    """The `<main>` round a row of updates, where their opening stands; the parent itself without one."""
    return next(parent.iterancestors("main"), parent)


def _paragraphs(node: Any, base: str) -> Content:
    """`<p>`, headings and points of lists below a node; everything below it when it uses no `<p>`."""
    inner = Content()
    for part in node.iter(*_PARTS):
        if len(inner.blocks) >= MAX_BLOCKS:
            break
        if part.tag != "img" and mostly_link(part):
            continue
        if _is_taken(part) or not _is_text(part):
            continue
        if part.tag == "tr":
            inner.blocks += _row(part)
            continue
        walk(part, inner, base)
    inner.blocks = _trimmed(inner.blocks)
    whole = Content()
    walk(node, whole, base)
    whole.blocks = _trimmed([block for block in whole.blocks if block.kind == "h" or _is_running(block.text)])
    return whole if size(whole) > (1.5 if size(inner) >= ENOUGH else 2) * size(inner) else inner


def _is_running(text: str) -> bool:
    return len(text) > RUN or text.endswith(_ENDED)


def _is_taken(part: Any) -> bool:
    """Whether a part stands in one that is taken whole, or in a link to another story."""
    for holder in part.iterancestors("p", "li", "blockquote", "tr", "a"):
        if holder.tag == "a":  # one that is never closed holds the article itself
            if part.tag != "img" and len("".join(holder.itertext())) <= 2 * ENOUGH:
                return True
        elif holder.tag == "p" or (bool(_cells(holder)) if holder.tag == "tr" else _is_leaf(holder)):
            return True
    return False


def _is_leaf(part: Any) -> bool:
    return next(part.iter("p", "ul", "ol", "div"), None) is None


def _is_text(part: Any) -> bool:
    """Whether a point of a list or a quotation is text of its own, and no button or holder of paragraphs."""
    if part.tag not in ("li", "blockquote"):
        return True
    if not _is_leaf(part):
        return False
    return _is_running(" ".join("".join(part.itertext()).split())) or (part.tag == "li" and _is_list_of_words(part))


def _is_list_of_words(point: Any) -> bool:
    """Whether short points are a list of the text (250 grams of sesame): no link among them, a line of text before."""
    points = point.getparent()
    siblings = points.itersiblings(preceding=True) if points is not None else ()
    before = next((one for one in siblings if isinstance(one.tag, str)), None)
    return (
        before is not None
        and before.tag in ("p", "h2", "h3", "h4", "h5")
        and next(points.iter("a", "button", "img", "input", "svg", "form"), None) is None
    )


def _cells(row: Any) -> list[str]:
    """The cells of a row of figures; [] of a row that lays out the page: with one cell, paragraphs or pictures."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if not 2 <= len(cells) <= _MOST_CELLS or next(row.iter("table", "div", "img", "ul", "br"), None) is not None:
        return []
    texts = [" ".join("".join(cell.itertext()).split()) for cell in cells]
    return texts if all(len(text) <= 2 * RUN for text in texts) else []


def _row(row: Any) -> list[Block]:
    return [block for text in [" | ".join(text for text in _cells(row) if text)] for block in paragraphs(text)]


def _densest(tree: Any, base: str) -> Content:
    """The content of the element in which the most running text stands, counted one and two levels up."""
    scores: dict[Any, float] = {}
    for node in tree.iter():
        if not isinstance(node.tag, str) or node.tag == "a" or (node.tag in _PARTS and mostly_link(node)):
            continue
        runs = [node.text or "", *((child.tail or "") for child in node)]
        length = sum(len(run) for text in runs if len(run := " ".join(text.split())) > RUN)
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


def _trimmed(blocks: list[Block]) -> list[Block]:
    """Without the headings that no paragraph follows: lists of other stories at the page's end."""
    while blocks and blocks[-1].kind == "h":
        blocks = blocks[:-1]
    return blocks
