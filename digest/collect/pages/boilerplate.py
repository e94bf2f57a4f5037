"""Remove boilerplate from a page: navigation, forms, captions, standfirsts and hidden elements.

A form, header or other container with most of the page's text is never removed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

# Characters of text from which a container counts as the article.
MIN_ARTICLE = 200

# A shorter text is a label, a link or a button.
MIN_SENTENCE = 60

_BOILERPLATE = (
    "//nav|//footer|//aside|//header[not(ancestor::article)]|//form|//figcaption|//script|//style|//noscript"
    "|//template|//dialog|//*[@hidden]|//*[@aria-hidden='true']|//*[@role='navigation']|//*[@role='complementary']"
    "|//figure[.//img and not(.//table)]//p|//blockquote[@placeholder]|//amp-ad|//amp-embed|//amp-sidebar|//amp-list"
    "|//amp-user-notification|//amp-consent|//amp-social-share"
)

# An unclosed `<header>`, or a `<form>` around the whole page, contains the article.
_MAY_CONTAIN_ARTICLE = frozenset({"header", "form", "aside", "nav", "p"})

# Class names and ids of boilerplate, in lower case and with hyphens for camel case.
_BOILERPLATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:related(?:[_-]?(?:posts?|news|stor(?:y|ies)|articles?|topics?))?|recommend(?:ed|ations?)?|trending"
    r"|also[_-]?read|read[_-]?(?:also|more|next)|most[_-]?(?:read|popular)|popular[_-]?posts?|latest[_-]?news|sidebar"
    r"|comments?|disqus|newsletter|sign[_-]?up|subscribe|subscription|sharing|share|social|sharedaddy|follow[_-]?us"
    r"|taboola|outbrain|cookies?|consent|breadcrumbs?|author[_-]?(?:bio|box|card|profile|info)|byline"
    r"|(?:post|entry|article)[_-]?meta|advert(?:isement)?s?|ads?|sponsored|promo|tags|embed(?:ded|code)?)(?=$|[\s_-])"
)

# The sentence under the headline: it is the article's excerpt, and the body repeats it.
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:summar(?:y|ies)|summery|smry|synopsis|standfirst|excerpt|sub[_-]?title|sub[_-]?head(?:line)?|dek|descp)"
    r"(?=$|[\s_-])"
)
_CAMEL_CASE = re.compile("([a-z])([A-Z])")


def remove_boilerplate(tree: Any) -> None:
    """Remove from the tree what is not part of the article."""
    lengths = _text_lengths(tree)
    most = max(MIN_ARTICLE, 0.5 * lengths.get(tree, 0))
    for node in tree.xpath(_BOILERPLATE):
        if node.getparent() is None or node.tag in ("body", "html"):
            continue
        if node.tag not in _MAY_CONTAIN_ARTICLE or lengths.get(node, 0) <= most:
            node.drop_tree()
        elif node.tag == "form":
            # Forms are dropped when text is taken out of markup.
            node.tag = "div"
    for node in tree.xpath("//body//*[@class or @id]"):
        if node.getparent() is not None and lengths.get(node, 0) <= most and _has_boilerplate_name(node):
            node.drop_tree()


def is_mostly_link(node: Any) -> bool:
    """Whether more than six in ten characters are links: a pointer to another story."""
    length = len("".join(node.itertext()).strip())
    return length > 0 and sum(len("".join(link.itertext())) for link in node.iter("a")) > 0.6 * length


def _text_lengths(tree: Any) -> dict[Any, int]:
    """Characters of running text in each element that has any, counted in one walk."""
    lengths: dict[Any, int] = defaultdict(int)
    for node in tree.iter():
        if isinstance(node.tag, str) and (length := _own_length(node)):
            for element in (node, *node.iterancestors()):
                lengths[element] += length
    return lengths


def _own_length(node: Any) -> int:
    """Characters of running text directly in the node. Links count for nothing: they belong to other stories."""
    if node.tag in ("a", "script", "style", "noscript", "template"):
        return 0
    if node.tag == "p":
        # A sentence with words in bold or with a link is one run of text.
        length = len(" ".join("".join(node.itertext()).split()))
        return length if length > MIN_SENTENCE else 0
    if node.getparent() is not None and next(node.iterancestors("p"), None) is not None:
        return 0
    runs = (" ".join(run.split()) for run in (node.text or "", *((child.tail or "") for child in node)))
    return sum(len(run) for run in runs if len(run) > MIN_SENTENCE)


def _has_boilerplate_name(node: Any) -> bool:
    names = _CAMEL_CASE.sub(r"\1-\2", f"{node.get('class') or ''} {node.get('id') or ''}"[:400]).lower()
    if node.tag not in ("body", "main") and _BOILERPLATE_NAME.search(names):
        return True
    return _STANDFIRST.search(names) is not None and len("".join(node.itertext())) <= 2 * MIN_ARTICLE
