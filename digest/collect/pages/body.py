"""Find the article's text on a page.

The text is in a marked container, or in the element with the most running text. If the page shows none, JSON-LD may
have it. trafilatura's text replaces the result if it is much longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from digest.collect.markup import MAX_BLOCKS, Content, paragraphs, read_html, walk
from digest.collect.pages.boilerplate import MIN_ARTICLE, MIN_SENTENCE, is_mostly_link, remove_boilerplate
from digest.hindi.text import fold
from digest.models import Block

# Containers that pages mark as the article, in the order of trust.
_CONTAINERS = ("//*[@itemprop='articleBody']", "//article", "//main", "//*[@role='main']")
_MAX_CONTAINERS = 5

# Elements that may be scored as the article, and those that are read as a part of its text.
_SCORED = frozenset({"div", "td", "section", "article", "main", "body", "center", "span"})
_PARTS = ("p", "h2", "h3", "h4", "h5", "li", "blockquote", "img")
_SENTENCE_ENDS = ("।", "॥", ".", "?", "!", "”", '"', "’", ":")

# Ancestors that share the score of a run of text, and the share that is passed on at each level.
_SCORED_LEVELS = 4
_SCORE_DECAY = 0.6

# trafilatura's text is used if it is this many times as long. By shorter ones it often brings boilerplate along.
_MUCH_LONGER = 3

# Tags of a page that trafilatura may parse. Article pages have some 5,000, hostile ones a million.
_MAX_TAGS = 50_000

# Blocks among which repetitions are looked for.
_MAX_COMPARED = 200

# Blocks at the front that may be the title.
_FRONT = 6


def page_body(tree: Any, base: str | None, jsonld_body: str, *, page: str, remove: Iterable[str]) -> Content:
    """Return the article's blocks and images. Removes boilerplate from the tree.

    `jsonld_body` is the text from JSON-LD, `page` the whole page, `remove` the XPaths of what to remove first.
    """
    visible = len("".join(tree.itertext()))
    for path in remove:
        for node in tree.xpath(path):
            if node.getparent() is not None:
                node.drop_tree()
    remove_boilerplate(tree)
    content = _find_body(tree, base)
    if text_length(content) < MIN_ARTICLE <= len(jsonld_body):
        content.blocks = read_html(jsonld_body, base).blocks
    content.blocks = _without_repeats(content.blocks)
    # trafilatura takes some 50 ms, and its text cannot be longer than all that the page contains.
    if visible > _MUCH_LONGER * text_length(content):
        other = Content(_trafilatura_blocks(page), content.images)
        if text_length(other) > _MUCH_LONGER * text_length(content):
            return other
    return content


def text_length(content: Content) -> int:
    """Return how many characters the paragraphs have."""
    return sum(len(block.text) for block in content.blocks if block.kind == "p")


def trim(blocks: list[Block], *, title: str) -> list[Block]:
    """Return the blocks without the title and what precedes it, and without headings at the end."""
    start = 0
    for position, block in enumerate(blocks[:_FRONT]):
        if _key(block) == "".join(fold(title).split()):
            start = position + 1
    end = len(blocks)
    while end > start and blocks[end - 1].kind == "h":
        end -= 1
    trimmed = blocks[start:end]
    return trimmed if any(block.kind == "p" for block in trimmed) else blocks


def _find_body(tree: Any, base: str | None) -> Content:
    """Return the first marked container with enough text.

    Pages that load the next stories below have them in later ones.
    """
    for path in _CONTAINERS:
        for node in tree.xpath(path)[:_MAX_CONTAINERS]:
            content = _read_element(node, base)
            if text_length(content) >= MIN_ARTICLE:
                return content
    return _densest(tree, base)


def _densest(tree: Any, base: str | None) -> Content:
    """Return the content of the element with the most running text, counted some levels up."""
    scores: dict[Any, float] = {}
    for node in tree.iter():
        if not isinstance(node.tag, str) or node.tag == "a" or (node.tag in _PARTS and is_mostly_link(node)):
            continue
        runs = (" ".join(text.split()) for text in (node.text or "", *((child.tail or "") for child in node)))
        length = sum(len(run) for run in runs if len(run) > MIN_SENTENCE)
        if not length:
            continue
        weight = 1.0
        for element in [node, *node.iterancestors()][:_SCORED_LEVELS]:
            if element.tag in _SCORED:
                scores[element] = scores.get(element, 0.0) + length * weight
                weight *= _SCORE_DECAY
    return _read_element(max(scores, key=scores.__getitem__), base) if scores else Content()


def _read_element(node: Any, base: str | None) -> Content:
    """Return paragraphs, headings and list items below an element; all text below it if that is much more."""
    parts = Content()
    for part in node.iter(*_PARTS):
        if len(parts.blocks) >= MAX_BLOCKS:
            break
        if (part.tag == "img" or not is_mostly_link(part)) and not _is_inside_part(part) and _is_text(part):
            walk(part, parts, base)
    everything = Content()
    walk(node, everything, base)
    everything.blocks = [block for block in everything.blocks if block.kind == "h" or _is_sentence(block.text)]
    factor = 1.5 if text_length(parts) >= MIN_ARTICLE else 2
    return everything if text_length(everything) > factor * text_length(parts) else parts


def _is_sentence(text: str) -> bool:
    return len(text) > MIN_SENTENCE or text.endswith(_SENTENCE_ENDS)


def _is_inside_part(part: Any) -> bool:
    """Whether a part is inside another that is read whole, or inside a link to another story."""
    for ancestor in part.iterancestors("p", "li", "blockquote", "a"):
        if ancestor.tag == "a":
            # A link that is never closed contains the article itself.
            if part.tag != "img" and len("".join(ancestor.itertext())) <= 2 * MIN_ARTICLE:
                return True
        elif ancestor.tag == "p" or _is_leaf(ancestor):
            return True
    return False


def _is_leaf(part: Any) -> bool:
    return next(part.iter("p", "ul", "ol", "div"), None) is None


def _is_text(part: Any) -> bool:
    """Whether a list item or quotation is text, and not a button or a container of paragraphs."""
    if part.tag not in ("li", "blockquote"):
        return True
    return _is_leaf(part) and _is_sentence(" ".join("".join(part.itertext()).split()))


def _without_repeats(blocks: list[Block]) -> list[Block]:
    """Return the blocks without those that consist of earlier ones: some pages contain the text twice."""
    kept: list[Block] = []
    earlier: list[str] = []
    for block in blocks:
        key = rest = _key(block)
        if len(key) >= MIN_SENTENCE and len(earlier) < _MAX_COMPARED:
            for text in earlier:
                rest = rest.replace(text, "")
            if len(rest) < 0.1 * len(key):
                continue
            earlier.append(key)
        kept.append(block)
    return kept


def _key(block: Block) -> str:
    return "".join(fold(block.text).split())


def _trafilatura_blocks(page: str) -> list[Block]:
    """Return trafilatura's paragraphs of the page; [] if it finds none or fails."""
    # Imported here because it loads slowly and most pages do not need it.
    import trafilatura

    if page.count("<") > _MAX_TAGS:
        return []
    try:
        text = trafilatura.extract(page, include_comments=False, include_tables=False) or ""
    # The library and its parsers raise many kinds of error on broken pages.
    except Exception:
        return []
    lines = (line.removeprefix("- ").strip() for line in text.split("\n"))
    return [block for line in lines if line for block in paragraphs(line)]
