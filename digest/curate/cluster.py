"""Which articles tell the same event: scored pairs, average-link merging, and why.

Ranks nothing and chooses nothing of what is published. What makes two articles alike is `pairs`' to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from digest.curate.likeness import Link
from digest.curate.linkage import average_link
from digest.curate.memo import Memo
from digest.curate.pairs import Pairs
from digest.curate.rules import Rules
from digest.models import Article

__all__ = ["Cluster", "Link", "Pairs", "cluster", "group"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The articles of one story, representative first; links among them; links to related ones outside."""

    articles: tuple[Article, ...]
    links: tuple[Link, ...] = ()
    related: tuple[Link, ...] = ()


def cluster(
    articles: Sequence[Article],
    rules: Rules,
    *,
    weights: Mapping[str, float] | None = None,
    background: Sequence[Article] = (),
) -> tuple[Cluster, ...]:
    """Every article in exactly one cluster, in a fixed order whatever the order of the input, links explained.

    `weights` (source → weight) choose the representative; `background` are older articles that only teach how
    common a stem is and which titles repeat.
    """
    pairs = prepare(articles, rules, background=background)
    return tuple(explained(each, pairs) for each in group(pairs, weights))


def prepare(
    articles: Sequence[Article], rules: Rules, *, background: Sequence[Article] = (), memo: Memo | None = None
) -> Pairs:
    """The pairs of the articles in their fixed order; `memo` holds what an earlier run has counted."""
    articles = sorted({article.id: article for article in articles}.values(), key=lambda a: (a.published, a.id))
    known = {article.id for article in articles}
    older = sorted((article for article in background if article.id not in known), key=lambda a: a.id)
    return Pairs(articles, rules, older, memo)


def group(pairs: Pairs, weights: Mapping[str, float] | None = None) -> tuple[Cluster, ...]:
    """The clusters, without links yet (see `explained`)."""
    articles, scores = pairs.articles, pairs.scores
    barred = {(i, j) for (i, j), score in scores.items() if pairs.bar(i, j, score)}
    strong = {pair: score for pair, score in scores.items() if pair not in barred}
    groups = average_link(len(articles), strong, barred, pairs.rules.merge, apart=pairs.apart)
    return tuple(
        Cluster(representative_first([articles[member] for member in members], weights or {})) for members in groups
    )


def explained(each: Cluster, pairs: Pairs, *, related: int | None = None) -> Cluster:
    """The cluster with its links and the words shared; costly, so for what is shown only. `related`: at most so many
    links to articles outside."""
    members = {pairs.places[article.id] for article in each.articles}
    inside: set[tuple[int, int]] = set()
    outside: set[tuple[int, int]] = set()
    for i in members:
        for j in pairs.near.get(i, ()):
            (inside if j in members else outside).add((min(i, j), max(i, j)))

    def told(found: Sequence[tuple[int, int]]) -> tuple[Link, ...]:
        return tuple(pairs.explained(i, j, pairs.link(i, j)) for i, j in found)

    return replace(each, links=told(sorted(inside)), related=told(sorted(outside)[:related]))


def representative_first(group: Sequence[Article], weights: Mapping[str, float]) -> tuple[Article, ...]:
    """The longest body among the two weightiest sources, then the earliest; the others as given."""
    if len(group) == 1:
        return tuple(group)
    sources = sorted({a.source for a in group}, key=lambda name: (-weights.get(name, 1.0), name))
    levels = sorted({weights.get(name, 1.0) for name in sources}, reverse=True)[:2]
    first = min(
        (a for a in group if weights.get(a.source, 1.0) in levels),
        key=lambda a: ("\ufffd" in a.text, -len(a.text), a.published, a.id),
    )
    return (first, *(a for a in group if a is not first))
