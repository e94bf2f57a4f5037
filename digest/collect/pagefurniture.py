"""Takes out of a page what stands round its article: menus, cards of other stories, comments, bars for sharing.

By tags, by what classes and ids are called, and by shape where classes are hashes: cards in a row, each with a
linked picture or headline. Nothing that holds most of the running text is ever taken out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

ENOUGH = 200
"""Characters of text by which a container counts as the article."""

RUN = 60
"""Characters; a text shorter than this is a label, a link or a button."""

_TAGS = (
    "//nav|//footer|//aside|//header[not(ancestor::article)]|//form|//figcaption|//script|//style|//noscript"
    "|//template|//*[@hidden]|//*[@aria-hidden='true']|//*[@role='navigation']|//*[@role='complementary']"
)
_MAY_HOLD = frozenset({"header", "form", "aside", "nav"})
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:related(?:[_-]?(?:posts?|news|stor(?:y|ies)|articles?))?|recommended|recommendations?|trending"
    r"|also[_-]?read|read[_-]?(?:also|more|next)|most[_-]?(?:read|popular)|popular[_-]?posts?|sidebar|comments?|disqus"
    r"|newsletter|subscribe|sharing|share|social|sharedaddy|taboola|outbrain|cookies?|consent|breadcrumbs?"
    r"|author[_-]?(?:bio|box)|advert(?:isement)?|ads?|sponsored|paywall|print-only)(?=$|[\s_-])"
)
_CARDS = frozenset({"div", "li", "article", "section", "a", "td"})
_CARD_TEXT = 220
"""Characters of a card beside its links: one sentence that teases."""
_LEAST_CARDS = 3


def strip_furniture(tree: Any) -> None:
    """Changes the tree: what belongs to no article is dropped from it."""
    whole = running(tree)
    for node in tree.xpath(_TAGS):
        if node.getparent() is None or node.tag in ("body", "html"):
            continue
        # a `<header>` that is never closed and a `<form>` round the whole page hold the article itself
        if not (node.tag in _MAY_HOLD and running(node) > max(ENOUGH, 0.5 * whole)):
            node.drop_tree()
    _drop_cards(tree)
    whole = running(tree)
    for node in tree.xpath("//body//*[@class or @id]"):
        named = f"{node.get('class') or ''} {node.get('id') or ''}".lower()
        if _NAMED.search(named) and node.getparent() is not None and not _holds(node, whole):
            node.drop_tree()


def running(node: Any) -> int:
    """Characters of the paragraphs below a node that are more than labels."""
    texts = (" ".join("".join(part.itertext()).split()) for part in node.iter("p"))
    return sum(len(text) for text in texts if len(text) > RUN)


def mostly_link(node: Any) -> bool:
    """Whether more than six letters in ten below a node are links: a pointer to another story."""
    whole = len("".join(node.itertext()).strip())
    return whole > 0 and sum(len("".join(link.itertext())) for link in node.iter("a")) > 0.6 * whole


def _holds(node: Any, whole: int) -> bool:
    """Whether a node can't be furniture, whatever its class says."""
    if node.tag in ("body", "html", "main") or node.get("itemprop") == "articleBody":
        return True
    return running(node) > max(ENOUGH, 0.5 * whole) or bool(node.xpath(".//h1|.//*[@itemprop='articleBody']"))


def _drop_cards(tree: Any) -> None:
    """Three and more cards of one shape under one parent are a list of other stories."""
    rows: defaultdict[tuple[Any, str, str], list[Any]] = defaultdict(list)
    for node in tree.iter(*_CARDS):
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
