"""Remove boilerplate from a page: navigation, forms, captions, standfirsts, and boxes with the name of boilerplate.

If this removes the article too, the text comes from JSON-LD or trafilatura.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

# Rules for single sites. Add a row together with a saved page that fails without it.

# BBC pages have other stories in the middle of the text, in a section whose class names are hashes.
_BBC = ("//*[@data-e2e='recommendations-heading']",)

# XPaths of elements to remove, by host without `www.` and `m.`. A rule applies to subdomains too.
SITE_RULES: dict[str, tuple[str, ...]] = {"bbc.com": _BBC, "bbc.co.uk": _BBC}


def elements_to_remove(url: str | None) -> tuple[str, ...]:
    """Return the XPaths of what to remove from a page of this host before reading it.

    The longest matching host name wins.
    """
    host = (urlsplit(url).hostname or "").lower() if url and "://" in url else ""
    while host:
        if host in SITE_RULES:
            return SITE_RULES[host]
        host = host.partition(".")[2]
    return ()


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

# Elements that are never removed, whatever their attributes say.
_PAGE = frozenset({"html", "body", "main"})

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
    for node in tree.xpath(_BOILERPLATE):
        if node.getparent() is not None and node.tag not in _PAGE:
            node.drop_tree()
    for node in tree.xpath("//body//*[@class or @id]"):
        if node.getparent() is not None and node.tag not in _PAGE and _has_boilerplate_name(node):
            node.drop_tree()


def is_mostly_link(node: Any) -> bool:
    """Whether more than six in ten characters are links: a pointer to another story."""
    length = len("".join(node.itertext()).strip())
    return length > 0 and sum(len("".join(link.itertext())) for link in node.iter("a")) > 0.6 * length


def _has_boilerplate_name(node: Any) -> bool:
    names = _CAMEL_CASE.sub(r"\1-\2", f"{node.get('class') or ''} {node.get('id') or ''}"[:400]).lower()
    if _BOILERPLATE_NAME.search(names):
        return True
    return _STANDFIRST.search(names) is not None and len("".join(node.itertext())) <= 2 * MIN_ARTICLE
