"""Find the feed that a web page names (https://www.rssboard.org/rss-autodiscovery)."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from digest.collect.markup import html_tree

# Characters of a page that are searched. Feeds are named in its head, or in its first or last lines.
MAX_SEARCHED = 500_000

_TAIL = 100_000
_FEED_TYPE = re.compile(r"application/(?:(?:rss|atom|rdf)\+xml|feed\+json)", re.I)
_VAGUE_TYPE = re.compile(r"(?:text|application)/(?:xml|json)\s*(?:;|$)", re.I)
_FEED_NAME = re.compile(
    r"(?:/feed/?|\.(?:rss|atom)|/(?:rss|feed|atom)[^/]{0,30}\.(?:xml|json|php|cms|aspx)|/feeds/posts/default/?)$", re.I
)
_COMMENTS = re.compile(r"comments?(?![a-z])|replies|टिप्पणि|टिप्पणी|कमेंट", re.I)
_ARTICLE = re.compile(r"og:type[\"']?\s{1,9}content\s{0,9}=\s{0,9}[\"']?article", re.I)


def feed_link(page: str, url: str | None = None) -> str | None:
    """Return the feed that a web page names, as written or relative to its `<base>`; None if it names none.

    Prefers the first feed that is not of comments, and the own feed of the section at `url`.
    """
    named: list[tuple[str, str]] = []
    shown: list[str] = []
    base = None
    for tag, attributes in _tags(page):
        href, kind = attributes.get("href", "").strip(), attributes.get("type", "").strip()
        if not href:
            continue
        if tag == "base":
            base = base or href
        elif tag == "link":
            rel = attributes.get("rel", "").lower().split()
            path = href.partition("?")[0].partition("#")[0]
            vague = bool(_VAGUE_TYPE.match(kind) and _FEED_NAME.search(path))
            if ("alternate" in rel or "feed" in rel) and (_FEED_TYPE.match(kind) or vague):
                named.append((href, attributes.get("title", "")))
        elif _FEED_TYPE.match(kind) or _FEED_NAME.search(href.partition("?")[0].partition("#")[0]):
            shown.append(href)
    news = [href for href, title in named if not _COMMENTS.search(f"{href} {title}")]
    others = [*news, *(href for href in shown if not _COMMENTS.search(href))]
    chosen = _own(news, url, page) or next(iter(others), None)
    return _join_url(base, chosen) if chosen else None


def _own(feeds: list[str], url: str | None, page: str) -> str | None:
    """Return the feed below a section's page. An article's own feed has its comments and does not count."""
    path = urlsplit(url).path.rstrip("/") if url else ""
    if not path or _ARTICLE.search(page[:MAX_SEARCHED]):
        return None
    return next((href for href in feeds if urlsplit(_join_url(url, href)).path.startswith(f"{path}/")), None)


def _tags(page: str) -> list[tuple[str, dict[str, str]]]:
    """Return the links in a page's head and at the ends of its body, without those in comments."""
    if len(page) > MAX_SEARCHED + _TAIL:
        page = f"{page[:MAX_SEARCHED]}\n{page[-_TAIL:]}"
    tree = html_tree(page)
    return [] if tree is None else [(node.tag, dict(node.attrib)) for node in tree.iter("link", "a", "base")]


def _join_url(base: str | None, href: str) -> str:
    try:
        return urljoin(base, href) if base else href
    except ValueError:
        return href
