"""Which clusters of the day are up for an edition at all: blocked, dropped and sent ones out, what moved on marked.

Scores and places nothing. Everything left out is counted with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.curate.cluster import Cluster, representative_first
from digest.curate.keywords import blocked_by
from digest.curate.memo import Memo
from digest.curate.rules import Rules
from digest.curate.sent import Before, Past
from digest.models import Article


@dataclass(frozen=True, slots=True)
class Fate:
    """A cluster that is up, and what is known of its having been sent (`before` None: never)."""

    cluster: Cluster
    before: Before | None = None

    @property
    def update(self) -> bool:
        """Whether it was sent and has moved on."""
        return bool(self.before and self.before.why)

    @property
    def reasons(self) -> tuple[str, ...]:
        if self.before is None:
            return ()
        where = ", ".join(self.before.editions)
        return (f"update of {where}: {self.before.why}" if self.before.why else f"sent before in {where}",)


def unblocked(articles: Sequence[Article], rules: Rules, left: Counter[str]) -> list[Article]:
    """The articles without a blocked word; the others counted in `left`."""
    kept = []
    for article in articles:
        if word := blocked_by(article, rules.block):
            left[f"blocked by {word!r}"] += 1
        else:
            kept.append(article)
    return kept


def judge(
    each: Cluster,
    past: Past,
    memo: Memo,
    rules: Rules,
    *,
    series: bool,
    exempt: Collection[str],
    weights: Mapping[str, float],
) -> Fate:
    """The cluster's fate. One that moved on has its new articles first, led by the best of them.

    Clusters of `exempt` sources alone count as never sent: replayed samples are the same ones every day.
    """
    if not past.sent or all(article.source in exempt for article in each.articles):
        return Fate(each)
    before = past.before(each.articles, memo, rules, series=series)
    if before is None or not before.why:
        return Fate(each, before)
    fresh = representative_first(before.fresh, weights)
    ids = {article.id for article in fresh}
    rest = tuple(article for article in each.articles if article.id not in ids)
    return Fate(replace(each, articles=(*fresh, *rest)), before)
