"""What a page states about its article in JSON-LD (schema.org NewsArticle and its like). Reads JSON only.

Much of it is no JSON: commas too many, comments, entities for quotation marks. What can't be mended is searched
for its strings. A page may state other articles than its own; which is its own is told by address and headline.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from digest.collect.cleaning.identity import canonical_url
from digest.collect.markup import plain
from digest.hindi.text import fold
from digest.hindi.tokens import stems

_TYPES = frozenset(
    {"NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "LiveBlogPosting", "AnalysisNewsArticle"}
    | {"OpinionNewsArticle", "BackgroundNewsArticle", "ReviewNewsArticle", "ImageGallery", "MediaGallery"}
)
_DEEPEST = 6
_MOST = 30
_LONGEST = 1_000_000
_ALIKE = 0.5
"""Share of the shorter headline's stems by which two headlines are of one article."""

_COMMENT = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|<!\[CDATA\[|/\*)|(?:-->|//\]\]>|\]\]>|\*/)\s*;?\s*$")
_TRAILING = re.compile(r",(?=\s{0,200}[}\]])")
_STRING = re.compile(
    r'"(@type|headline|datePublished|dateModified|articleBody|articleSection)"\s{0,20}:\s{0,20}"((?:[^"\\]|\\.)*+)"',
    re.S,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """The article's own statements; '' where it makes none. `body` may hold HTML."""

    headline: str = ""
    published: str = ""
    modified: str = ""
    author: str = ""
    section: str = ""
    url: str = ""
    body: str = ""
    image: str = ""


def stated(scripts: list[str], *, titles: Iterable[str] = (), address: str = "") -> Stated:
    """The page's article among its JSON-LD scripts; broken scripts are mended or passed over.

    `titles` are the page's headlines, `address` its own: the article that bears one of them is taken, else the first
    that contradicts neither.
    """
    found = [_of(article) for script in scripts[:_MOST] for article in _articles(_parsed(script), 0)][:_MOST]
    known = [title for title in titles if title]
    for one in found:
        if _is_at(one, address) or any(_alike(one.headline, title) for title in known):
            return one
    return next((one for one in found if not (address and one.url and known and one.headline)), Stated())


def _is_at(one: Stated, address: str) -> bool:
    return bool(address and one.url) and canonical_url(one.url) == canonical_url(address)


def _alike(one: str, other: str) -> bool:
    if fold(one) and (fold(one) in fold(other) or fold(other) in fold(one)):
        return True
    ours, theirs = set(stems(one)), set(stems(other))
    return len(ours & theirs) >= max(2, _ALIKE * min(len(ours), len(theirs)))


def _parsed(script: str) -> Any:
    """The document of a script, mended where it is no JSON; None when nothing can be made of it."""
    text = script[:_LONGEST].strip()
    for mended in (str, _mended, _unescaped):
        try:
            # strict=False: raw newlines inside strings are common
            return json.loads(mended(text.rstrip(";")), strict=False)
        except (ValueError, RecursionError):
            continue
    return _strings(text)


def _mended(text: str) -> str:
    for _ in range(2):
        text = _COMMENT.sub("", text)
    return _TRAILING.sub("", text.strip().rstrip(";"))


def _unescaped(text: str) -> str:
    return _mended(html.unescape(text))


def _strings(text: str) -> dict[str, str] | None:
    """The strings that a broken script still names, when it speaks of an article."""
    found: dict[str, str] = {}
    for match in _STRING.finditer(text):
        if match[1] == "@type":
            found["@type"] = match[2] if match[2] in _TYPES else found.get("@type", "")
        elif match[2]:
            found.setdefault(match[1], match[2].replace('\\"', '"').replace("\\/", "/").replace("\\n", "\n"))
    return found if found.get("@type") and found.get("headline") else None


def _articles(node: Any, depth: int) -> list[dict[str, Any]]:
    if depth > _DEEPEST:
        return []
    if isinstance(node, list):
        return [found for one in node[:50] for found in _articles(one, depth + 1)]
    if not isinstance(node, dict):
        return []
    kinds = node.get("@type")
    if _TYPES & {str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])}:
        return [node]
    return [found for name in ("@graph", "mainEntity") for found in _articles(node.get(name), depth + 1)]


def _of(article: dict[str, Any]) -> Stated:
    return Stated(
        headline=plain(_text(article.get("headline")) or _text(article.get("name"))),
        published=_text(article.get("datePublished")),
        modified=_text(article.get("dateModified")),
        author=_names(article.get("author")),
        section=plain(_text(article.get("articleSection"))),
        url=_text(article.get("url")) or _text(article.get("mainEntityOfPage")),
        body=_text(article.get("articleBody")),
        image=_picture(article.get("image")) or _picture(article.get("thumbnailUrl")),
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("@id") or value.get("name") or ""
    return value.strip() if isinstance(value, str) else ""


def _picture(value: Any) -> str:
    """The address of the first picture, which may be a string, an ImageObject, or a list of either."""
    first = (value[0] if value else "") if isinstance(value, list) else value
    return _text(first.get("url") or first.get("contentUrl")) if isinstance(first, dict) else _text(first)


def _names(value: Any) -> str:
    people = value if isinstance(value, list) else [value]
    return ", ".join(name for one in people[:10] if (name := plain(_text(_named(one)))))[:200]


def _named(person: Any) -> Any:
    return person.get("name", "") if isinstance(person, dict) else person
