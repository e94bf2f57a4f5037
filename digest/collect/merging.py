"""The documents that an index leads to, as one result. Pure; which are read, reading.py decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digest.collect.parsed import Parsed
from digest.models import Article

MOST_ARTICLES = 1_000
"""Articles that an index's documents may give together; a feed alone gives no more either."""


def merged(index: Parsed, children: Sequence[Parsed]) -> Parsed:
    """One result; where some documents have titles, links of others are left out, as they name the same pages."""
    titled = [child for child in children if not child.links_only]
    taken = titled or children
    articles: dict[str, Article] = {article.id: article for article in index.articles}
    seen = 0
    for child in taken:
        for article in child.articles:
            seen += 1
            articles.setdefault(article.id, article)
    newest = sorted(articles.values(), key=lambda article: article.published, reverse=True)[:MOST_ARTICLES]
    warnings = [warning for child in taken for warning in child.warnings]
    return replace(
        index,
        kind=taken[0].kind if taken else index.kind,
        articles=tuple(newest),
        lost=index.lost + sum(child.lost for child in taken) + len(articles) - len(newest),
        warnings=tuple(dict.fromkeys((*index.warnings, *warnings))),
        error="",
        duplicates=index.duplicates + sum(child.duplicates for child in taken) + seen - len(articles),
        links_only=not titled and bool(children),
        further=(),
    )
