"""Split and merge stories by editors' changes, after clustering, each time the edition is composed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from digest.curate.editorial import Changes
from digest.curate.similarity.clustering import Cluster, representative_first


def regroup(clusters: Sequence[Cluster], changes: Changes, weights: Mapping[str, float]) -> tuple[Cluster, ...]:
    """Return the clusters with split articles separate, and merged ones as one.

    Unknown ids and URLs are ignored: the article is too old now, or was deleted.
    """
    apart = set(changes.split)
    parts = [part for cluster in clusters for part in _split(cluster, apart, weights)]
    for group in changes.merged:
        parts = _merged(parts, group)
    return tuple(parts)


def _split(cluster: Cluster, apart: Collection[str], weights: Mapping[str, float]) -> list[Cluster]:
    rest = tuple(each for each in cluster.articles if not {each.id, each.url} & set(apart))
    if len(rest) == len(cluster.articles):
        return [cluster]
    alone = [Cluster((each,)) for each in cluster.articles if each not in rest]
    if not rest:
        return alone
    first = rest if rest[0] is cluster.first else representative_first(rest, weights)
    return [Cluster(first), *alone]


def _merged(parts: Sequence[Cluster], group: Sequence[str]) -> list[Cluster]:
    """Merge the clusters of a group into the first one, which keeps its representative."""
    order = {name: position for position, name in enumerate(group)}
    belonging = [part for part in parts if part.names & order.keys()]
    if len(belonging) < 2:
        return list(parts)
    belonging.sort(key=lambda part: min(order[name] for name in part.names & order.keys()))
    one = Cluster(tuple(article for part in belonging for article in part.articles))
    return [one if part is belonging[0] else part for part in parts if part is belonging[0] or part not in belonging]
