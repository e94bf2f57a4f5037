"""Clusters of a few articles, and the link of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Cluster, Pairs, explain_cluster, merge_pairs
from digest.curate.similarity.score import ArticleSimilarity, in_fixed_order
from digest.models import Article


def cluster(
    articles: Sequence[Article],
    rules: Rules,
    *,
    weights: Mapping[str, float] | None = None,
    background: Sequence[Article] = (),
) -> tuple[Cluster, ...]:
    """Put every article into exactly one cluster, with all links explained."""
    pairs = Pairs.build(in_fixed_order(articles), rules, background)
    return tuple(explain_cluster(each, pairs) for each in merge_pairs(pairs, weights))


def compare_pair(a: Article, b: Article, *, background: Sequence[Article] = ()) -> ArticleSimilarity:
    """Explain how similar two articles are. A background of other articles makes the score more exact."""
    return Pairs.build([a, b], Rules(), background).explained_link(0, 1)
