"""Read the article that a page describes in JSON-LD (schema.org NewsArticle and similar types)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from digest.collect.markup import plain

_ARTICLE_TYPES = frozenset(
    {"NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "LiveBlogPosting", "AnalysisNewsArticle"}
    | {"OpinionNewsArticle", "BackgroundNewsArticle", "ReviewNewsArticle", "ImageGallery", "MediaGallery"}
)

# Limits for hostile pages: scripts of a page, characters of a script, levels and list entries in it.
_MAX_SCRIPTS = 30
_MAX_SCRIPT = 1_000_000
_MAX_DEPTH = 6
_MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class JsonLdArticle:
    """What the page says about its article; '' where it says nothing. `body` may be HTML."""

    headline: str = ""
    published: str = ""
    modified: str = ""
    author: str = ""
    section: str = ""
    url: str = ""
    body: str = ""
    image: str = ""


def read_jsonld(scripts: Sequence[str]) -> JsonLdArticle:
    """The first article in a page's JSON-LD scripts. Scripts that are not valid JSON are skipped."""
    for script in scripts[:_MAX_SCRIPTS]:
        try:
            # Line breaks inside strings are common, and only a lenient parser accepts them.
            document = json.loads(script[:_MAX_SCRIPT].strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        for article in _articles(document, 0):
            return _read_article(article)
    return JsonLdArticle()


def _articles(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, list):
        for entry in node[:_MAX_ENTRIES]:
            yield from _articles(entry, depth + 1)
    elif isinstance(node, dict):
        types = node.get("@type")
        if _ARTICLE_TYPES & {str(name) for name in (types if isinstance(types, list) else [types])}:
            yield node
            return
        for name in ("@graph", "mainEntity"):
            yield from _articles(node.get(name), depth + 1)


def _read_article(article: dict[str, Any]) -> JsonLdArticle:
    return JsonLdArticle(
        headline=plain(_text(article.get("headline")) or _text(article.get("name"))),
        published=_text(article.get("datePublished")),
        modified=_text(article.get("dateModified")),
        author=_author_names(article.get("author")),
        section=plain(_text(article.get("articleSection"))),
        url=_text(article.get("url")) or _text(article.get("mainEntityOfPage")),
        body=_text(article.get("articleBody")),
        image=_image_url(article.get("image")) or _image_url(article.get("thumbnailUrl")),
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("@id") or value.get("name") or ""
    return value.strip() if isinstance(value, str) else ""


def _image_url(value: Any) -> str:
    """The URL of the first image: a string, an ImageObject, or a list of either."""
    image = (value[0] if value else "") if isinstance(value, list) else value
    return _text(image.get("url") or image.get("contentUrl")) if isinstance(image, dict) else _text(image)


def _author_names(value: Any) -> str:
    people = value if isinstance(value, list) else [value]
    names = (plain(_text(one.get("name", "") if isinstance(one, dict) else one)) for one in people[:10])
    return ", ".join(name for name in names if name)[:200]
