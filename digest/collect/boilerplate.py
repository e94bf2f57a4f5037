"""Drops what a feed repeats in item after item: furniture no list has. Sees one feed at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from digest.collect.identity import content_hash
from digest.hindi.text import fold
from digest.models import Article

SHARED = 3
"""A paragraph in so many items of one feed is furniture, not news (contest blurbs, LIVE pages)."""

_FRONT = 24


def drop_shared(articles: Sequence[Article]) -> list[Article]:
    """The articles without the blocks that at least three of them have; one that would lose all keeps all."""
    own_fronts = [[fold(block.text[:_FRONT]) for block in article.body] for article in articles]
    fronts = Counter(front for own in own_fronts for front in set(own))
    # what only one article begins with needs no folding; most of a feed is such
    keys = [
        [
            fold(block.text) if fronts[front] >= SHARED else block.text
            for block, front in zip(article.body, own, strict=True)
        ]
        for article, own in zip(articles, own_fronts, strict=True)
    ]
    counts = Counter(key for own in keys for key in set(own))
    result = []
    for article, own in zip(articles, keys, strict=True):
        body = tuple(block for block, key in zip(article.body, own, strict=True) if counts[key] < SHARED)
        if len(body) < len(article.body) and any(block.kind == "p" for block in body):
            article = replace(article, body=body)
            article = replace(article, content_hash=content_hash(article.title, article.text))
        result.append(article)
    return result
