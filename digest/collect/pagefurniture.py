"""Takes out of a page what stands round its article: menus, cards of other stories, comments, bars for sharing.

By tags, by what classes and ids are called, by the label that a box begins with, and by shape where classes are
hashes: cards in a row, each with a linked picture or headline. Nothing that holds most of the running text is ever
taken out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice
from typing import Any

from digest.collect.pagelabels import CAPTION, LONGEST_LABEL, NAMED, STANDFIRST, is_label

ENOUGH = 200
"""Characters of text by which a container counts as the article."""

RUN = 60
"""Characters; a text shorter than this is a label, a link or a button."""

_TAGS = (
    "//nav|//footer|//aside|//header[not(ancestor::article)]|//form|//figcaption|//script|//style|//noscript"
    "|//template|//dialog|//*[@hidden]|//*[@aria-hidden='true']|//*[@role='navigation']|//*[@role='complementary']"
    "|//figure[.//img and not(.//table)]//p|//blockquote[@placeholder]|//amp-ad|//amp-embed|//amp-sidebar|//amp-list"
    "|//amp-user-notification|//amp-consent|//amp-social-share"
)
_MAY_HOLD = frozenset({"header", "form", "aside", "nav", "p"})
_CAMEL = re.compile("([a-z])([A-Z])")
_CARDS = frozenset({"div", "li", "article", "section", "a", "td"})
_CARD_TEXT = 220
"""Characters of a card beside its links: one sentence that teases."""
_LEAST_CARDS = 3
_LEAST_HEADING, _LONGEST_HEADING = 12, 90
_MOST_BOXES = 20_000
"""Elements that are looked at as cards or labels: pages of news have some 3,000, hostile ones a million."""

_LABELLED = ("h2", "h3", "h4", "h5", "h6", "strong", "b", "span", "p", "div", "summary")
_BOXES = frozenset(
    {"div", "section", "ul", "ol", "li", "p", "figure", "details", "blockquote", "table", "tbody", "tr", "td"}
)


class Texts:
    """How much running text each element of a tree holds, and which hold a headline: counted once, in one walk."""

    def __init__(self, tree: Any) -> None:
        self._lengths: dict[Any, int] = defaultdict(int)
        self._heads: set[Any] = set()
        for node in tree.iter():
            if not isinstance(node.tag, str):
                continue
            if node.tag == "h1" or node.get("itemprop") == "articleBody":
                self._heads.update((node, *node.iterancestors()))
            length = _own_length(node)
            if length:
                self._lengths[node] += length
                for holder in node.iterancestors():
                    self._lengths[holder] += length
        self.whole = self._lengths.get(tree, 0)

    def held(self, node: Any) -> int:
        """Characters of running text below a node."""
        return self._lengths.get(node, 0)

    def holds(self, node: Any) -> bool:
        """Whether a node can't be furniture, whatever it is called."""
        if node.tag in ("body", "html", "main") or node in self._heads:
            return True
        return self.held(node) > max(ENOUGH, 0.5 * self.whole)


def strip_furniture(tree: Any) -> None:
    """Changes the tree: what belongs to no article is dropped from it."""
    texts = Texts(tree)
    for node in tree.xpath(_TAGS):
        if node.getparent() is None or node.tag in ("body", "html"):
            continue
        # a `<header>` that is never closed and a `<form>` round the whole page hold the article itself
        if not (node.tag in _MAY_HOLD and texts.held(node) > max(ENOUGH, 0.5 * texts.whole)):
            node.drop_tree()
        elif node.tag == "form":
            node.tag = "div"
    _drop_cards(tree)
    texts = Texts(tree)
    for node in tree.xpath("//body//*[@class or @id]"):
        if node.getparent() is not None and _is_named(node) and not texts.holds(node):
            node.drop_tree()
    _drop_labelled(tree, texts)


def mark_headings(tree: Any) -> None:
    """Makes `<h4>` of words in bold that are a line of their own between line breaks: sub-headings of old pages."""
    for node in list(islice(tree.iter("b", "strong"), _MOST_BOXES)):
        parent = node.getparent()
        if parent is None or parent.tag not in ("div", "td", "span", "font", "section", "article") or len(node) > 1:
            continue
        before, after = node.getprevious(), node.getnext()
        opened = not (parent.text or "").strip() if before is None else _ends_line(before)
        closed = not (node.tail or "").strip() and (after is None or after.tag in ("br", "p", "div"))
        if opened and closed and _LEAST_HEADING <= len(" ".join("".join(node.itertext()).split())) <= _LONGEST_HEADING:
            node.tag = "h4"


