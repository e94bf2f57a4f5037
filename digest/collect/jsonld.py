"""What a page states about its article in JSON-LD (schema.org NewsArticle and its like). Reads JSON only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from digest.collect.markup import plain

_TYPES = frozenset({"NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "LiveBlogPosting"})
_DEEPEST = 6


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


def stated(scripts: list[str]) -> Stated:
    """The first article among a page's JSON-LD scripts; broken scripts are passed over."""
    for script in scripts[:30]:
        try:
            # strict=False: raw newlines inside strings are common
            document = json.loads(script.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        article = _find(document, 0)
        if article is not None:
            return Stated(
                headline=plain(_text(article.get("headline"))),
                published=_text(article.get("datePublished")),
                modified=_text(article.get("dateModified")),
                author=_names(article.get("author")),
                section=plain(_text(article.get("articleSection"))),
                url=_text(article.get("url")) or _text(article.get("mainEntityOfPage")),
                body=_text(article.get("articleBody")),
                image=_picture(article.get("image")),
            )
    return Stated()


def _find(node: Any, depth: int) -> dict[str, Any] | None:
    if depth > _DEEPEST:
        return None
    if isinstance(node, list):
        return next((found for one in node[:50] if (found := _find(one, depth + 1))), None)
    if not isinstance(node, dict):
        return None
    kinds = node.get("@type")
    if _TYPES & {str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])}:
        return node
    return _find(node.get("@graph"), depth + 1)


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