def _ends_line(node: Any) -> bool:
    return node.tag in ("br", "p", "div") and not (node.tail or "").strip()


def mostly_link(node: Any) -> bool:
    """Whether more than six letters in ten below a node are links: a pointer to another story."""
    whole = len("".join(node.itertext()).strip())
    return whole > 0 and sum(len("".join(link.itertext())) for link in node.iter("a")) > 0.6 * whole


def _own_length(node: Any) -> int:
    """Characters of the running text that stands in the node itself; a link's is another story's."""
    if node.tag in ("a", "script", "style", "noscript", "template"):
        return 0
    if node.tag == "p":  # a sentence with words in bold or linked is one run
        length = len(" ".join("".join(node.itertext()).split()))
        return length if length > RUN else 0
    if node.getparent() is not None and next(node.iterancestors("p"), None) is not None:
        return 0
    runs = (" ".join(run.split()) for run in (node.text or "", *((child.tail or "") for child in node)))
    return sum(len(run) for run in runs if len(run) > RUN)


def _is_named(node: Any) -> bool:
    named = _CAMEL.sub(r"\1-\2", f"{node.get('class') or ''} {node.get('id') or ''}"[:400]).lower()
    if NAMED.search(named):
        return True
    if CAPTION.search(named):
        return next(node.iter("img", "amp-img"), None) is None
    return STANDFIRST.search(named) is not None and len("".join(node.itertext())) <= 2 * ENOUGH


def _drop_labelled(tree: Any, texts: Texts) -> None:
    """Boxes that begin with a label (`ये भी पढ़ें`, `Trending`), as far out as nothing stands before it."""
    for node in list(islice(tree.iter(*_LABELLED), _MOST_BOXES)):
        if node.getparent() is None or len(node) > 3 or len(node.text or "") > 2 * LONGEST_LABEL:
            continue
        if not is_label(" ".join("".join(node.itertext()).split())):
            continue
        box = node
        while (parent := box.getparent()) is not None and parent.tag in _BOXES and not texts.holds(parent):
            if (parent.text or "").strip() or any(_shows(one) for one in box.itersiblings(preceding=True)):
                break
            box = parent
        if (box is not node or node.tag == "p") and box.getparent() is not None:
            box.drop_tree()


def _shows(node: Any) -> bool:
    if (node.tail or "").strip():
        return True
    return isinstance(node.tag, str) and any(text.strip() for text in node.itertext())  # a comment has none


def _drop_cards(tree: Any) -> None:
    """Three and more cards of one shape under one parent are a list of other stories."""
    rows: defaultdict[tuple[Any, str, str], list[Any]] = defaultdict(list)
    for node in islice(tree.iter(*_CARDS), _MOST_BOXES):
        if node.getparent() is not None and _is_card(node):
            rows[node.getparent(), node.tag, node.get("class") or ""].append(node)
    for cards in rows.values():
        if len(cards) >= _LEAST_CARDS:
            for card in cards:
                if card.getparent() is not None:
                    card.drop_tree()


def _is_card(node: Any) -> bool:
    """Whether a node is a linked picture or headline with a sentence at most beside it."""
    links = [node] if node.tag == "a" else node.xpath(".//a[@href and not(starts-with(@href, '#'))]")
    if not 1 <= len(links) <= 5 or node.xpath("count(.//p)") > 2:
        return False
    shown = any(link.xpath(".//img|.//h2|.//h3|.//h4|.//h5") for link in links) or node.xpath(".//h2/a|.//h3/a|.//h4/a")
    if not shown or node.xpath(".//h1"):
        return False
    whole = len(" ".join("".join(node.itertext()).split()))
    linked = sum(len(" ".join("".join(link.itertext()).split())) for link in links)
    return whole - (0 if node.tag == "a" else linked) <= _CARD_TEXT and whole <= 2 * _CARD_TEXT
